"""Parts of a running Handled are killed while people write and answer: checks C1 to C9."""

from __future__ import annotations

import os
import signal

import pytest

from tests.faults.lines import How
from tests.faults.trial import Trial
from tests.stack import until

pytestmark = pytest.mark.faults

SWEPT_WITHIN = 120.0
# While the queue hangs, and the longest that X waits for an answer.
PUSHES, X_WAITS = 40, 10.0


def test_killed_workers_lose_nothing(trial, size):
    killed = trial("C1")
    with killed.under_way(size.load):
        for _ in range(2 * size.times):
            killed.breaks.kill_somebody()
            killed.breaks.pause()
    killed.must_hold()


def test_a_killed_clock_and_three_at_once_do_everything_once(trial, size, tmp_path):
    clocks = trial("C2")
    with clocks.under_way(size.load), clocks.breaks.more_beats(2, tmp_path):
        for _ in range(size.times):
            clocks.breaks.restart("beat", signal.SIGKILL)
            clocks.breaks.pause()
    clocks.must_hold()


def test_a_queue_that_is_killed_and_emptied_loses_nothing(trial, size):
    emptied = trial("C3")
    with emptied.under_way(size.load):
        for _ in range(size.times):
            emptied.breaks.restart("valkey", signal.SIGKILL)
            emptied.breaks.flush_queue()
            emptied.breaks.pause()
    emptied.must_hold()


def test_a_queue_that_hangs_holds_up_nobody(trial, size):
    """Pushes are answered and kept meanwhile (C4): X waits ten seconds for none of them."""
    hung = trial("C4")
    with hung.under_way(size.load), hung.breaks.stopped(hung.breaks.pid("valkey"), "valkey"):
        before = len(hung.lines.of("push", How.OK))
        until(lambda: len(hung.lines.of("push", How.OK)) >= before + PUSHES, within=60)
    hung.must_hold()
    assert hung.most <= X_WAITS


def test_a_crashed_database_loses_nothing_that_was_acknowledged(trial, size):
    crashed = trial("C5")
    with crashed.under_way(size.load):
        for _ in range(size.times):
            crashed.breaks.crash_database()
            crashed.breaks.pause()
    crashed.must_hold()


def test_a_session_killed_while_it_writes_loses_nothing(trial, size):
    cut = trial("C6")
    with cut.under_way(size.load):
        for _ in range(size.times):
            cut.breaks.kill_backend()
            cut.breaks.pause()
    cut.must_hold()


def test_a_sender_that_sleeps_longer_than_its_lease_sends_nothing_twice(trial, size, stack):
    """X is silent until the sender is in the middle of a call; it accepts while the sender sleeps,
    which hears of that when its lease is long over."""
    asleep = trial("C8")
    with asleep.under_way(size.load):
        with asleep.breaks.stopped(stack.pids["simulator"], "simulator"):
            attempts = until(lambda: open_attempts(asleep), within=60)
            sender = asleep.breaks.pid("worker-send")
            os.kill(sender, signal.SIGSTOP)
        with asleep.breaks.stopped(sender, "worker-send"):
            asleep.rows(LEASES_ARE_OVER)
            until(lambda: not set(attempts) & set(open_attempts(asleep)), within=SWEPT_WITHIN)
    asleep.must_hold()


LEASES_ARE_OVER = """
UPDATE twitter_sync_sendattempt SET lease_until = statement_timestamp() WHERE outcome = 'open'
"""


def open_attempts(trial: Trial) -> list[int]:
    found = "SELECT id FROM twitter_sync_sendattempt WHERE outcome = 'open'"
    return [row["id"] for row in trial.rows(found)]


def test_a_rolling_restart_is_noticed_by_nobody(trial, size):
    rolled = trial("C9")
    with rolled.under_way(size.load):
        for _ in range(size.times):
            rolled.breaks.reload_web()
            rolled.breaks.restart_all(*rolled.breaks.workers(), "beat")
    rolled.must_hold()
    assert rolled.figures.seen["pushes failed"] == "0"
