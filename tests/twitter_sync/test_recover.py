"""What X could not push is asked for again: `twitter_sync.actions.recovering`."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client as Browser
from django.utils import timezone
from pytest_django import Settings

from accounts.models import BrandAccount
from inbox.models import Message
from tests.twitter_sync.bodies import dm_received, push
from tests.twitter_sync.held import invalidate, pushed_to_us
from tests.twitter_sync.small_x import Said, SmallX
from tests.twitter_sync.test_calls_simulated import finished
from tests.twitter_sync.working import apply_all
from tests.x import Simulator
from twitter_sync import oauth
from twitter_sync.actions import recovering
from twitter_sync.actions.applying import apply_due
from twitter_sync.actions.recovering import MOST_ATTEMPTS, REACH, ask, note_outage, open_gaps
from twitter_sync.actions.setting_up import set_up, watch
from twitter_sync.actions.sweeping import sweep
from twitter_sync.models import RawEvent, Replay, StreamLease, SyncCursor, SyncGap, Webhook

pytestmark = pytest.mark.django_db
NO_JOB = {"title": "Invalid Request", "errors": [{"message": "ReplayConflictError: busy"}]}


@pytest.fixture
def pushed(acme: BrandAccount, small_x: SmallX, monkeypatch: pytest.MonkeyPatch) -> BrandAccount:
    """X has pushed to us for a day, and takes a job."""
    pushed_to_us(acme)
    monkeypatch.setattr(oauth, "app_bearer", lambda **_: "token-of-the-app")
    small_x.answer("POST /2/webhooks/replay", {"data": {"job_id": "41", "created_at": "now"}})
    return acme


def ago(**span: float) -> Any:
    return timezone.now() - timedelta(**span)


def outage(*, hours: float = 1) -> Replay:
    open_gaps(Webhook.objects.get(), since=ago(hours=hours), until=timezone.now(), is_new=False)
    return Replay.objects.get()


def says_the_end(client: Browser, job: str = "41", state: str = "Complete") -> None:
    status = {"webhook_id": "77", "job_state": state, "job_state_description": "Said so."}
    push(client, {"replay_job_status": {**status, "job_id": job}})
    apply_all()


def states() -> list[tuple[str, bool, bool]]:
    rows = SyncGap.objects.order_by("begins_at")
    return [(row.feed, row.healed_at is not None, row.is_given_up) for row in rows]


# The outage, with the simulator


@pytest.fixture
def brand(webhook_url: str, connected: Callable[..., BrandAccount]) -> BrandAccount:
    return connected()


def test_a_webhook_that_was_off_is_on_again_and_its_news_is_asked_for(
    brand: BrandAccount, settings: Settings, simulator: Simulator
) -> None:
    set_up(brand)
    later = timezone.now() + timedelta(hours=1)
    SyncCursor.objects.create(brand=brand, feed="dms", due_at=later)
    proven_at = Webhook.objects.get().proven_at
    invalidate(settings)
    watch()
    replay, gap = Replay.objects.get(), SyncGap.objects.get()
    assert (replay.since, gap.begins_at, gap.replay) == (proven_at, proven_at, replay)
    assert (gap.brand, gap.feed, gap.reason) == (brand, "pushes", "outage")
    assert SyncCursor.objects.get().due_at <= timezone.now()
    ask(replay.pk)
    replay.refresh_from_db()
    assert replay.state == Replay.State.ASKED
    assert finished(simulator, replay.external_id)["state"] == "complete"


def test_a_webhook_that_stays_off_is_said_and_x_is_asked_more_often(
    brand: BrandAccount, settings: Settings
) -> None:
    set_up(brand)
    later = timezone.now() + timedelta(hours=1)
    SyncCursor.objects.create(brand=brand, feed="dms", due_at=later)
    proven_at = Webhook.objects.get().proven_at
    invalidate(settings)
    right = settings.X_CONSUMER_SECRET, settings.X_CLIENT_SECRET
    settings.X_CONSUMER_SECRET = settings.X_CLIENT_SECRET = "wrong"
    watch()
    assert SyncCursor.objects.get().due_at <= timezone.now()
    assert (Webhook.objects.get().is_valid, Replay.objects.exists()) == (False, False)
    settings.X_CONSUMER_SECRET, settings.X_CLIENT_SECRET = right
    watch()
    assert Replay.objects.get().since == proven_at


def test_while_all_is_well_nothing_is_asked_for(brand: BrandAccount) -> None:
    set_up(brand)
    watch()
    watch()
    assert not SyncGap.objects.exists()


def test_after_a_standstill_of_our_own_the_news_since_the_last_push_is_asked_for(
    brand: BrandAccount,
) -> None:
    """Nobody looked for an hour: X may have met a closed door."""
    set_up(brand)
    Webhook.objects.update(proven_at=ago(hours=2))
    received_at = ago(hours=1)
    RawEvent.objects.create(source="webhook", fact="1", body=b"{}", received_at=received_at)
    watch()
    assert Replay.objects.get().since == received_at


def test_what_the_stream_brought_all_the_time_was_not_missed(
    brand: BrandAccount, settings: Settings
) -> None:
    set_up(brand)
    StreamLease.objects.create(
        name="activity", heard_at=timezone.now(), unbroken_since=ago(hours=3)
    )
    invalidate(settings)
    watch()
    assert not SyncGap.objects.exists()


# The job


def test_a_job_that_x_completes_heals_the_gap(client, pushed, carla, small_x):
    replay = outage()
    ask(replay.pk)
    [call] = small_x.calls
    assert set(call.json) == {"webhook_id", "from_date", "to_date"}
    assert call.json["webhook_id"] == "77"
    said_at = ago(minutes=30)
    push(client, dm_received(pushed, carla, "In vain?", at=said_at) | {"meta": {"replay": True}})
    says_the_end(client)
    sweep()
    gap, replay = SyncGap.objects.get(), Replay.objects.get()
    assert (replay.state, gap.healed_by, gap.found) == ("complete", "replay", 1)
    assert Message.objects.get().text == "In vain?"


def test_a_gap_is_open_until_all_that_the_job_brought_is_sorted(client, pushed):
    ask(outage().pk)
    says_the_end(client)
    late = RawEvent.objects.create(source="webhook", fact="late", body=b"{}", received_at=ago())
    RawEvent.objects.filter(pk=late.pk).update(received_at=ago(minutes=1))
    sweep()
    assert states() == [("pushes", False, False)]
    apply_due()
    sweep()
    assert states() == [("pushes", True, False)]


def test_an_end_that_x_tells_before_we_know_the_name_is_heard_all_the_same(
    client, pushed, monkeypatch
):
    """The job was so short that its end overtook the answer to our question."""
    replay = outage()
    ask_x = recovering.Client.replay_webhook

    def told_at_once(self, *args, **how):
        answer = ask_x(self, *args, **how)
        says_the_end(client)
        return answer

    monkeypatch.setattr(recovering.Client, "replay_webhook", told_at_once)
    ask(replay.pk)
    apply_due()
    assert Replay.objects.get().state == "complete"


def test_a_job_that_nobody_here_asked_for_is_nothing_of_ours(client, pushed):
    ask(outage().pk)
    says_the_end(client, job="99")
    assert Replay.objects.get().state == "asked"
    assert RawEvent.objects.get().state == RawEvent.State.IGNORED


def test_a_job_that_failed_is_asked_for_again(client, pushed, small_x):
    replay = outage()
    ask(replay.pk)
    says_the_end(client, state="Incomplete")
    replay.refresh_from_db()
    assert (replay.state, replay.failure) == ("wanted", "Said so.")
    assert recovering.sweep() == []
    Replay.objects.update(due_at=timezone.now())
    small_x.answer("POST /2/webhooks/replay", {"data": {"job_id": "42"}})
    assert recovering.sweep() == [replay.pk]
    ask(replay.pk)
    says_the_end(client, job="42")
    sweep()
    assert states() == [("pushes", True, False)]


def test_a_job_that_x_forgets_is_asked_for_again(pushed):
    replay = outage()
    ask(replay.pk)
    assert recovering.sweep() == []
    Replay.objects.update(due_at=timezone.now())
    assert recovering.sweep() == [replay.pk]


def test_what_x_refuses_again_and_again_is_given_up_with_its_gap(pushed, small_x):
    small_x.answer("POST /2/webhooks/replay", Said(NO_JOB, status=400))
    replay = outage()
    for _ in range(MOST_ATTEMPTS):
        assert states() == [("pushes", False, False)]
        Replay.objects.update(due_at=timezone.now())
        ask(replay.pk)
    replay.refresh_from_db()
    assert (replay.state, "busy" in replay.failure) == ("failed", True)
    assert states() == [("pushes", False, True)]
    assert recovering.sweep() == []


@pytest.mark.parametrize("status", [503, 402], ids=["X is away", "no credits"])
def test_what_says_nothing_of_the_job_is_no_reason_to_give_up(pushed, small_x, status):
    small_x.answer("POST /2/webhooks/replay", Said({}, status=status))
    replay = outage()
    for _ in range(2 * MOST_ATTEMPTS):
        Replay.objects.update(due_at=timezone.now())
        ask(replay.pk)
    assert states() == [("pushes", False, False)]


def test_what_x_keeps_no_longer_is_lost_at_once(pushed):
    outage(hours=30)
    lost, asked_for = SyncGap.objects.order_by("begins_at")
    assert states() == [("pushes", False, True), ("pushes", False, False)]
    assert lost.ends_at == asked_for.begins_at == Replay.objects.get().since
    assert abs(timezone.now() - REACH - lost.ends_at) < timedelta(seconds=5)


def test_of_an_address_that_x_knows_since_now_nothing_is_sent_again(pushed):
    note_outage(Webhook.objects.get(), since=ago(hours=1), is_new=True)
    assert (states(), Replay.objects.count()) == ([("pushes", False, True)], 0)


def test_a_handle_whose_news_nobody_is_told_of_misses_none(pushed, globex):
    outage()
    assert [gap.brand for gap in SyncGap.objects.all()] == [pushed]


def test_a_job_is_asked_for_once_at_a_time(pushed, small_x):
    replay = outage()
    ask(replay.pk)
    ask(replay.pk)
    assert len(small_x.calls) == 1


# Twice


def replay_everything_twice(client: Browser, brand: BrandAccount, carla: Any, count: int) -> None:
    """A job over what we hold already makes no rows, and tells nobody."""
    bodies = [dm_received(brand, carla, f"No. {number}") for number in range(count)]
    for body in bodies:
        push(client, body)
    apply_all()
    conversation = Message.objects.first().conversation
    before = RawEvent.objects.count(), Message.objects.count(), conversation.version
    for body in bodies:
        push(client, json.dumps(body | {"meta": {"replay": True}}).encode())
    assert apply_due() == 0
    conversation.refresh_from_db()
    assert (RawEvent.objects.count(), Message.objects.count(), conversation.version) == before


def test_a_replay_of_what_is_held_makes_nothing(client, acme, carla):
    """Trust I14, small."""
    replay_everything_twice(client, acme, carla, 10)


@pytest.mark.deep
def test_a_replay_of_a_day_that_is_held_makes_nothing(client, acme, carla):
    """Trust I14."""
    replay_everything_twice(client, acme, carla, 1_000)
