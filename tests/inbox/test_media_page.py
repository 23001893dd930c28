"""A file that somebody sent, at its address: who gets it, how, and how much of it."""

from __future__ import annotations

import pytest
from django.urls import reverse

from inbox.actions.receiving import mark_deleted
from inbox.media.ranges import NotThere, Range, asked_range
from inbox.models import Attachment, MediaFile
from inbox.models.media_file import new_key
from tests.factories import make_attachment, make_held, make_message
from tests.inbox.test_pictures import STRANGE
from tests.pictures import FILM, animation, picture, seen

KEY = "a" * 40


@pytest.fixture
def message(dm_thread, media_folder):
    return make_message(dm_thread, "Look at this")


def address(file: MediaFile) -> str:
    return reverse("inbox:media", args=[file.key])


def body(response) -> bytes:
    return b"".join(response)


# Who gets it (trust A8)


def test_an_agent_of_the_brand_sees_it(desk, message):
    held = make_held(message, picture("JPEG"))
    for file in (held.whole, held.still):
        response = desk.get(address(file))
        assert response.status_code == 200
        assert seen(body(response)).size == (64, 48)


def test_to_others_it_does_not_exist(client, sign_in, message, zoe, olga):
    held = make_held(message, picture())
    for person in (zoe, olga):
        assert sign_in(client, person).get(address(held.whole)).status_code == 404


def test_strangers_are_asked_to_sign_in(client, message):
    response = client.get(address(make_held(message, picture()).whole))
    assert response.status_code == 302
    assert response["Location"].startswith("/sign-in/")


def test_a_role_that_is_taken_away_takes_it_away_at_once(desk, ana, message):
    held = make_held(message, picture())
    assert desk.get(address(held.whole)).status_code == 200
    ana.memberships.all().delete()
    tag = {"If-None-Match": f'"{held.whole.key}"'}
    assert desk.get(address(held.whole), headers=tag).status_code == 404


def test_what_was_deleted_is_gone_before_its_file_is(desk, acme, message, media_folder):
    where = address(make_held(message, picture()).whole)
    mark_deleted(acme, kind="dm", external_id=message.external_id)
    assert desk.get(where).status_code == 404
    assert any(path.is_file() for path in media_folder.rglob("*"))


def test_addresses_can_not_be_guessed(desk, message):
    held = make_held(message, picture())
    assert len({new_key() for _ in range(100)}) == 100
    for key in (KEY, held.whole.key.upper(), held.whole.key[:-1], str(held.whole.pk), "%2e%2e"):
        assert desk.get(f"/media/{key}/").status_code == 404


def test_a_file_that_is_missing_is_a_404(desk, message, media_folder):
    held = make_held(message, picture())
    (media_folder / held.whole.name).unlink()
    assert desk.get(address(held.whole)).status_code == 404


# How


def test_a_picture_says_what_it_is_and_that_nothing_may_run(desk, message):
    held = make_held(message, picture("JPEG"))
    response = desk.get(address(held.whole))
    assert response["Content-Type"] == "image/jpeg"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert response["Cache-Control"] == "private, no-cache"
    assert response["Content-Disposition"] == f'inline; filename="whole-{held.whole.pk}.jpg"'
    assert response["Content-Length"] == str(len(body(response))) == str(held.whole.size)


@pytest.mark.parametrize("content", [one for one in STRANGE.values() if one])
def test_what_is_no_picture_is_saved_and_never_shown(desk, message, content):
    """trust X3"""
    held = make_held(message, content)
    response = desk.get(address(held.whole))
    assert body(response) == content
    assert response["Content-Type"] == "application/octet-stream"
    assert response["Content-Disposition"] == f'attachment; filename="whole-{held.whole.pk}"'
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"


