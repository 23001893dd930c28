"""Media that are wanted become held, or it is said why not: `inbox.actions.fetching`."""

from __future__ import annotations

import io
from datetime import timedelta
from threading import Barrier
from threading import Thread as Worker

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.utils import timezone

from inbox.actions.erasing import erase_conversations
from inbox.actions.fetching import (
    MOST_ATTEMPTS,
    Gone,
    Held,
    Later,
    Refused,
    settle,
    store,
    take,
    try_again,
)
from inbox.actions.receiving import mark_deleted, receive
from inbox.actions.sending import confirm_sent
from inbox.media.files import Vanished, delete_left_behind, part
from inbox.media.pictures import BadPicture
from inbox.media.storages import Folder
from inbox.models import Attachment, MediaFile
from inbox.utterance import Media
from tests.factories import make_attachment, make_held, make_message
from tests.news import heard
from tests.pictures import FILM, animation, bomb, picture, seen

State = Attachment.State
SOON = timedelta(minutes=5)


@pytest.fixture
def message(dm_thread):
    return make_message(dm_thread, "Look at this")


@pytest.fixture
def attachment(message):
    return make_attachment(message)


def content(file: MediaFile) -> bytes:
    return b"".join(part(file, 0, file.size))


def files(folder) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.is_file()]


# Taking


def test_the_newest_is_taken_first_and_by_one_alone(message):
    first, second = make_attachment(message), make_attachment(message)
    everything = Attachment.objects.all()
    assert [take(everything), take(everything), take(everything)] == [second, first, None]
    second.refresh_from_db()
    assert second.attempts == 1
    assert second.lease_until > timezone.now()


def test_what_a_dead_worker_had_is_taken_again(attachment):
    take(Attachment.objects.all())
    Attachment.objects.update(lease_until=timezone.now())
    assert take(Attachment.objects.all()) == attachment


@pytest.mark.parametrize("state", [State.HELD, State.GONE, State.REFUSED])
def test_what_is_settled_is_not_taken(attachment, state):
    Attachment.objects.update(state=state)
    assert take(Attachment.objects.all()) is None


