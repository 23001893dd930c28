"""Pictures and films on their way to us: `twitter_sync.actions.fetching`, against the simulator."""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts import doorbell
from inbox.actions.fetching import MOST_ATTEMPTS
from inbox.actions.receiving import mark_deleted
from inbox.media.files import part
from inbox.media.storages import Folder
from inbox.models import Attachment, Message
from tests.factories import (
    make_attachment,
    make_brand,
    make_conversation,
    make_message,
    make_thread,
)
from tests.pictures import FILM, animation, bomb, picture, seen
from tests.twitter_sync.small_x import Said
from twitter_sync import budgets, errors, safe_fetch, spending, tokens
from twitter_sync.actions import fetching, polling
from twitter_sync.actions.applying import apply_due
from twitter_sync.actions.fetching import fetch_due
from twitter_sync.actions.sweeping import sweep
from twitter_sync.models import Connection, RawEvent, Spending, SyncCursor
from twitter_sync.oauth import TokenPair

pytestmark = pytest.mark.django_db

State = Attachment.State
A_PICTURE = picture("JPEG", (800, 600))
IDS = "1992000000000000102/1992000000000000001"
PRIVATE = f"https://ton.twitter.com/1.1/ton/data/dm/{IDS}/x1Y2z3.jpg"
PRIVATE_PATH = f"GET /2/dm_conversations/media/{IDS}/x1Y2z3.jpg"


@pytest.fixture
def brand(connected, media_folder):
    return connected()


@pytest.fixture
def sends(simulator, brand):
    """`sends(content, "image/png", public=True)`: somebody sends it, and we hear of it."""

    def sends(content: bytes, media_type: str, *, public: bool = False) -> Attachment:
        person = simulator.person()
        media = [{"media_type": media_type, "content": base64.b64encode(content).decode()}]
        told = {"text": f"@{brand.handle} look", "media": media, "deliver": False}
        if public:
            simulator.post("posts", author_id=person["id"], **told)
        else:
            simulator.post("dms", sender_id=person["id"], recipient_id=brand.x_user_id, **told)
        polling.begin_feeds()
        cursor = brand.cursors.get(feed="mentions" if public else "dms")
        SyncCursor.objects.filter(pk=cursor.pk).update(due_at=timezone.now())
        polling.poll(cursor.pk)
        apply_due()
        return Attachment.objects.latest("id")

    return sends


@pytest.fixture
def connected_acme(acme):
    """A brand with a token, for what the simulator is too well-behaved to do."""
    pair = TokenPair("access", "refresh", timezone.now() + timedelta(hours=2))
    Connection.objects.create(brand=acme, **tokens.columns(pair))
    return acme


def an_attachment(brand, source_url: str = PRIVATE, *, kind: str = "dm", **fields) -> Attachment:
    thread = make_thread(make_conversation(brand), kind)
    return make_attachment(make_message(thread), source_url=source_url, **fields)


def content(attachment: Attachment) -> bytes:
    attachment.refresh_from_db()
    assert attachment.state == State.HELD, (attachment.state, attachment.reason)
    return b"".join(part(attachment.whole, 0, attachment.whole.size))


# From X


def test_a_picture_of_a_direct_message_comes_by_xs_api_with_our_token(simulator, brand, sends):
    attachment = sends(A_PICTURE, "image/jpeg")
    assert attachment.source_url.startswith("https://ton.twitter.com/")
    assert fetch_due() == 1
    assert seen(content(attachment)).size == (800, 600)
    path = attachment.source_url.partition("/dm/")[2]
    [call] = simulator.calls(f"/2/dm_conversations/media/{path}")
    assert call["user_id"] == brand.x_user_id


def test_a_picture_of_a_post_comes_as_anybody_has_it(sends):
    attachment = sends(A_PICTURE, "image/jpeg", public=True)
    assert fetch_due() == 1
    assert seen(content(attachment)).size == (800, 600)


def test_films_and_animations_come_too(sends):
    film = sends(FILM, "video/mp4", public=True)
    moving = sends(animation(), "image/gif")
    assert (film.kind, moving.kind) == ("video", "gif")
    assert fetch_due() == 2
    assert content(film) == FILM
    assert content(moving) == animation()


def test_it_is_known_before_how_large_it_will_be(sends):
    attachment = sends(picture("PNG", (300, 200)), "image/png", public=True)
    assert (attachment.width, attachment.height) == (300, 200)


