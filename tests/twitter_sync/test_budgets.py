from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from email.utils import format_datetime
from threading import Barrier

import pytest
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from twitter_sync import budgets
from twitter_sync.budgets import APP, Purpose
from twitter_sync.endpoints import LIMITS
from twitter_sync.errors import OutOfBudget
from twitter_sync.models import RateBudget
from twitter_sync.transport import Reply

ACME, GLOBEX = budgets.user_scope("1"), budgets.user_scope("2")
ODD = ["", " ", "1e3", "²", "٣", "9" * 40, "9" * 5_000, "never", "Sun, 32 Nov 2026 10:00:00 GMT"]
pytestmark = pytest.mark.django_db


def taken(scope: str, endpoint: str, purpose: Purpose = Purpose.AGENT, tries: int = 2_000) -> int:
    """How many calls are let through before the first that is not."""
    for count in range(tries):
        try:
            budgets.take(scope, endpoint, purpose=purpose)
        except OutOfBudget:
            return count
    return tries


def headers(
    allowed: int = 15, remaining: int = 14, resets_in: float = 900, prefix: str = "x-rate-limit"
) -> dict[str, str]:
    return {
        f"{prefix}-limit": str(allowed),
        f"{prefix}-remaining": str(remaining),
        f"{prefix}-reset": str(int(time.time() + resets_in)),
    }


def held(scope: str, endpoint: str, window: str = "15m") -> RateBudget:
    return RateBudget.objects.get(scope=scope, endpoint=endpoint, window=window)


def refused(scope: str, endpoint: str, said: dict[str, str]) -> datetime:
    return budgets.note(scope, endpoint, Reply(429, said, b""))


def test_x_documented_limit_holds_before_x_has_said_a_word() -> None:
    assert taken(ACME, "dm_events") == 15
    assert taken(GLOBEX, "dm_events") == 15
    assert taken(ACME, "mentions") == 300


def test_a_refusal_says_when_to_try_again() -> None:
    taken(ACME, "dm_events")
    with pytest.raises(OutOfBudget) as caught:
        budgets.take(ACME, "dm_events")
    assert near(caught.value.resets_at, timezone.now() + timedelta(minutes=15))
    assert not caught.value.may_have_taken_effect


def test_a_full_window_begins_when_the_old_one_has_passed() -> None:
    taken(ACME, "dm_events")
    RateBudget.objects.update(resets_at=timezone.now() - timedelta(seconds=1))
    assert taken(ACME, "dm_events") == 15


def test_polling_leaves_a_reserve_to_agents() -> None:
    assert taken(ACME, "dm_events", Purpose.PROFILE) == 7
    assert taken(ACME, "dm_events", Purpose.POLL) == 5
    assert taken(ACME, "dm_events", Purpose.RECONCILE, tries=1) == 1
    assert taken(ACME, "dm_events", Purpose.AGENT) == 2


def test_all_handles_share_the_day_of_the_app() -> None:
    for scope in (ACME, GLOBEX):
        budgets.take(scope, "dm_send")
    assert held(APP, "dm_send", "24h").remaining == 1_438
    RateBudget.objects.filter(scope=APP).update(remaining=1)
    budgets.take(ACME, "dm_send")
    with pytest.raises(OutOfBudget) as caught:
        budgets.take(GLOBEX, "dm_send")
    assert near(caught.value.resets_at, timezone.now() + timedelta(days=1))


def test_a_refused_call_takes_from_no_window() -> None:
    budgets.take(ACME, "dm_send")
    RateBudget.objects.filter(scope=APP).update(remaining=0)
    with pytest.raises(OutOfBudget):
        budgets.take(ACME, "dm_send")
    assert held(ACME, "dm_send").remaining == 14


def test_x_headers_correct_the_count() -> None:
    budgets.take(ACME, "dm_events")
    budgets.note_headers(ACME, "dm_events", headers(remaining=3, resets_in=120))
    row = held(ACME, "dm_events")
    assert row.remaining == 3
    assert near(row.resets_at, timezone.now() + timedelta(seconds=120))


def test_a_limit_other_than_the_documented_one_is_believed() -> None:
    """A probe saw 99 where the documents say 15 (reference: x-api §3.4)."""
    budgets.take(ACME, "dm_send")
    budgets.note_headers(ACME, "dm_send", headers(allowed=99, remaining=98))
    assert taken(ACME, "dm_send") == 98


def test_answers_that_overtake_each_other_never_raise_the_count() -> None:
    for _ in range(8):
        budgets.take(ACME, "dm_events")
    for remaining in (7, 12, 9, 14):
        budgets.note_headers(ACME, "dm_events", headers(remaining=remaining))
    assert held(ACME, "dm_events").remaining == 7


