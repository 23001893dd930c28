"""Files chosen for a reply: taken, described, removed, and let go when nobody sends them."""

from __future__ import annotations

import itertools
from datetime import timedelta
from io import BytesIO

import pytest
from django.core.exceptions import PermissionDenied
from django.core.handlers.wsgi import WSGIRequest
from django.http.request import UnreadablePostError
from django.urls import reverse

from accounts import clock
from inbox.actions.enclosing import (
    EnclosureGone,
    describe,
    enclose,
    let_go_abandoned,
    remove,
    short,
)
from inbox.actions.erasing import erase_conversations
from inbox.actions.merging import merge
from inbox.media import sendable
from inbox.media.files import delete_left_behind, part, storage
from inbox.media.sendable import NotSendable, TooManyFiles
from inbox.models import Enclosure, MediaFile
from inbox.views.enclosures import receive
from tests.factories import make_conversation, make_enclosure, make_message, make_thread
from tests.inbox.test_pictures import with_a_place
from tests.pictures import FILM, animation, bomb, picture

pytestmark = pytest.mark.usefixtures("media_folder")


def send(desk, thread, content: bytes, name: str = "parcel.png"):
    return desk.post(
        reverse("inbox:enclosures", args=[thread.pk]),
        content,
        content_type="application/octet-stream",
        headers={"HX-Request": "true", "X-File-Name": name},
    )


def files(folder) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.is_file()]


# What is taken


def test_a_picture_is_kept_with_a_still_and_shown_to_who_chose_it(desk, ana, dm_thread):
    answer = send(desk, dm_thread, picture(size=(900, 300)), "Your%20parcel.png")
    assert answer.status_code == 201
    chosen = Enclosure.objects.get()
    assert answer["Location"] == reverse("inbox:enclosure", args=[chosen.pk])
    assert (chosen.name, chosen.kind, chosen.author) == ("Your parcel.png", "photo", ana)
    assert (chosen.width, chosen.height) == (900, 300)
    for file in (chosen.whole, chosen.still):
        assert desk.get(reverse("inbox:media", args=[file.key])).status_code == 200


def test_where_it_was_taken_is_left_behind(ana, dm_thread):
    content = picture("JPEG", exif=with_a_place())
    assert b"canary" in content
    whole = make_enclosure(dm_thread, ana, content, "parcel.jpg").whole
    assert b"canary" not in b"".join(part(whole, 0, whole.size))


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (picture("JPEG"), "photo"),
        (picture("WEBP"), "photo"),
        (animation(), "gif"),
        (FILM, "video"),
    ],
    ids=["jpeg", "webp", "gif", "film"],
)
def test_its_bytes_say_what_it_is(ana, dm_thread, content, kind):
    assert make_enclosure(dm_thread, ana, content, "a.txt").kind == kind


@pytest.mark.parametrize(
    "content",
    [b"", b"%PDF-1.7", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"\x00\x00\x00\x18ftypheic"],
    ids=["nothing", "pdf", "svg", "heic"],
)
def test_what_x_does_not_take_is_refused_by_name(desk, dm_thread, content):
    answer = send(desk, dm_thread, content, "invoice.png")
    assert answer.status_code == 422
    assert "“invoice.png”" in answer.content.decode()
    assert "then attach that" in answer.content.decode()
    assert not Enclosure.objects.exists()


def test_a_picture_that_can_not_be_read_is_refused_by_name(desk, dm_thread, media_folder):
    for content in (picture()[:90], bomb(30_000, 30_000)):
        answer = send(desk, dm_thread, content)
        assert answer.status_code == 422
        assert "“parcel.png” can’t be sent" in answer.content.decode()
    assert not Enclosure.objects.exists()
    delete_left_behind()
    assert files(media_folder) == []