@pytest.mark.django_db(transaction=True)
def test_two_workers_never_have_the_same(message):
    for _ in range(6):
        make_attachment(message)
    barrier, taken = Barrier(3), []

    def work() -> None:
        barrier.wait()
        while attachment := take(Attachment.objects.all()):
            taken.append(attachment.pk)
        connection.close()

    workers = [Worker(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(taken) == len(set(taken)) == 6


# Holding


def test_a_picture_is_held_with_a_still(attachment, media_folder):
    fate = store(attachment, io.BytesIO(picture("JPEG", (1600, 1200))))
    settle(attachment, fate)
    attachment.refresh_from_db()
    assert fate == Held(1600, 1200)
    assert (attachment.state, attachment.width, attachment.height) == (State.HELD, 1600, 1200)
    whole, still = attachment.whole, attachment.still
    assert seen(content(whole)).size == (1600, 1200)
    assert seen(content(still)).size == (still.width, still.height) == (512, 384)
    assert (whole.media_type, whole.size) == ("image/jpeg", len(content(whole)))


def test_a_film_and_an_animation_are_held_as_they_are(message, media_folder):
    film = make_held(message, FILM, "video")
    moving = make_held(message, animation(), "gif")
    assert (content(film.whole), film.whole.media_type) == (FILM, "video/mp4")
    assert film.still is None
    assert (content(moving.whole), moving.whole.media_type) == (animation(), "image/gif")
    assert moving.still.is_picture


def test_a_film_takes_its_still_from_what_x_shows_before_it(attachment, media_folder):
    fate = store(attachment, io.BytesIO(FILM), io.BytesIO(picture("JPEG", (1280, 720))))
    settle(attachment, fate)
    attachment.refresh_from_db()
    assert (attachment.width, attachment.height) == (1280, 720)
    assert (attachment.still.width, attachment.still.height) == (683, 384)


@pytest.mark.parametrize("preview", [b"<svg/>", picture()[:60]], ids=["no picture", "damaged"])
def test_a_film_does_without_a_still_that_is_none(attachment, media_folder, preview):
    assert store(attachment, io.BytesIO(FILM), io.BytesIO(preview)) == Held()
    assert [file.role for file in attachment.files.all()] == ["whole"]


def test_what_is_no_picture_is_kept_as_a_file_of_no_kind(message, media_folder):
    held = make_held(message, b"<svg onload=alert(1)>")
    assert held.whole.media_type == "application/octet-stream"
    assert held.still is None


def test_a_bomb_is_no_file_of_ours(attachment, media_folder):
    with pytest.raises(BadPicture):
        store(attachment, io.BytesIO(bomb(50_000, 50_000)))
    assert not files(media_folder)


def test_files_have_names_that_nobody_guesses_and_nobody_else_reads(message, media_folder):
    held = make_held(message, picture(), media_key="3_1", source_url="https://x/../secret.php.jpg")
    names = files(media_folder)
    assert sorted(names) == sorted(file.key for file in held.files.all())
    assert all(len(name) == 40 and int(name, 16) for name in names)
    paths = [path for path in media_folder.rglob("*") if path.is_file()]
    assert {path.stat().st_mode & 0o777 for path in paths} == {0o600}


def test_its_conversation_is_news_when_it_is_held(attachment, media_folder):
    before = attachment.message.conversation.version
    settle(attachment, store(attachment, io.BytesIO(picture())))
    attachment.message.conversation.refresh_from_db()
    assert attachment.message.conversation.version == before + 1


@pytest.mark.django_db(transaction=True)
def test_it_is_announced_for_the_brand(attachment, acme, media_folder):
    with heard() as news:
        settle(attachment, store(attachment, io.BytesIO(picture())))
        assert [(one["brand"], one["what"]) for one in news()] == [(acme.pk, "message")]


# Not holding


def test_what_x_has_no_more_is_gone(attachment):
    settle(attachment, Gone())
    attachment.refresh_from_db()
    assert (attachment.state, attachment.whole) == (State.GONE, None)


def test_what_is_refused_says_why(attachment):
    settle(attachment, Refused("It is larger than 5 MB."))
    attachment.refresh_from_db()
    assert (attachment.state, attachment.reason) == (State.REFUSED, "It is larger than 5 MB.")


def test_later_is_later_and_nobody_is_told(attachment):
    version = attachment.message.conversation.version
    until = timezone.now() + SOON
    settle(take(Attachment.objects.all()), Later(until, "X did not answer."))
    attachment.refresh_from_db()
    assert (attachment.state, attachment.due_at) == (State.WANTED, until)
    assert (attachment.attempts, attachment.lease_until) == (1, None)
    attachment.message.conversation.refresh_from_db()
    assert attachment.message.conversation.version == version
    assert take(Attachment.objects.all()) is None


def test_what_fails_again_and_again_is_given_up(attachment):
    for _ in range(MOST_ATTEMPTS):
        taken = take(Attachment.objects.all())
        settle(taken, Later(timezone.now(), "X did not answer."))
    attachment.refresh_from_db()
    assert (attachment.state, attachment.reason) == (State.REFUSED, "X did not answer.")


def test_waiting_for_quota_is_no_failure(attachment):
    for _ in range(MOST_ATTEMPTS + 1):
        settle(take(Attachment.objects.all()), Later(timezone.now(), "Wait.", counts=False))
    attachment.refresh_from_db()
    assert (attachment.state, attachment.attempts) == (State.WANTED, 0)


# Trying again


def test_an_agent_has_it_tried_again(attachment, ana):
    settle(attachment, Refused("X did not answer."))
    try_again(attachment, by=ana)
    attachment.refresh_from_db()
    assert (attachment.state, attachment.reason, attachment.attempts) == (State.WANTED, "", 0)
    assert take(Attachment.objects.all()) == attachment


@pytest.mark.parametrize("state", [State.HELD, State.GONE, State.WANTED])
def test_only_what_was_refused_is_tried_again(attachment, ana, state):
    Attachment.objects.update(state=state)
    version = attachment.message.conversation.version
    try_again(attachment, by=ana)
    attachment.refresh_from_db()
    attachment.message.conversation.refresh_from_db()
    assert attachment.state == state
    assert attachment.message.conversation.version == version


def test_somebody_of_another_brand_can_do_nothing(attachment, zoe, olga):
    for person in (zoe, olga):
        with pytest.raises(PermissionDenied):
            try_again(attachment, by=person)


# What becomes of the files


def test_files_of_a_deleted_message_go(message, media_folder):
    make_held(message, picture())
    message.delete()
    assert len(files(media_folder)) == 2
    assert delete_left_behind() == 2
    assert not files(media_folder)
    assert not MediaFile.objects.exists()


def test_files_that_are_shown_stay(message, media_folder):
    make_held(message, picture())
    assert delete_left_behind() == 0
    assert len(files(media_folder)) == 2


def test_a_file_that_is_gone_already_stops_nobody(message, media_folder):
    held = make_held(message, picture())
    (media_folder / held.whole.name).unlink()
    message.delete()
    assert delete_left_behind() == 2


def test_a_worker_that_dies_while_it_deletes_leaves_the_row(message, media_folder, monkeypatch):
    make_held(message, picture())
    message.delete()

    def dies(self, **kwargs):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(MediaFile, "delete", dies)
        with pytest.raises(KeyboardInterrupt):
            delete_left_behind()
    assert MediaFile.objects.left_behind().count() == 2
    assert delete_left_behind() == 2
    assert not files(media_folder)


def test_a_worker_that_dies_while_it_writes_leaves_a_row_that_the_next_lets_go(
    attachment, media_folder, monkeypatch
):
    def dies(self, name, content):
        raise OSError("No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Folder, "_save", dies)
        with pytest.raises(OSError, match="No space"):
            store(attachment, io.BytesIO(picture()))
    [broken] = MediaFile.objects.all()
    settle(attachment, store(attachment, io.BytesIO(picture())))
    broken.refresh_from_db()
    assert broken.attachment is None
    assert delete_left_behind() == 0, "somebody may still be at it"
    MediaFile.objects.filter(pk=broken.pk).update(made_at=timezone.now() - timedelta(hours=1))
    assert delete_left_behind() == 1
    assert len(files(media_folder)) == 2


@pytest.mark.django_db(transaction=True)
def test_a_message_that_is_deleted_while_its_media_come_leaves_nothing(
    attachment, message, media_folder
):
    message.delete()
    with pytest.raises(Vanished):
        store(attachment, io.BytesIO(picture()))
    settle(attachment, Held())
    assert not files(media_folder)


def test_files_of_a_message_that_was_deleted_between_fetching_and_settling_go(
    attachment, message, media_folder
):
    fate = store(attachment, io.BytesIO(picture()))
    message.delete()
    settle(attachment, fate)
    assert delete_left_behind() == 2
    assert not files(media_folder)


def test_files_of_a_picture_that_an_edit_dropped_go(acme, says, media_folder):
    first = says("Look", kind="public", media=(Media("photo", "3_1"),))
    message = receive(acme, first)
    make_held(message, picture())
    receive(acme, says("Never mind", kind="public", earlier_ids=(first.external_id,)))
    assert not message.attachments.exists()
    assert delete_left_behind() == 2
    assert not files(media_folder)


def test_a_picture_that_an_edit_kept_is_not_fetched_again(acme, says, media_folder):
    first = says("Lok", kind="public", media=(Media("photo", "3_1"),))
    message = receive(acme, first)
    message.attachments.update(state=State.HELD)
    changed = {"earlier_ids": (first.external_id,), "media": first.media}
    receive(acme, says("Look", kind="public", **changed))
    assert [one.state for one in message.attachments.all()] == [State.HELD]


def test_files_of_a_message_that_was_deleted_on_x_go(acme, message, media_folder):
    make_held(message, picture())
    mark_deleted(acme, kind="dm", external_id=message.external_id)
    assert delete_left_behind() == 2
    assert not files(media_folder)


def test_files_of_an_erased_brand_go(acme, message, media_folder):
    make_held(message, picture())
    erase_conversations(acme, limit=10)
    assert delete_left_behind() == 2
    assert not files(media_folder)


def test_files_of_an_echo_stay_with_the_message_that_it_settles(acme, dm_thread, media_folder):
    """The echo came first, with its picture; ours is the row that stays."""
    echo = make_message(dm_thread, "Here", ours=True)
    held = make_held(echo, picture())
    ours = make_message(dm_thread, "Here", ours=True, state="sending", external_id=None)
    external_id = str(echo.external_id)
    confirm_sent(ours.pk, external_id=external_id, sequence=echo.sequence, sent_at=echo.sent_at)
    held.refresh_from_db()
    assert held.message == ours
    assert delete_left_behind() == 0