def test_what_is_settled_is_not_fetched_again(simulator, sends):
    sends(A_PICTURE, "image/jpeg")
    fetch_due()
    asked = len(simulator.calls())
    assert fetch_due() == 0
    assert len(simulator.calls()) == asked


def test_what_is_no_picture_though_x_says_so_is_kept_as_a_file(sends):
    attachment = sends(b"<svg onload=alert(1)>", "image/png", public=True)
    fetch_due()
    assert content(attachment) == b"<svg onload=alert(1)>"
    assert attachment.whole.media_type == "application/octet-stream"


def test_a_bomb_is_refused_with_a_reason(sends):
    attachment = sends(bomb(50_000, 50_000), "image/png", public=True)
    fetch_due()
    attachment.refresh_from_db()
    assert attachment.state == State.REFUSED
    assert "too large" in attachment.reason


def test_a_ring_is_for_the_workers_of_media(sends, monkeypatch, django_capture_on_commit_callbacks):
    rung = []
    monkeypatch.setattr(
        doorbell.current_app, "send_task", lambda name, queue, **_: rung.append((name, queue))
    )
    with django_capture_on_commit_callbacks(execute=True):
        sends(A_PICTURE, "image/jpeg")
    assert ("twitter_sync.fetch_media", "media") in rung


def test_what_nobody_rang_for_is_swept(sends, monkeypatch):
    rung = []
    monkeypatch.setattr(fetching, "ring_now", lambda name, queue: rung.append((name, queue)))
    sends(A_PICTURE, "image/jpeg")
    sweep()
    assert set(rung) == {("twitter_sync.fetch_media", "media")}
    fetch_due()
    rung.clear()
    sweep()
    assert not rung


# Of which X first tells no more than a key


def forget_where(*attachments: Attachment) -> None:
    """As if a webhook had told of them, which has keys alone."""
    pks = [attachment.pk for attachment in attachments]
    bare = {"source_url": "", "kind": "other", "width": 0, "height": 0}
    Attachment.objects.filter(pk__in=pks).update(**bare)


@pytest.mark.parametrize("public", [True, False])
def test_x_is_asked_what_it_is_and_where(sends, public):
    attachment = sends(A_PICTURE, "image/jpeg", public=public)
    forget_where(attachment)
    assert fetch_due() == 1
    assert seen(content(attachment)).size == (800, 600)
    assert attachment.kind == "photo"


def test_one_question_is_for_all_posts_that_wait(simulator, sends):
    waiting = [sends(A_PICTURE, "image/jpeg", public=True) for _ in range(3)]
    forget_where(*waiting)
    before = len(simulator.calls("/2/tweets"))
    assert fetch_due() == 3
    assert len(simulator.calls("/2/tweets")) == before + 1
    for attachment in waiting:
        content(attachment)


def test_a_post_that_is_gone_takes_its_pictures_along(simulator, sends):
    attachment = sends(A_PICTURE, "image/jpeg", public=True)
    forget_where(attachment)
    simulator.post("posts/delete", id=attachment.message.external_id)
    fetch_due()
    attachment.refresh_from_db()
    assert attachment.state == State.GONE


def test_at_the_owners_cap_x_is_not_asked(simulator, sends, monkeypatch):
    attachment = sends(A_PICTURE, "image/jpeg", public=True)
    forget_where(attachment)
    monkeypatch.setattr(spending, "pace_now", lambda: Spending.Pace.STOPPED)
    before = len(simulator.calls())
    fetch_due()
    attachment.refresh_from_db()
    assert (attachment.state, attachment.attempts) == (State.WANTED, 0)
    assert len(simulator.calls()) == before


# Not now


def test_while_much_is_unread_pictures_wait(sends, monkeypatch):
    attachment = sends(A_PICTURE, "image/jpeg")
    monkeypatch.setattr(fetching, "FLOOD", 3)
    unread = [RawEvent(source="poll", fact=f"unread:{n}", body=b"{}") for n in range(3)]
    RawEvent.objects.bulk_create(unread)
    assert fetch_due() == 0
    RawEvent.objects.filter(fact="unread:0").delete()
    assert fetch_due() == 1
    content(attachment)