@pytest.mark.parametrize(
    ("content", "limit"), [(picture(), "PHOTO"), (animation(), "GIF"), (FILM, "FILM")]
)
def test_each_kind_has_its_limit(ana, dm_thread, monkeypatch, content, limit):
    assert (sendable.LARGEST_PHOTO, sendable.LARGEST_GIF) == (5 << 20, 15 << 20)
    assert sendable.LARGEST_FILM == 512 << 20
    monkeypatch.setattr(sendable, f"LARGEST_{limit}", len(content) - 1)
    with pytest.raises(NotSendable, match=r"“a” has \d+ KB; \w+ may have"):
        enclose(dm_thread, by=ana, name="a", content=BytesIO(content))


def test_a_film_is_no_larger_than_the_installation_keeps(settings):
    settings.LARGEST_FILM_MB = 20
    assert sendable.largest(sendable.Kind.VIDEO) == 20 << 20
    assert sendable.largest_of_all() == 20 << 20


def test_what_is_larger_than_anything_is_not_even_read(desk, dm_thread, settings):
    settings.LARGEST_FILM_MB = 1
    answer = send(desk, dm_thread, bytes(16 << 20), "holiday.mov")
    assert answer.status_code == 422
    assert "“holiday.mov” is too large. X takes pictures up to 5 MB" in answer.content.decode()


def test_what_breaks_off_in_the_middle_is_no_file():
    came = {"REQUEST_METHOD": "POST", "CONTENT_LENGTH": "100", "wsgi.input": BytesIO(FILM[:60])}
    with pytest.raises(UnreadablePostError):
        receive(WSGIRequest(came), BytesIO(), "film.mp4")


def test_a_long_name_keeps_its_end():
    name = short("a" * 100 + ".png\n")
    assert len(name) == 60
    assert name.endswith(".png")
    assert short("\0 \n") == "The file"


# How many


def test_a_private_message_takes_one(ana, dm_thread):
    make_enclosure(dm_thread, ana)
    with pytest.raises(TooManyFiles, match="one file in a private message"):
        make_enclosure(dm_thread, ana)


def test_one_too_many_is_told_apart_from_what_x_never_takes(desk, ana, dm_thread):
    make_enclosure(dm_thread, ana)
    answer = send(desk, dm_thread, picture())
    assert answer.status_code == 409
    assert answer.content.decode().startswith("X takes one file in a private message.")


def test_a_post_takes_four_pictures(ana, ben, public_thread):
    for _ in range(4):
        make_enclosure(public_thread, ana)
    with pytest.raises(TooManyFiles, match="4 pictures"):
        make_enclosure(public_thread, ana)
    make_enclosure(public_thread, ben)


def test_all_public_threads_of_a_conversation_are_one_reply(ana, public_thread):
    other = make_thread(public_thread.conversation, "public", "1992000000000000900")
    for thread in (public_thread, other) * 2:
        make_enclosure(thread, ana)
    with pytest.raises(TooManyFiles, match="4 pictures"):
        make_enclosure(public_thread, ana)


def test_each_private_thread_takes_one(ana, dm_thread):
    make_enclosure(dm_thread, ana)
    make_enclosure(make_thread(dm_thread.conversation, "dm", "other"), ana)


def test_a_post_takes_a_film_alone(ana, public_thread):
    make_enclosure(public_thread, ana)
    with pytest.raises(TooManyFiles, match="alone"):
        make_enclosure(public_thread, ana, FILM)


# Who may


def test_others_neither_see_nor_touch_it(client, sign_in, ana, ben, zoe, olga, dm_thread):
    chosen = make_enclosure(dm_thread, ana)
    for person in (ben, zoe, olga):
        sign_in(client, person)
        address = reverse("inbox:enclosure", args=[chosen.pk])
        assert client.post(address, {"alt_text": "Mine"}).status_code == 404
        assert client.delete(address).status_code == 404
        assert client.get(reverse("inbox:media", args=[chosen.whole.key])).status_code == 404