def test_a_new_window_of_x_is_believed_whole() -> None:
    for _ in range(8):
        budgets.take(ACME, "dm_events")
    RateBudget.objects.update(resets_at=timezone.now() + timedelta(seconds=5))
    budgets.note_headers(ACME, "dm_events", headers(remaining=14))
    assert held(ACME, "dm_events").remaining == 14


def test_headers_of_a_window_that_is_over_say_nothing() -> None:
    budgets.take(ACME, "dm_events")
    budgets.note_headers(ACME, "dm_events", headers(remaining=0, resets_in=-3))
    assert held(ACME, "dm_events").remaining == 14


def test_the_day_windows_have_headers_of_their_own() -> None:
    said = headers(remaining=10)
    said |= headers(1_440, 700, 80_000, "x-user-limit-24hour")
    said |= headers(1_440, 20, 50_000, "x-app-limit-24hour")
    budgets.take(ACME, "dm_send")
    budgets.note_headers(ACME, "dm_send", said)
    assert held(ACME, "dm_send").remaining == 10
    assert held(ACME, "dm_send", "24h").remaining == 700
    assert held(APP, "dm_send", "24h").remaining == 20


@pytest.mark.parametrize("skew", [-600, 0, 600])
def test_a_wrong_clock_does_no_harm(skew: int) -> None:
    budgets.take(ACME, "dm_events")
    x_now = timezone.now() + timedelta(seconds=skew)
    said = headers(remaining=0, resets_in=300 + skew) | {"date": format_datetime(x_now)}
    until = refused(ACME, "dm_events", said)
    assert near(until, timezone.now() + timedelta(seconds=300), seconds=6)


def test_too_many_is_obeyed_until_the_reset() -> None:
    budgets.take(ACME, "dm_events")
    until = refused(ACME, "dm_events", headers(remaining=0, resets_in=240))
    assert near(until, timezone.now() + timedelta(seconds=240), seconds=6)
    with pytest.raises(OutOfBudget) as caught:
        budgets.take(ACME, "dm_events")
    assert caught.value.resets_at == until


def test_a_reset_in_the_past_is_no_leave_to_try_at_once() -> None:
    budgets.take(ACME, "dm_events")
    until = refused(ACME, "dm_events", headers(remaining=0, resets_in=-100))
    assert until >= timezone.now() + timedelta(seconds=29)
    assert taken(ACME, "dm_events") == 0


def test_too_many_without_headers_pauses_for_the_window_that_we_know() -> None:
    budgets.take(ACME, "dm_events")
    until = refused(ACME, "dm_events", {})
    assert near(until, timezone.now() + timedelta(minutes=15), seconds=6)
    assert taken(ACME, "dm_events") == 0


def test_too_many_with_calls_left_means_that_the_day_is_used_up() -> None:
    budgets.take(ACME, "dm_send")
    refused(ACME, "dm_send", headers(remaining=9))
    assert held(ACME, "dm_send", "24h").remaining == 0
    assert held(ACME, "dm_send").remaining == 14
    assert taken(ACME, "dm_send") == 0


def test_a_day_that_no_document_tells_of_is_obeyed_as_well() -> None:
    said = headers(100, 60) | headers(100, 0, 80_000, "x-user-limit-24hour")
    budgets.take(ACME, "post_create")
    until = refused(ACME, "post_create", said)
    with pytest.raises(OutOfBudget) as caught:
        budgets.take(ACME, "post_create")
    assert caught.value.resets_at == until
    budgets.take(GLOBEX, "post_create")


def test_a_call_inside_a_transaction_is_refused() -> None:
    """Tests run inside one, which Django doesn't count."""
    with transaction.atomic(), pytest.raises(RuntimeError, match="durable"):
        budgets.take(ACME, "dm_events")


@pytest.mark.django_db(transaction=True)
def test_workers_at_once_never_exceed_the_limit() -> None:
    barrier = Barrier(8)

    def work() -> int:
        try:
            barrier.wait(timeout=60)
            return taken(ACME, "dm_send", tries=40)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        counts = [done.result() for done in [pool.submit(work) for _ in range(8)]]
    assert sum(counts) == LIMITS["dm_send"].user_15m


def test_a_number_that_python_will_not_read_is_passed_over() -> None:
    budgets.take(ACME, "dm_events")
    budgets.note_headers(ACME, "dm_events", headers() | {"x-rate-limit-remaining": "9" * 5_000})
    assert held(ACME, "dm_events").remaining == 14


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    said=st.dictionaries(
        st.sampled_from([*headers(), *headers(prefix="x-app-limit-24hour"), "date"]),
        st.one_of(st.integers().map(str), st.sampled_from(ODD)),
    ),
    status=st.sampled_from([200, 429]),
)
def test_no_header_breaks_the_count(said: dict[str, str], status: int) -> None:
    budgets.note(ACME, "dm_send", Reply(status, said, b""))


def near(moment: datetime, wanted: datetime, seconds: float = 3) -> bool:
    return abs((moment - wanted).total_seconds()) <= seconds