def test_private_pictures_wait_while_the_handle_is_not_connected(brand, sends):
    private, public = sends(A_PICTURE, "image/jpeg"), sends(A_PICTURE, "image/jpeg", public=True)
    brand.status = "needs_reconnect"
    brand.save()
    assert fetch_due() == 1
    content(public)
    private.refresh_from_db()
    assert (private.state, private.attempts) == (State.WANTED, 0)
    brand.status = "connected"
    brand.save()
    assert fetch_due() == 1
    content(private)


def test_the_last_of_the_quota_is_left_for_more_important_calls(brand, sends):
    attachment = sends(A_PICTURE, "image/jpeg")
    scope = budgets.user_scope(brand.x_user_id)
    kept = budgets.KEPT[budgets.Purpose.MEDIA]
    assert 0 < kept < budgets.KEPT[budgets.Purpose.PROFILE]
    taken = 0
    while True:
        try:
            budgets.take(scope, "dm_media", purpose=budgets.Purpose.MEDIA)
        except errors.OutOfBudget as error:
            resets_at = error.resets_at
            break
        taken += 1
    fetch_due()
    attachment.refresh_from_db()
    assert taken == 300 * (1 - kept)
    assert (attachment.state, attachment.attempts) == (State.WANTED, 0)
    assert attachment.due_at == resets_at
    budgets.take(scope, "dm_media", purpose=budgets.Purpose.AGENT)


# What X may say


@pytest.mark.parametrize(
    ("status", "state", "reason"),
    [
        (404, State.GONE, ""),
        (403, State.REFUSED, "Not yours."),
        (503, State.WANTED, ""),
        (402, State.WANTED, ""),
    ],
)
def test_what_x_says_of_a_private_one_decides(
    connected_acme, small_x, media_folder, status, state, reason
):
    small_x.answer(PRIVATE_PATH, Said({"detail": "Not yours."}, status))
    attachment = an_attachment(connected_acme)
    fetch_due()
    attachment.refresh_from_db()
    assert (attachment.state, attachment.reason) == (state, reason)
    assert attachment.attempts == (0 if status == 402 else 1)
    assert attachment.lease_until is None


def test_a_token_that_x_takes_back_is_no_failure_of_a_picture(
    connected_acme, small_x, media_folder
):
    small_x.answer(PRIVATE_PATH, Said({"title": "Unauthorized"}, 401))
    small_x.answer("POST /2/oauth2/token", Said({"error": "invalid_request"}, 400))
    attachment = an_attachment(connected_acme)
    fetch_due()
    attachment.refresh_from_db()
    assert (attachment.state, attachment.attempts) == (State.WANTED, 0)
    connected_acme.refresh_from_db()
    assert connected_acme.status == "needs_reconnect"


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (404, State.GONE),
        (410, State.GONE),
        (403, State.REFUSED),
        (301, State.REFUSED),
        (429, State.WANTED),
        (502, State.WANTED),
    ],
)
def test_what_is_said_of_a_public_one_decides(acme, small_x, settings, media_folder, status, state):
    settings.X_IS_SIMULATOR = True
    small_x.answer("GET /media/a.jpg", Said(b"", status, {"Location": "http://127.0.0.1:1/"}))
    attachment = an_attachment(acme, f"{small_x.url}/media/a.jpg", kind="public")
    fetch_due()
    attachment.refresh_from_db()
    assert attachment.state == state
    assert len(small_x.calls) == 1


def test_it_is_tried_again_later_and_later_and_then_works(acme, small_x, settings, media_folder):
    settings.X_IS_SIMULATOR = True
    small_x.answer("GET /media/a.jpg", Said(b"", 500), Said(b"", 500), Said(A_PICTURE))
    attachment = an_attachment(acme, f"{small_x.url}/media/a.jpg", kind="public")
    for attempts in (1, 2):
        fetch_due()
        attachment.refresh_from_db()
        assert (attachment.state, attachment.attempts) == (State.WANTED, attempts)
        assert attachment.due_at > timezone.now()
        Attachment.objects.update(due_at=timezone.now())
    fetch_due()
    assert seen(content(attachment)).size == (800, 600)


@pytest.mark.parametrize(
    ("source_url", "reason"),
    [
        ("https://evil.test/a.jpg", "It is not on X’s own servers."),
        ("http://127.0.0.1:6379/a.jpg", "It is not on X’s own servers."),
        ("https://ton.twitter.com/1.1/ton/data/dm/1/2/../a.jpg", "It is not on X’s own servers."),
    ],
)
def test_what_is_nowhere_to_be_had_says_so(acme, media_folder, source_url, reason):
    attachment = an_attachment(acme, source_url, kind="public")
    fetch_due()
    attachment.refresh_from_db()
    assert (attachment.state, attachment.reason) == (State.REFUSED, reason)


