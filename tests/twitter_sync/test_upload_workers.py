"""Uploads while workers die, X is busy, or two do something at once: `…actions.uploading`."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ObjectDoesNotExist
from django.db import transaction

from accounts import clock
from accounts.models import BrandAccount
from inbox.actions.erasing import erase_conversations
from inbox.actions.recording import locked
from inbox.actions.taking_back import cancel
from inbox.models import Enclosure, Message
from tests.locks import elsewhere, wait_until_waiting, waiting
from tests.pictures import FILM
from tests.stack import until
from tests.twitter_sync.enclosed import bring, on_x, say, send
from twitter_sync import uploads
from twitter_sync.actions import uploading
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
from twitter_sync.models import MediaUpload, SendAttempt

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("media_folder"),
]


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
