"""Looking on X for what it did not confirm: `twitter_sync.actions.reconciling` (trust R7)."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from inbox.actions.replies import Said, reply
from inbox.actions.retrying import NotRetryable, retry
from inbox.models import Message
from twitter_sync.actions import reconciling
from twitter_sync.actions.applying import apply_due
from twitter_sync.actions.polling import begin_feeds, poll, purpose_of
from twitter_sync.actions.sending import send_next
from twitter_sync.budgets import Purpose
from twitter_sync.models import SyncCursor

pytestmark = pytest.mark.django_db(transaction=True)

LATER = timedelta(hours=1)


@pytest.fixture
def feeds(brand, threads):
    """All were read a moment ago, and are not due for long."""
    begin_feeds()
    for cursor in SyncCursor.objects.all():
        poll(cursor.pk)
    SyncCursor.objects.update(polled_at=timezone.now(), due_at=timezone.now() + LATER)
    return {cursor.feed: cursor for cursor in SyncCursor.objects.all()}


def doubted(simulator, thread, by, *, when: str = "after") -> Message:
    """X hung up without a word: after it took the message, or before."""
    simulator.post("faults", fault="cut", when=when, brand=thread.brand.x_user_id, times=1)
    message = reply(thread, Said("On its way.", uuid4()), by=by)
    send_next(thread.conversation_id)
    message.refresh_from_db()
    assert message.state == "uncertain"
    return message


def due() -> set[str]:
    return set(SyncCursor.objects.filter(due_at__lte=timezone.now()).values_list("feed", flat=True))


def read(message: Message, seconds: float) -> None:
    """Every feed was, so long after the message came to be in doubt, and is not due for long."""
    at = message.uncertain_since + timedelta(seconds=seconds)
    SyncCursor.objects.update(polled_at=at, due_at=timezone.now() + LATER)


def look(message: Message, seconds: float) -> int:
    """So long after the message came to be in doubt."""
    return reconciling.look(message.uncertain_since + timedelta(seconds=seconds))


@pytest.mark.parametrize(("kind", "feed"), [("dm", "dms"), ("public", "own_posts")])
def test_it_is_found_in_the_feed_in_which_it_stands(simulator, agent, feeds, threads, kind, feed):
    message = doubted(simulator, threads[kind], agent)
    read(message, -1)
    assert look(message, 31) == 1
    assert due() == {feed}
    poll(feeds[feed].pk)
    apply_due()
    message.refresh_from_db()
    assert message.state == "sent"
    assert Message.objects.filter(direction="out").count() == 1


def test_its_echo_is_given_half_a_minute(simulator, agent, feeds, threads):
    message = doubted(simulator, threads["dm"], agent)
    read(message, -1)
    assert look(message, 29) == 0
    assert due() == set()


def test_it_is_looked_for_twice_and_no_more(simulator, agent, feeds, threads):
    message = doubted(simulator, threads["dm"], agent, when="before")
    read(message, 31)
    assert look(message, 149) == 0
    assert look(message, 151) == 1
    read(message, 152)
    assert look(message, 300) == 0
    assert Message.objects.get(direction="out").state == "uncertain"


def test_one_that_x_lists_late_is_found_by_the_second_look(simulator, brand, agent, feeds, threads):
    """O3: until then nobody can send it again, and afterwards nobody needs to."""
    lag = {"fault": "lookup_lag", "seconds": 3600, "brand": brand.x_user_id}
    rule = simulator.post("faults", **lag)
    message = doubted(simulator, threads["dm"], agent)
    read(message, -1)
    assert look_and_read(message, 31, feeds["dms"]) == "uncertain"
    with pytest.raises(NotRetryable):
        retry(message, by=agent)
    simulator.delete("faults", id=rule["id"])
    read(message, 31)
    assert look_and_read(message, 151, feeds["dms"]) == "sent"
    with pytest.raises(NotRetryable):
        retry(message, by=agent)


def look_and_read(message: Message, seconds: float, feed: SyncCursor) -> str:
    """What is said of our message then."""
    assert look(message, seconds) == 1
    poll(feed.pk)
    apply_due()
    return Message.objects.get(direction="out").state


def test_a_feed_whose_quota_is_used_up_is_left_until_it_is_not(simulator, agent, feeds, threads):
    message = doubted(simulator, threads["dm"], agent)
    read(message, -1)
    SyncCursor.objects.update(is_limited=True)
    assert look(message, 31) == 0


def test_a_look_may_use_what_polls_leave_to_others(simulator, agent, feeds, threads):
    assert purpose_of(feeds["dms"]) == Purpose.POLL
    doubted(simulator, threads["dm"], agent)
    assert purpose_of(feeds["dms"]) == Purpose.RECONCILE
    assert purpose_of(feeds["own_posts"]) == Purpose.POLL
    Message.objects.update(uncertain_since=timezone.now() - timedelta(minutes=11))
    assert purpose_of(feeds["dms"]) == Purpose.POLL


def test_the_sender_says_it_once_whatever_is_looked_for(simulator, brand, agent, feeds, threads):
    """Three in a conversation, the first in doubt: the others wait, and follow in order (O13)."""
    first = doubted(simulator, threads["dm"], agent)
    words = ["And more.", "And so on."]
    for text in words:
        reply(threads["dm"], Said(text, uuid4()), by=agent)
    assert send_next(first.conversation_id) is None
    read(first, -1)
    assert look(first, 31) == 1
    poll(feeds["dms"].pk)
    apply_due()
    while send_next(first.conversation_id):
        continue
    ours = [
        dm["text"] for dm in simulator.get("ledger")["dms"] if dm["sender_id"] == brand.x_user_id
    ]
    assert ours == ["On its way.", *words]
    states = Message.objects.filter(direction="out").values_list("state", flat=True)
    assert set(states) == {"sent"}
