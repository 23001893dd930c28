"""The files of a reply reach X before it does, once: `twitter_sync.actions.uploading`."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from accounts import clock
from inbox.actions.replies import Said, reply
from inbox.actions.retrying import retry
from inbox.actions.taking_back import cancel
from inbox.models import Enclosure, Message
from inbox.models.attachment import first_to_upload
from tests.pictures import FILM, picture
from tests.twitter_sync.enclosed import bring, on_x, say, send
from twitter_sync import uploads
from twitter_sync.actions import uploading
from twitter_sync.actions.applying import apply_due
from twitter_sync.actions.polling import begin_feeds, poll
from twitter_sync.actions.sending import send_next
from twitter_sync.actions.uploading import upload_due
from twitter_sync.client import Client
from twitter_sync.models import MediaUpload, SendAttempt, SyncCursor

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("media_folder"),
]


# As it should be


def test_a_private_message_carries_its_picture(simulator, brand, agent, threads):
    message = say(threads["dm"], agent)
    assert send_next(message.conversation_id) is None
    message = send(bring(message))
    assert message.state == "sent"
    [sent] = on_x(simulator, brand, "dms")
    assert sent["id"] == message.external_id
    told = Client.for_brand(brand).dm_event(message.external_id)
    [medium] = told["includes"]["media"]
    attachment = message.attachments.get()
    assert medium["media_key"] == attachment.media_key
    into = io.BytesIO()
    Client.for_brand(brand).download_dm_media(medium["url"], into)
    assert into.getvalue().startswith(b"\x89PNG")


def test_a_post_carries_four_in_their_order_each_described(simulator, brand, agent, threads):
    files = tuple(picture(size=(40 + number, 30)) for number in range(4))
    message = send(bring(say(threads["public"], agent, files=files)))
    assert message.state == "sent"
    told = Client.for_brand(brand).posts([message.external_id])
    media = {one["media_key"]: one for one in told["includes"]["media"]}
    keys = told["data"][0]["attachments"]["media_keys"]
    assert [media[key]["width"] for key in keys] == [40, 41, 42, 43]
    assert {one["alt_text"] for one in media.values()} == {"A parcel"}


def test_x_is_told_no_description_of_what_is_private(simulator, agent, threads):
    before = len(simulator.calls("/2/media/metadata"))
    bring(say(threads["dm"], agent))
    assert len(simulator.calls("/2/media/metadata")) == before


def test_a_picture_needs_no_words(simulator, brand, agent, threads):
    for kind in ("dm", "public"):
        assert send(bring(say(threads[kind], agent, text=""))).state == "sent"


def test_a_film_is_sent_once_x_has_worked_on_it(simulator, brand, agent, threads):
    message = say(threads["dm"], agent, files=(FILM,))
    upload_due()
    attachment = message.attachments.get()
    assert (attachment.upload, attachment.is_sendable) == ("worked_on", False)
    assert send_next(message.conversation_id) is None
    assert send(bring(message)).state == "sent"


def test_each_turn_is_written_down_before_x_is_asked(agent, threads, monkeypatch):
    message = say(threads["dm"], agent)
    seen = []

    def look(*_: object, **__: object) -> None:
        seen.append(MediaUpload.objects.get().lease_until > clock.now())
        raise KeyboardInterrupt

    monkeypatch.setattr(Client, "initialize_upload", look)
    with pytest.raises(KeyboardInterrupt):
        upload_due()
    assert seen == [True]
    assert upload_due() == 0
    assert MediaUpload.objects.get(attachment__message=message).outcome == "open"


# O16


def test_an_upload_that_x_has_forgotten_is_made_again_once_and_sends_one_message(
    simulator, brand, agent, threads
):
    """trust O16: media upload ok, message fails; media id expired."""
    for kind, where in (("dm", "dms"), ("public", "posts")):
        message = bring(say(threads[kind], agent))
        simulator.forget_uploads()
        waiting = send(message)
        assert waiting.state == "queued"
        assert first_to_upload(waiting.attachments.all()) is not None
        sent = send(bring(waiting))
        assert sent.state == "sent"
        assert [one["id"] for one in on_x(simulator, brand, where)] == [sent.external_id]
        outcomes = MediaUpload.objects.filter(attachment__message=message).order_by("pk")
        assert list(outcomes.values_list("outcome", flat=True)) == ["turned_down", "ready"]
        tries = SendAttempt.objects.filter(message=message).order_by("pk")
        assert list(tries.values_list("outcome", flat=True)) == ["failed", "sent"]


def test_what_x_forgets_twice_fails_and_can_be_tried_again(simulator, brand, agent, threads):
    message = bring(say(threads["public"], agent))
    simulator.forget_uploads()
    message = bring(send(message))
    simulator.forget_uploads()
    message = send(message)
    assert message.state == "failed"
    assert "media" in message.failure.lower()
    assert message.attachments.count() == 1
    message = send(retry(message, by=agent))
    assert send(bring(message)).state == "sent"
    assert len(on_x(simulator, brand, "posts")) == 1


def test_what_x_will_forget_before_it_is_sent_is_uploaded_anew(agent, threads):
    message = bring(say(threads["dm"], agent))
    message.attachments.update(usable_until=clock.now() + timedelta(minutes=1))
    assert send_next(message.conversation_id) is None
    assert send(bring(message)).state == "sent"
    outcomes = MediaUpload.objects.order_by("pk").values_list("outcome", flat=True)
    assert list(outcomes) == ["spent", "ready"]


@pytest.mark.parametrize("is_told", [True, False])
def test_what_was_begun_and_forgotten_by_x_is_begun_anew(
    simulator, agent, threads, monkeypatch, is_told
):
    monkeypatch.setattr(uploading, "GIVE_WAY_AFTER_SECONDS", 0.0)
    message = say(threads["dm"], agent, files=(FILM + bytes(uploads.MB),))
    upload_due()
    begun = MediaUpload.objects.get()
    assert clock.now() < begun.expires_at <= clock.now() + timedelta(days=1)
    monkeypatch.undo()
    simulator.forget_uploads()
    past = clock.now() - timedelta(days=1)
    MediaUpload.objects.update(started_at=past, expires_at=past if is_told else None)
    assert send(bring(message)).state == "sent"
    outcomes = MediaUpload.objects.order_by("pk").values_list("outcome", flat=True)
    assert list(outcomes) == ["spent", "ready"]


# What X refuses


def damaged(message: Message, folder: Path) -> None:
    """X finds less in its file than we did."""
    file = message.attachments.get().whole
    (folder / file.name).write_bytes(bytes(file.size))


@pytest.mark.parametrize("content", [FILM, picture()], ids=["film", "picture"])
def test_what_x_can_not_use_fails_with_words_and_file_kept(agent, threads, media_folder, content):
    message = say(threads["dm"], agent, "See this", files=(content,))
    damaged(message, media_folder)
    message = bring(message)
    assert message.state == "failed"
    assert message.failure.startswith("“parcel.png” was not taken by X. ")
    assert (message.text, message.attachments.get().upload) == ("See this", "refused")
    cancel(message, by=agent, to_edit=True)
    assert Enclosure.objects.visible_to(agent).whole().count() == 1


def test_a_retry_uploads_what_x_refused_once_more(agent, threads, media_folder):
    message = say(threads["dm"], agent, files=(FILM,))
    file = media_folder / message.attachments.get().whole.name
    damaged(message, media_folder)
    message = bring(message)
    file.write_bytes(FILM)
    assert send(bring(retry(message, by=agent))).state == "sent"


def test_a_file_that_is_missing_is_said_to_be(agent, threads, media_folder):
    message = say(threads["dm"], agent, files=(FILM,))
    (media_folder / message.attachments.get().whole.name).unlink()
    upload_due()
    message.refresh_from_db()
    assert (message.state, "missing here" in message.failure) == ("failed", True)


# What is taken back


def test_taken_back_its_files_are_of_the_next_reply(simulator, agent, threads):
    message = say(threads["public"], agent, files=(picture(), picture()))
    upload_due()
    cancel(message, by=agent)
    assert message.attachments.count() == 0
    again = Enclosure.objects.visible_to(agent).whole()
    assert [(one.name, one.alt_text) for one in again] == [("parcel.png", "A parcel")] * 2
    enclosed = {one.pk: one.alt_text for one in again}
    anew = reply(threads["public"], Said("Now", uuid4(), enclosed=enclosed), by=agent)
    assert send(bring(anew)).state == "sent"
    assert anew.attachments.count() == 2


def test_taken_back_in_the_middle_nothing_more_of_it_is_uploaded(agent, threads, monkeypatch):
    message = say(threads["dm"], agent, files=(FILM + bytes(2 * uploads.MB),))
    append, asked = Client.append_upload, []

    def taken_back(self: Client, upload_id: str, *, index: int, piece: bytes) -> Any:
        asked.append(index)
        cancel(message, by=agent)
        return append(self, upload_id, index=index, piece=piece)

    monkeypatch.setattr(Client, "append_upload", taken_back)
    upload_due()
    assert asked == [0]
    assert Enclosure.objects.whole().count() == 1


# Its echo


def read_feeds() -> None:
    begin_feeds()
    for cursor in SyncCursor.objects.all():
        poll(cursor.pk)
    while apply_due():
        pass


@pytest.mark.parametrize("kind", ["dm", "public"])
@pytest.mark.parametrize("text", ["Here it is.", ""])
def test_its_echo_settles_it_and_brings_no_second_picture(
    simulator, brand, agent, threads, kind, text
):
    message = bring(say(threads[kind], agent, text))
    simulator.post("faults", fault="cut", when="after", brand=brand.x_user_id, times=1)
    message = send(message)
    assert message.state == "uncertain"
    read_feeds()
    message.refresh_from_db()
    assert message.state == "sent"
    assert [one.state for one in message.attachments.all()] == ["held"]
    assert Message.objects.filter(direction="out").count() == 1


def test_an_echo_that_overtakes_the_answer_brings_no_second_picture(
    simulator, brand, agent, threads, monkeypatch
):
    message = bring(say(threads["dm"], agent))
    send_dm = Client.send_dm

    def slow(self: Client, *said: Any, **more: Any) -> Any:
        answer = send_dm(self, *said, **more)
        Message.objects.filter(pk=message.pk).update(text="other words, as X changed them")
        read_feeds()
        return answer

    monkeypatch.setattr(Client, "send_dm", slow)
    message = send(message)
    assert message.state == "sent"
    assert Message.objects.filter(direction="out").count() == 1
    assert [one.upload for one in message.attachments.all()] == ["ready"]


# From the clock


def test_the_sweep_rings_for_what_nobody_heard_of(agent, threads, monkeypatch):
    rung = []
    monkeypatch.setattr(uploading, "ring_now", lambda task, **_: rung.append(task))
    uploading.sweep()
    assert rung == []
    say(threads["dm"], agent)
    uploading.sweep()
    assert rung == ["twitter_sync.upload_media"]
