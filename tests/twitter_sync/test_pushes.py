"""How often X is asked, by what is known of its pushes: `twitter_sync.pushes`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client as Browser
from django.utils import timezone

from accounts.models import BrandAccount, User
from inbox.models import Contact, Message
from tests.factories import make_conversation, make_message, make_thread
from tests.twitter_sync.bodies import dm_received, push
from tests.twitter_sync.held import pushed_to_us
from tests.twitter_sync.test_poll import cursor_of, poll_now
from twitter_sync.actions.applying import apply_due
from twitter_sync.actions.polling import hurry, poll_due
from twitter_sync.models import MissedPush, RawEvent, StreamLease, SyncCursor, Webhook
from twitter_sync.pushes import BOTH_WAYS, DOUBTED_FOR, ONE_WAY, WITHOUT_PUSHES, Feed, pause

pytestmark = pytest.mark.django_db


@pytest.fixture
def pushed(acme: BrandAccount) -> BrandAccount:
    pushed_to_us(acme)
    return acme


def stream(acme: BrandAccount) -> None:
    StreamLease.objects.create(name="activity", heard_at=timezone.now())


def miss(brand: BrandAccount, *, ago: timedelta) -> MissedPush:
    found_at = timezone.now() - ago
    message = make_message(make_thread(make_conversation(brand), "dm"), "Hello")
    return MissedPush.objects.create(
        brand=brand,
        message=message,
        event_type="dm.received",
        said_at=found_at - timedelta(minutes=5),
        found_at=found_at,
    )


# The pause


def test_without_pushes_x_is_asked_as_often_as_its_quota_allows(acme):
    assert pause(acme, Feed.DMS) == WITHOUT_PUSHES


def test_a_webhook_that_x_vouches_for_lets_it_rest(pushed):
    assert pause(pushed, Feed.DMS) == ONE_WAY


def test_a_stream_that_is_heard_does_too(pushed):
    Webhook.objects.update(is_valid=False)
    assert pause(pushed, Feed.DMS) == WITHOUT_PUSHES
    stream(pushed)
    assert pause(pushed, Feed.DMS) == ONE_WAY


def test_both_let_it_rest_longer(pushed):
    stream(pushed)
    assert pause(pushed, Feed.DMS) == BOTH_WAYS


def test_what_nobody_vouched_for_lately_proves_nothing(pushed):
    stream(pushed)
    Webhook.objects.update(proven_at=timezone.now() - timedelta(minutes=6))
    assert pause(pushed, Feed.DMS) == ONE_WAY
    StreamLease.objects.update(heard_at=timezone.now() - timedelta(minutes=1))
    assert pause(pushed, Feed.DMS) == WITHOUT_PUSHES


@pytest.mark.parametrize(
    ("lacking", "feed"),
    [
        ("dm.sent", Feed.DMS),
        ("post.reply.create", Feed.MENTIONS),
        ("post.create", Feed.OWN_POSTS),
    ],
)
def test_a_feed_that_x_is_not_asked_to_tell_of_is_polled_as_often(pushed, lacking, feed):
    pushed.subscriptions.filter(event_type=lacking).update(external_id="")
    told = {one: pause(pushed, one) == ONE_WAY for one in Feed}
    assert told == {one: one != feed for one in Feed}


def test_pushes_that_polling_proved_wrong_are_doubted_for_a_while(pushed, globex):
    pushed_to_us(globex)
    missed = miss(pushed, ago=timedelta(minutes=3))
    assert pause(pushed, Feed.DMS) == WITHOUT_PUSHES
    assert pause(globex, Feed.DMS) == ONE_WAY
    MissedPush.objects.filter(pk=missed.pk).update(found_at=timezone.now() - DOUBTED_FOR)
    assert pause(pushed, Feed.DMS) == ONE_WAY


def test_a_push_that_may_still_come_raises_no_doubt(pushed):
    missed = miss(pushed, ago=timedelta(0))
    MissedPush.objects.filter(pk=missed.pk).update(said_at=timezone.now() - timedelta(minutes=1))
    assert pause(pushed, Feed.DMS) == ONE_WAY


def test_a_poll_rests_for_so_long(connected: Callable[..., BrandAccount]):
    brand = connected()
    poll_now(brand)
    assert rests(brand) < WITHOUT_PUSHES
    pushed_to_us(brand)
    poll_now(brand)
    assert WITHOUT_PUSHES < rests(brand) < ONE_WAY


def rests(brand: BrandAccount) -> timedelta:
    return cursor_of(brand).due_at - timezone.now()


# At once


@pytest.fixture
def feeds(pushed: BrandAccount) -> BrandAccount:
    """Polled two minutes ago, and not due for a while."""
    now = timezone.now()
    for feed in Feed:
        SyncCursor.objects.create(
            brand=pushed,
            feed=feed,
            polled_at=now - timedelta(minutes=2),
            due_at=now + timedelta(minutes=3),
        )
    return pushed


def due() -> set[str]:
    return set(SyncCursor.objects.filter(due_at__lte=timezone.now()).values_list("feed", flat=True))


def test_the_first_push_after_a_silence_that_polling_noticed_has_x_asked_at_once(
    client: Browser, feeds: BrandAccount, carla: Contact
):
    miss(feeds, ago=timedelta(minutes=2))
    poll_due()
    assert due() == set()
    push(client, dm_received(feeds, carla, "Anybody?"))
    apply_due()
    assert Message.objects.filter(text="Anybody?").exists()
    assert poll_due() == 3
    assert due() == set(Feed)


def test_the_pushes_after_that_have_it_asked_no_more(
    client: Browser, feeds: BrandAccount, carla: Contact
):
    miss(feeds, ago=timedelta(minutes=2))
    SyncCursor.objects.update(polled_at=timezone.now())
    push(client, dm_received(feeds, carla))
    apply_due()
    assert poll_due() == 0


def test_pushes_that_came_before_the_finding_end_no_silence(
    client: Browser, feeds: BrandAccount, carla: Contact
):
    push(client, dm_received(feeds, carla))
    apply_due()
    RawEvent.objects.update(received_at=timezone.now() - timedelta(minutes=9))
    miss(feeds, ago=timedelta(minutes=2))
    assert poll_due() == 0


def test_a_quota_that_is_used_up_is_waited_for(
    client: Browser, feeds: BrandAccount, carla: Contact
):
    SyncCursor.objects.filter(feed="dms").update(is_limited=True)
    miss(feeds, ago=timedelta(minutes=2))
    push(client, dm_received(feeds, carla))
    apply_due()
    assert poll_due() == 2
    hurry()
    assert due() == {"mentions", "own_posts"}


def test_a_handle_that_does_not_listen_is_hurried_by_nobody(feeds: BrandAccount, olga: User):
    BrandAccount.objects.update(status="disconnected")
    hurry()
    assert due() == set()
