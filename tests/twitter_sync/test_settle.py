"""Waiting until all is known: `twitter_sync.settling`."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from inbox.models import Message
from tests.twitter_sync.bodies import mention_event, post, push, user
from tests.twitter_sync.test_poll import poll_now, posts
from twitter_sync.actions.applying import apply_due
from twitter_sync.actions.polling import poll_due
from twitter_sync.actions.searching import search_due
from twitter_sync.models import RawEvent, SyncCursor
from twitter_sync.settling import Unsettled, behind, unsettled, wait_until_settled

pytestmark = pytest.mark.django_db


def test_a_feed_that_was_read_before_the_last_push_is_read_again(client, acme, carla):
    poll_due()
    SyncCursor.objects.update(polled_at=timezone.now(), due_at=timezone.now() + timedelta(hours=1))
    assert not behind().exists()
    push(client, mention_event(acme, post(carla, "@acme hi", names=[acme]), users=[user(carla)]))
    assert unsettled()["feeds to read"] == 3
    with pytest.raises(Unsettled, match="1 events to apply, 3 feeds to read"):
        wait_until_settled(0)
    assert not SyncCursor.objects.filter(due_at__gt=timezone.now()).exists()


def test_one_that_x_does_not_let_us_read_holds_nobody_up(client, acme, carla):
    poll_due()
    long_ago = timezone.now() - timedelta(hours=1)
    SyncCursor.objects.update(polled_at=long_ago, failure="X says no.")
    push(client, mention_event(acme, post(carla, "@acme hi", names=[acme]), users=[user(carla)]))
    assert "feeds to read" not in unsettled()


def test_what_was_never_searched_for_is_waited_for(simulator, connected):
    brand, customer = connected(), simulator.person()
    posts(simulator, customer["id"], f"@{brand.handle} help")
    poll_now(brand, "mentions")
    apply_due()
    assert unsettled() == {"conversations to search": 1}
    search_due()
    assert unsettled() == {}


def test_a_poll_makes_no_row_of_what_a_push_brought(client, simulator, connected):
    brand, customer = connected(), simulator.person()
    held = posts(simulator, customer["id"], f"@{brand.handle} help")
    poll_now(brand, "mentions")
    apply_due()
    SyncCursor.objects.update(newest_id="")
    posts(simulator, customer["id"], f"@{brand.handle} hello?")
    rows = RawEvent.objects.count()
    RawEvent.objects.update(fact="body:a push")
    assert Message.objects.get().external_id == held
    assert poll_now(brand, "mentions") == 1
    assert RawEvent.objects.count() == rows + 1