NAMES = ["../../passwd", "a\x00b", "CON", "x" * 300, "\u202egpj.exe", "a.phtml", "a.jpg.html"]


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_no_name_of_a_customers_reaches_us(desk, message, name):
    """trust F5"""
    source = f"https://pbs.twimg.com/media/{name}".replace("\x00", "")
    held = make_held(message, picture(), source_url=source, alt_text=name.replace("\x00", ""))
    told = desk.get(address(held.whole))["Content-Disposition"]
    assert told == f'inline; filename="whole-{held.whole.pk}.png"'


def test_what_a_browser_has_is_not_sent_again(desk, message):
    held = make_held(message, picture())
    tag = desk.get(address(held.whole))["ETag"]
    response = desk.get(address(held.whole), headers={"If-None-Match": tag})
    assert (response.status_code, response.content) == (304, b"")
    assert response["ETag"] == tag
    assert desk.get(address(held.whole), headers={"If-None-Match": '"other"'}).status_code == 200


def test_head_tells_without_sending(desk, message):
    held = make_held(message, FILM, "video")
    response = desk.head(address(held.whole))
    assert response["Content-Length"] == str(len(FILM))
    assert response["Accept-Ranges"] == "bytes"


# How much


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-", 0, len(FILM) - 1),
        ("bytes=0-1", 0, 1),
        ("bytes=100-199", 100, 199),
        ("bytes=-10", len(FILM) - 10, len(FILM) - 1),
        (f"bytes=4000-{10**9}", 4000, len(FILM) - 1),
    ],
)
def test_a_player_gets_the_part_that_it_asks_for(desk, message, asked, first, last):
    held = make_held(message, FILM, "video")
    response = desk.get(address(held.whole), headers={"Range": asked})
    assert response.status_code == 206
    assert body(response) == FILM[first : last + 1]
    assert response["Content-Range"] == f"bytes {first}-{last}/{len(FILM)}"
    assert response["Content-Length"] == str(last - first + 1)
    assert response["Content-Type"] == "video/mp4"


@pytest.mark.parametrize("asked", [f"bytes={len(FILM)}-", "bytes=9999999-10000000", "bytes=-0"])
def test_a_part_that_is_not_there_is_refused(desk, message, asked):
    held = make_held(message, FILM, "video")
    response = desk.get(address(held.whole), headers={"Range": asked})
    assert response.status_code == 416
    assert response["Content-Range"] == f"bytes */{len(FILM)}"


@pytest.mark.parametrize(
    "asked", ["bytes=0-1,5-6", "bytes=", "bytes=-", "bytes=5-2", "lines=1-2", "bytes=a-b", "0-5"]
)
def test_what_is_no_range_is_all_of_it(desk, message, asked):
    held = make_held(message, FILM, "video")
    response = desk.get(address(held.whole), headers={"Range": asked})
    assert (response.status_code, body(response)) == (200, FILM)


def test_a_part_of_another_form_is_all_of_this_one(desk, message):
    held = make_held(message, FILM, "video")
    for tag, status in ((f'"{held.whole.key}"', 206), ('"another"', 200)):
        headers = {"Range": "bytes=0-9", "If-Range": tag}
        assert desk.get(address(held.whole), headers=headers).status_code == status


def test_ranges_of_an_empty_file_are_not_there():
    assert asked_range("", 0) is None
    assert asked_range("bytes=2-3", 10) == Range(2, 3)
    with pytest.raises(NotThere):
        asked_range("bytes=0-", 0)


# Another try


def test_trying_again_answers_with_the_conversation(desk, message):
    refused = make_attachment(message, state="refused", reason="X did not answer.")
    response = desk.post(
        reverse("inbox:attachment-retry", args=[refused.pk]), headers={"HX-Request": "true"}
    )
    assert response.status_code == 200
    assert f'id="conversation" data-number="{message.conversation_id}"' in response.content.decode()
    assert Attachment.objects.get().state == "wanted"


def test_an_animation_is_given_out_as_it_came(desk, message):
    held = make_held(message, animation(), "gif")
    assert body(desk.get(address(held.whole))) == animation()