def test_who_lost_the_role_sees_it_no_more(desk, ana, dm_thread):
    chosen = make_enclosure(dm_thread, ana)
    ana.memberships.all().delete()
    assert desk.get(reverse("inbox:media", args=[chosen.whole.key])).status_code == 404


def test_who_may_not_write_may_not_attach(zoe, dm_thread):
    with pytest.raises(PermissionDenied):
        make_enclosure(dm_thread, zoe)
    assert not MediaFile.objects.exists()


# What becomes of it


def test_it_is_described(desk, ana, dm_thread):
    address = reverse("inbox:enclosure", args=[make_enclosure(dm_thread, ana).pk])
    assert desk.post(address, {"alt_text": " A parcel\r\nin the rain "}).status_code == 204
    assert Enclosure.objects.get().alt_text == "A parcel\nin the rain"
    assert desk.post(address, {"alt_text": "a" * 1_001}).status_code == 422


@pytest.mark.parametrize("written", [1, 2])
def test_what_is_erased_while_it_is_written_is_said_to_be_gone(
    acme, ana, dm_thread, monkeypatch, written
):
    """A picture is two files."""
    save, count = type(storage()).save, itertools.count(1)

    def erased(*said):
        if next(count) == written:
            erase_conversations(acme, limit=10)
        return save(*said)

    monkeypatch.setattr(type(storage()), "save", erased)
    with pytest.raises(EnclosureGone):
        make_enclosure(dm_thread, ana)


def test_the_deeds_themselves_ask_whose_file_it_is(ana, ben, dm_thread):
    chosen = make_enclosure(dm_thread, ana)
    with pytest.raises(PermissionDenied):
        describe(chosen, by=ben, alt_text="Mine")
    with pytest.raises(PermissionDenied):
        remove(chosen, by=ben)
    assert Enclosure.objects.get().alt_text == ""


def test_removed_its_files_go(desk, ana, dm_thread, media_folder):
    chosen = make_enclosure(dm_thread, ana)
    assert len(files(media_folder)) == 2
    assert desk.delete(reverse("inbox:enclosure", args=[chosen.pk])).status_code == 200
    assert delete_left_behind() == 2
    assert files(media_folder) == []


def test_what_nobody_sends_goes_after_a_day(ana, dm_thread, public_thread, media_folder):
    make_enclosure(dm_thread, ana)
    kept = make_enclosure(public_thread, ana)
    assert let_go_abandoned() == 0
    old = clock.now() - timedelta(hours=25)
    Enclosure.objects.exclude(pk=kept.pk).update(made_at=old)
    assert let_go_abandoned() == 1
    assert let_go_abandoned() == 0
    delete_left_behind()
    assert set(files(media_folder)) == {kept.whole.key, kept.still.key}


def test_it_is_erased_with_the_conversation(acme, ana, dm_thread, media_folder):
    make_enclosure(dm_thread, ana)
    erase_conversations(acme, limit=10)
    delete_left_behind()
    assert files(media_folder) == []


def test_it_goes_along_when_conversations_are_merged(acme, carla, ana, public_thread):
    other = make_thread(make_conversation(acme, carla), "public", public_thread.x_conversation_id)
    make_message(public_thread)
    make_message(other)
    chosen = make_enclosure(other, ana)
    merge(other.conversation, into=public_thread.conversation, by=ana)
    chosen.refresh_from_db()
    assert chosen.thread == public_thread


def test_nothing_is_left_of_a_file_that_could_not_be_stored(
    ana, dm_thread, monkeypatch, media_folder
):
    def breaks(*_: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(type(storage()), "save", breaks)
    with pytest.raises(OSError, match="No space"):
        make_enclosure(dm_thread, ana)
    assert not Enclosure.objects.exists()


def test_one_that_never_arrived_whole_counts_for_nothing(ana, dm_thread):
    chosen = make_enclosure(dm_thread, ana)
    MediaFile.objects.filter(enclosure=chosen).update(written_at=None)
    assert not Enclosure.objects.whole().exists()
    make_enclosure(dm_thread, ana)
