"""The files of a reply reach X before it does, once: `twitter_sync.actions.uploading`."""

from __future__ import annotations

import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import ObjectDoesNotExist
from django.db import transaction

from accounts import clock
from accounts.models import BrandAccount, User
from inbox.actions.erasing import erase_conversations
from inbox.actions.recording import locked
from inbox.actions.replies import Said, reply
from inbox.actions.retrying import retry
from inbox.actions.taking_back import cancel
from inbox.models import Enclosure, Message, Thread
from inbox.models.attachment import first_to_upload
from tests.factories import (
    make_contact,
    make_conversation,
    make_enclosure,
    make_message,
    make_thread,
    make_user,
)
from tests.locks import elsewhere, wait_until_waiting, waiting
from tests.pictures import FILM, picture
from tests.stack import until
from tests.x import Simulator
from twitter_sync import uploads
from twitter_sync.actions import uploading
from twitter_sync.actions.applying import apply_due
from twitter_sync.actions.polling import begin_feeds, poll
from twitter_sync.actions.sending import accepted, begin, doubted, send_next, sweep
from twitter_sync.actions.uploading import (
    LeaseLost,
    fail_once,
    finish,
    give_up,
    keep,
    take,
    upload_due,
)
from twitter_sync.client import Client
from twitter_sync.errors import Unconfirmed
from twitter_sync.models import MediaUpload, SendAttempt, SyncCursor

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("media_folder"),
]
WITHIN_SECONDS = 60.0


@pytest.fixture
def agent(brand: BrandAccount) -> User:
    return make_user("Ana Agent", brand)


@pytest.fixture
def threads(simulator: Simulator, brand: BrandAccount) -> dict[str, Thread]:
    """Carla wrote privately and in public, on X and here."""
    carla = simulator.person()
    contact = make_contact(carla["username"], x_user_id=carla["id"])
    conversation = make_conversation(brand, contact)
    people = {"sender_id": carla["id"], "recipient_id": brand.x_user_id}
    asked = simulator.post("dms", **people, text="Where is it?", deliver=False)
    both = sorted([carla["id"], brand.x_user_id], key=int)
    private = make_thread(conversation, "dm", "-".join(both))
    make_message(private, "Where is it?", external_id=asked["id"], sequence=int(asked["id"]))
    text = f"@{brand.handle} where is it?"
    named = simulator.post("posts", author_id=carla["id"], text=text, deliver=False)
    public = make_thread(conversation, "public", named["id"])
    make_message(public, text, external_id=named["id"], sequence=int(named["id"]))
    return {"dm": private, "public": public}


def say(
    thread: Thread, by: User, text: str = "Here it is.", files: tuple[bytes, ...] = (picture(),)
) -> Message:
    enclosed = {make_enclosure(thread, by, content).pk: "A parcel" for content in files}
    return reply(thread, Said(text, uuid4(), enclosed=enclosed), by=by)


def bring(message: Message) -> Message:
    """All of its files to X, however long X works on them, or until it is known that they can't."""

    def is_done() -> Message | None:
        MediaUpload.objects.update(due_at=clock.now())
        upload_due()
        fresh = Message.objects.get(pk=message.pk)
        is_waiting = fresh.state == "queued" and first_to_upload(fresh.attachments.all())
        return None if is_waiting else fresh

    found: Message = until(is_done, within=WITHIN_SECONDS)
    return found


def send(message: Message) -> Message:
    send_next(message.conversation_id)
    return Message.objects.get(pk=message.pk)


def on_x(simulator: Simulator, brand: BrandAccount, kind: str) -> list[dict[str, Any]]:
    who = "sender_id" if kind == "dms" else "author_id"
    return [one for one in simulator.get("ledger")[kind] if one[who] == brand.x_user_id]


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


# Workers die, X is busy


def test_a_dead_worker_is_followed_by_one_that_goes_on_where_it_stopped(
    simulator, agent, threads, monkeypatch
):
    message = say(threads["dm"], agent, files=(FILM + bytes(2 * uploads.MB),))
    append = Client.append_upload

    def dies(self: Client, upload_id: str, *, index: int, piece: bytes) -> Any:
        if index == 1:
            raise KeyboardInterrupt
        return append(self, upload_id, index=index, piece=piece)

    monkeypatch.setattr(Client, "append_upload", dies)
    with pytest.raises(KeyboardInterrupt):
        upload_due()
    assert upload_due() == 0
    MediaUpload.objects.update(lease_until=clock.now())
    asked = []

    def counts(self: Client, upload_id: str, *, index: int, piece: bytes) -> Any:
        asked.append(index)
        return append(self, upload_id, index=index, piece=piece)

    monkeypatch.setattr(Client, "append_upload", counts)
    assert send(bring(message)).state == "sent"
    assert asked == [1, 2]
    assert MediaUpload.objects.count() == 1


def test_a_worker_that_dies_between_upload_and_sending_sends_nothing_twice(
    simulator, brand, agent, threads
):
    message = bring(say(threads["dm"], agent))
    attempt = begin(message.conversation_id)
    assert attempt is not None
    assert send_next(message.conversation_id) is None
    SendAttempt.objects.update(lease_until=clock.now())
    sweep()
    message.refresh_from_db()
    assert message.state == "uncertain"
    assert send_next(message.conversation_id) is None
    assert on_x(simulator, brand, "dms") == []


