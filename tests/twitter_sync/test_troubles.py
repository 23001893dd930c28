"""What is said of a handle that is not well, and in which order."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from accounts.models import BrandAccount
from twitter_sync.checklist import Checklist, KindOfNews
from twitter_sync.completeness import Completeness, Missed
from twitter_sync.models import (
    Connection,
    RateBudget,
    Spending,
    StreamLease,
    SyncCursor,
    SyncGap,
    Webhook,
)
from twitter_sync.progress import Progress
from twitter_sync.troubles import Level, Signs, troubles_of
from twitter_sync.vitals import Backlog

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


def well(status: str = "connected", **changed: object) -> Signs:
    """A handle that nothing is wrong with."""
    brand = BrandAccount(handle="acme", status=status)
    connection = Connection(brand=brand, expires_at=ago(hours=-1), connected_at=ago(days=9))
    cursors = [SyncCursor(brand=brand, feed=feed, polled_at=ago(minutes=1)) for feed in ("dms",)]
    held = Checklist(
        brand=brand,
        connection=connection,
        webhook=Webhook(url="https://desk.example.com/", is_valid=True),
        stream=None,
        kinds=[KindOfNews("Mentions", is_active=True, failure="")],
        offered=[],
        cursors=cursors,
        pushed_at=NOW,
        progress=Progress([], 0, NOW, None, []),
        completeness=Completeness(NOW, None, []),
    )
    signs = Signs(
        checklist=held,
        now=NOW,
        backlog=Backlog(0, None),
        pace=Spending.Pace.FULL,
        opens_tokens=True,
        is_out_of_credits=False,
        set_aside=0,
        uncertain=0,
        overdue=0,
        used_up=[],
    )
    of_list = {name: told for name, told in changed.items() if hasattr(held, name)}
    of_all = {name: told for name, told in changed.items() if name not in of_list}
    return replace(signs, checklist=replace(held, **of_list), **of_all)


def said(signs: Signs) -> list[tuple[str, Level]]:
    return [(trouble.title, trouble.level) for trouble in troubles_of(signs)]


def cursor(**fields: object) -> list[SyncCursor]:
    return [SyncCursor(feed="mentions", **fields)]


def gap(**fields: object) -> list[SyncGap]:
    return [SyncGap(feed="dms", begins_at=ago(hours=2), ends_at=ago(hours=1), **fields)]


def test_a_handle_that_is_well_has_no_trouble():
    assert said(well()) == []


@pytest.mark.parametrize(
    ("changed", "title", "level"),
    [
        ({"opens_tokens": False}, "The stored sign-in can’t be opened", Level.DANGER),
        ({"is_out_of_credits": True}, "No credits left at X", Level.DANGER),
        ({"set_aside": 1}, "1 event set aside", Level.WARNING),
        ({"uncertain": 2}, "2 replies not confirmed", Level.WARNING),
        ({"overdue": 1}, "1 reply not going out", Level.DANGER),
        ({"backlog": Backlog(9, ago(minutes=3))}, "News is late", Level.WARNING),
        ({"backlog": Backlog(9, ago(minutes=11))}, "News is late", Level.DANGER),
        ({"pace": Spending.Pace.SLOW}, "Fetched less often", Level.NOTE),
        ({"pace": Spending.Pace.STOPPED}, "Nothing is fetched", Level.WARNING),
        ({"webhook": None}, "X doesn’t push", Level.WARNING),
        ({"webhook": Webhook(is_valid=False, failure="No")}, "X doesn’t push", Level.WARNING),
        (
            {"kinds": [KindOfNews("Mentions", False, "")]},
            "1 kind of news not pushed",
            Level.WARNING,
        ),
        (
            {
                "webhook": Webhook(
                    is_valid=True, answer_failure="It answers 502.", answered_in_seconds=0.1
                )
            },
            "Our address answers X wrongly",
            Level.WARNING,
        ),
        ({"cursors": cursor(polled_at=ago(minutes=31))}, "Mentions stand still", Level.DANGER),
        ({"cursors": cursor(polled_at=None)}, "Mentions stand still", Level.DANGER),
        (
            {"cursors": cursor(polled_at=ago(minutes=2), failure="No.")},
            "Mentions could not be fetched",
            Level.WARNING,
        ),
        (
            {"completeness": Completeness(NOW, Missed(4, NOW, NOW), [])},
            "4 messages missed by push",
            Level.NOTE,
        ),
        (
            {"completeness": Completeness(NOW, Missed(5, NOW, NOW), [])},
            "5 messages missed by push",
            Level.WARNING,
        ),
        ({"completeness": Completeness(NOW, None, gap())}, "Catching up", Level.NOTE),
        (
            {"completeness": Completeness(NOW, None, gap(given_up_at=NOW))},
            "Something may be missing for good",
            Level.WARNING,
        ),
        (
            {"used_up": [RateBudget(endpoint="dm_send", resets_at=NOW)]},
            "X takes no more private replies for now",
            Level.WARNING,
        ),
        (
            {"used_up": [RateBudget(endpoint="mentions", resets_at=NOW)]},
            "Looks at mentions: used up",
            Level.NOTE,
        ),
    ],
)
def test_one_thing_that_is_wrong_is_one_trouble(changed, title, level):
    [(found, how_bad)] = said(well(**changed))
    assert found.startswith(title)
    assert how_bad == level


def test_a_handle_that_x_streams_to_can_do_without_pushes():
    stream = StreamLease(heard_at=timezone.now())
    [(found, how_bad)] = said(well(webhook=None, stream=stream))
    assert (found.startswith("X doesn’t push"), how_bad) == (True, Level.NOTE)


@pytest.mark.parametrize(("minutes", "level"), [(4, Level.WARNING), (-1, Level.DANGER)])
def test_a_sign_in_that_was_not_renewed_is_told_before_it_runs_out(minutes, level):
    signs = well()
    signs.checklist.connection.expires_at = ago(minutes=-minutes)
    assert said(signs) == [("The sign-in was not renewed", level)]


def test_an_address_that_could_not_be_reached_from_here_is_no_trouble():
    webhook = Webhook(is_valid=True, answer_failure="It could not be reached from here.")
    assert said(well(webhook=webhook)) == []


def test_a_feed_that_waits_for_xs_quota_does_not_stand_still():
    assert said(well(cursors=cursor(polled_at=ago(hours=1), is_limited=True))) == []


def test_a_feed_that_the_owners_limit_stops_does_not_stand_still():
    stopped = well(pace=Spending.Pace.STOPPED, cursors=cursor(polled_at=ago(hours=9), failure="x"))
    assert [title for title, _ in said(stopped)] == [
        "Nothing is fetched: the month’s limit is reached"
    ]


def test_while_it_is_set_up_nothing_is_missing_yet():
    signs = well(webhook=None)
    signs.checklist.connection.set_up_due_at = NOW
    assert said(signs) == []


@pytest.mark.parametrize(
    ("status", "title", "level"),
    [
        ("needs_reconnect", "Must be reconnected", Level.DANGER),
        ("disconnected", "Disconnected", Level.NOTE),
    ],
)
def test_of_a_handle_that_nobody_may_call_x_for_only_that_is_said(status, title, level):
    """And what its people can do something about all the same."""
    signs = well(
        status, cursors=cursor(polled_at=ago(days=9)), webhook=None, overdue=3, set_aside=1
    )
    assert set(said(signs)) == {(title, level), ("1 event set aside", Level.WARNING)}


def test_a_paused_handle_keeps_its_replies_without_an_alarm():
    assert said(well("paused", overdue=3)) == [("Paused", Level.NOTE)]


def test_the_worst_comes_first():
    signs = well("paused", set_aside=1, is_out_of_credits=True)
    assert [level for _, level in said(signs)] == [Level.DANGER, Level.WARNING, Level.NOTE]


def test_what_x_says_is_text_and_no_markup():
    [trouble] = troubles_of(well(cursors=cursor(polled_at=ago(hours=1), failure="<b>No</b>")))
    assert "&lt;b&gt;No" in trouble.text


def test_an_address_that_x_refuses_comes_with_a_way_out():
    refused = Webhook(
        url="https://desk.example.com/webhooks/x/", failure="CrcValidationFailed: no answer."
    )
    [trouble] = troubles_of(well(webhook=refused))
    assert trouble.text.startswith("X asked https://desk.example.com/webhooks/x/ for proof")
    assert "X’s words: CrcValidationFailed: no answer." in trouble.text


def test_another_refusal_is_told_as_x_told_it():
    [trouble] = troubles_of(well(webhook=Webhook(failure="X is closed today.")))
    assert trouble.text.startswith("X is closed today. News is fetched")
