"""A worker whose clock is off: check C11."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.faults.actors import Load
from tests.faults.breaking import OFF, faketimes
from tests.faults.conftest import LONG, Size
from tests.faults.lines import How
from tests.faults.trial import Trial
from tests.stack import until

pytestmark = pytest.mark.faults

# So long a reply can be taken back, and so much later or earlier than then it may go: what waking
# the sender takes, and nothing but what two clocks of one machine differ by.
UNDO_SECONDS = 6
LATE, EARLY = 60.0, 1.0
# However slow the machine is, agents write so many.
REPLIES, WRITTEN_WITHIN = 4, 300.0
EVENTS, EVENTS_PER_SECOND = 60, 8
UNDO = """
UPDATE accounts_brandaccount SET public_undo_seconds = %(seconds)s, dm_undo_seconds = %(seconds)s
"""
# By X's clock, which its ids carry, and that of the pages.
AFTER_DUE = """
SELECT extract(epoch FROM sent_at - not_before) AS seconds FROM inbox_message
WHERE state = 'sent' AND client_key::text = ANY(%(keys)s)
"""
FROM_X = """
SELECT extract(epoch FROM received_at - sent_at) AS seconds FROM inbox_message
WHERE external_id = ANY(%(ids)s)
"""


@pytest.mark.skipif(not faketimes(), reason="no faketime")
def test_a_worker_whose_clock_is_off_is_neither_early_nor_late(trial, size, tmp_path):
    """In the short run an hour behind and a day ahead."""
    for off in OFF if size is LONG else OFF[::2]:
        try_with(trial(f"C11{off}"), off, size, tmp_path)


def load_for(size: Size) -> Load:
    if size is LONG:
        return replace(size.load, events=size.events // len(OFF))
    return replace(size.load, events=EVENTS, per_second=EVENTS_PER_SECOND)


def try_with(wrong: Trial, off: str, size: Size, folder: Path) -> None:
    undo(wrong, UNDO_SECONDS)
    with wrong.breaks.clock_off(off, folder):
        with wrong.under_way(load_for(size)):
            until(lambda: len(of(wrong, "reply", "key")) >= REPLIES, within=WRITTEN_WITHIN)
        wrong.must_hold()
    undo(wrong, 0)
    after_due = seconds(wrong, AFTER_DUE, keys=of(wrong, "reply", "key"))
    from_x = seconds(wrong, FROM_X, ids=of(wrong, "write", "id"))
    print(f"{wrong.check}: sent {min(after_due):.1f} to {max(after_due):.1f} s after they were due")
    assert min(after_due) >= -EARLY
    assert max(after_due) <= size.within(LATE)
    assert min(from_x) >= -EARLY
    assert renewals(wrong) <= len(wrong.town.brands)


def undo(trial: Trial, seconds: int) -> None:
    trial.rows(UNDO, seconds=seconds)


def of(trial: Trial, deed: str, name: str) -> list[str]:
    return [line[name] for line in trial.lines.of(deed, How.OK)]


def seconds(trial: Trial, statement: str, **asked: list[str]) -> list[float]:
    return [float(row["seconds"]) for row in trial.rows(statement, **asked)]


def renewals(trial: Trial) -> int:
    """Of tokens: none is due, for they last two hours."""
    found = trial.stack.ask_x("calls?limit=20000")["calls"]
    of_trial = (one for one in found if one["at"] >= trial.begun_at)
    return sum("oauth2/token" in one["path"] for one in of_trial)