def test_a_long_file_leaves_the_worker_to_others_in_between(agent, threads, monkeypatch):
    monkeypatch.setattr(uploading, "GIVE_WAY_AFTER_SECONDS", 0.0)
    message = say(threads["dm"], agent, files=(FILM + bytes(uploads.MB),))
    assert upload_due() == 1
    assert MediaUpload.objects.get().sent_bytes == 0
    monkeypatch.undo()
    assert send(bring(message)).state == "sent"


def test_a_used_up_quota_is_waited_for(simulator, agent, threads, brand):
    message = say(threads["dm"], agent)
    told = {"fault": "too_many_requests", "seconds": 600, "brand": brand.x_user_id, "times": 1}
    simulator.post("faults", **told, endpoint="POST /2/media/upload/initialize")
    upload_due()
    upload = MediaUpload.objects.get()
    assert upload.due_at > clock.now() + timedelta(minutes=5)
    attachment = message.attachments.get()
    assert attachment.upload == "waiting"
    assert attachment.reason
    assert upload_due() == 0


def test_x_that_does_not_answer_is_asked_again_some_times(simulator, agent, threads, brand):
    message = say(threads["dm"], agent)
    told = {"fault": "server_error", "brand": brand.x_user_id}
    simulator.post("faults", **told, endpoint="POST /2/media/upload/{id}/append", times=3)
    for _ in range(3):
        upload_due()
        MediaUpload.objects.update(due_at=clock.now())
    assert MediaUpload.objects.get().failures == 3
    assert send(bring(message)).state == "sent"


def test_it_is_given_up_at_last(simulator, agent, threads, brand):
    message = say(threads["dm"], agent)
    upload_due()
    MediaUpload.objects.update(
        outcome="open",
        failures=uploading.MOST_FAILURES - 1,
        media_id="",
        sent_bytes=0,
        finalized_at=None,
    )
    message.attachments.update(upload="waiting")
    told = {"fault": "server_error", "brand": brand.x_user_id, "times": 1}
    simulator.post("faults", **told, endpoint="POST /2/media/upload/initialize")
    upload_due()
    message.refresh_from_db()
    assert message.state == "failed"
    assert message.failure.startswith("“parcel.png” was not taken by X.")


def test_of_a_paused_handle_nothing_is_uploaded(agent, threads, brand):
    say(threads["dm"], agent)
    brand.status = BrandAccount.Status.PAUSED
    brand.save()
    assert upload_due() == 0


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


# Two at once: nobody waits in a circle (trust G7)


def finished(upload: MediaUpload) -> None:
    with suppress(LeaseLost):
        finish(upload)


def given_up(upload: MediaUpload) -> None:
    give_up(upload, "X could not read it.")


@pytest.mark.parametrize("end", [finished, given_up])
@pytest.mark.parametrize("goes", ["taken back", "erased"])
def test_what_ends_while_it_is_taken_away_lets_that_go_first(brand, agent, threads, end, goes):
    message = say(threads["dm"], agent)
    upload = take()
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            locked(message.conversation_id)
            ended = pool.submit(elsewhere, end, upload)
            wait_until_waiting()
            if goes == "erased":
                erase_conversations(brand, limit=10)
            else:
                cancel(message, by=agent)
        ended.result(60)
    assert not MediaUpload.objects.exists()
    assert Enclosure.objects.count() == (1 if goes == "taken back" else 0)


@pytest.fixture
def slow(monkeypatch) -> Callable[[], MediaUpload | None]:
    """Takes an upload as a worker that stops for longer than its lease is."""

    def slow() -> MediaUpload | None:
        with monkeypatch.context() as patch:
            patch.setattr(uploading, "LEASE", timedelta(0))
            return take()

    return slow


def test_whose_lease_ran_out_writes_nothing_over_what_another_does(agent, threads, slow):
    message = say(threads["dm"], agent)
    late, other = slow(), take()
    assert late.pk == other.pk
    with pytest.raises(LeaseLost):
        keep(late, media_id="1", sent_bytes=7)
    with pytest.raises(LeaseLost):
        finish(late)
    fail_once(late, "No answer came.")
    give_up(late, "X could not read it.")
    upload, message = MediaUpload.objects.get(), Message.objects.get(pk=message.pk)
    assert (upload.outcome, upload.media_id, upload.failures) == ("open", "", 0)
    assert (upload.lease_until, message.state) == (other.lease_until, "queued")


def test_what_is_just_finished_is_not_begun_once_more(agent, threads, slow):
    say(threads["dm"], agent)
    late = slow()
    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        keep(late, outcome="ready", finished_at=clock.now())
        taken = pool.submit(elsewhere, take)
        until(lambda: taken.done() or waiting(), within=60)
        was_waiting = not taken.done()
    assert (was_waiting, taken.result(60)) == (False, None)
    assert MediaUpload.objects.get().outcome == "ready"


def doubts(attempt: SendAttempt) -> None:
    doubted(attempt, Unconfirmed())


def accepts(attempt: SendAttempt) -> None:
    accepted(attempt, "1992000000000000300")


@pytest.mark.parametrize("end", [doubts, accepts])
def test_what_is_erased_while_x_answers_goes_first(brand, agent, threads, end):
    message = say(threads["dm"], agent, files=())
    attempt = begin(message.conversation_id)
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            locked(message.conversation_id)
            ended = pool.submit(elsewhere, end, attempt)
            wait_until_waiting()
            erase_conversations(brand, limit=10)
        with pytest.raises(ObjectDoesNotExist):
            ended.result(60)
    assert not SendAttempt.objects.exists()


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