@pytest.mark.parametrize("is_private", [True, False])
def test_a_picture_that_is_too_large_is_left(
    connected_acme, small_x, settings, media_folder, monkeypatch, is_private
):
    monkeypatch.setattr(fetching, "LARGEST_PICTURE", 1000)
    settings.X_IS_SIMULATOR = True
    small_x.anything = Said(b"\xff\xd8\xff" + b"a" * 2000)
    source = PRIVATE if is_private else f"{small_x.url}/media/a.jpg"
    attachment = an_attachment(connected_acme, source)
    fetch_due()
    attachment.refresh_from_db()
    assert attachment.state == State.REFUSED
    assert "larger than" in attachment.reason
    assert not list(media_folder.rglob("*"))


def test_how_large_a_film_may_be_is_a_setting(acme, settings):
    settings.LARGEST_FILM_MB = 7
    film = an_attachment(acme, kind="public", media_key="7_1")
    film.kind = "video"
    assert fetching.largest(film) == 7 * fetching.MB


def test_a_film_comes_with_its_still_and_without_when_that_is_not_to_be_had(
    acme, small_x, settings, media_folder
):
    settings.X_IS_SIMULATOR = True
    small_x.answer("GET /film.mp4", Said(FILM))
    small_x.answer("GET /still.jpg", Said(A_PICTURE))
    small_x.answer("GET /gone.jpg", Said(b"", 404))
    for still, has_still in (("still", True), ("gone", False)):
        attachment = an_attachment(
            acme, f"{small_x.url}/film.mp4", kind="public", preview_url=f"{small_x.url}/{still}.jpg"
        )
        Attachment.objects.filter(pk=attachment.pk).update(kind="video")
        fetch_due()
        assert content(attachment) == FILM
        assert bool(attachment.still) is has_still


# What nobody reckoned with


def test_a_full_disk_costs_a_try_and_no_other_picture_its_turn(sends, monkeypatch):
    first, second = (sends(A_PICTURE, "image/jpeg", public=True) for _ in range(2))
    real = Folder._save

    def fails_once(self, name, content):
        monkeypatch.setattr(Folder, "_save", real)
        raise OSError("No space left on device")

    monkeypatch.setattr(Folder, "_save", fails_once)
    assert fetch_due() == 2
    content(first)
    second.refresh_from_db()
    assert (second.state, second.attempts) == (State.WANTED, 1)
    Attachment.objects.update(due_at=timezone.now())
    fetch_due()
    content(second)


def test_one_that_kills_its_worker_again_and_again_is_given_up(sends):
    """A dead worker settles nothing: only the count of its tries is left."""
    attachment = sends(A_PICTURE, "image/jpeg", public=True)
    Attachment.objects.update(attempts=MOST_ATTEMPTS)
    fetch_due()
    attachment.refresh_from_db()
    assert (attachment.state, attachment.reason) == (State.REFUSED, "It could not be read.")


# Meanwhile


@pytest.mark.django_db(transaction=True)
def test_a_message_that_is_deleted_while_its_picture_comes_keeps_nothing(
    brand, sends, media_folder, monkeypatch
):
    attachment = sends(A_PICTURE, "image/jpeg", public=True)
    message = attachment.message
    real = safe_fetch.safe_fetch

    def deleted_meanwhile(url, into, **options) -> None:
        real(url, into, **options)
        mark_deleted(brand, kind=message.kind, external_id=message.external_id)

    monkeypatch.setattr(safe_fetch, "safe_fetch", deleted_meanwhile)
    assert fetch_due() == 1
    assert not Attachment.objects.exists()
    assert Message.objects.get().deleted_at is not None


def test_a_picture_of_another_brand_is_fetched_with_its_own_token(brand, simulator, sends):
    other = make_brand()
    attachment = an_attachment(other)
    sends(A_PICTURE, "image/jpeg")
    Connection.objects.filter(brand=other).delete()
    fetch_due()
    attachment.refresh_from_db()
    assert (attachment.state, attachment.attempts) == (State.WANTED, 0)
