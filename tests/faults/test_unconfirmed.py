"""What X takes without a word, and what it does not take: checks O1, O2, O3 and O8."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from tests.faults.actors import Load
from tests.faults.conftest import LONG, Size
from tests.faults.doubts import Doubts
from tests.faults.lines import How
from tests.faults.misbehaving import cut_answers, faults
from tests.faults.test_misbehaviour import calls
from tests.faults.trial import Trial, share
from tests.stack import until

pytestmark = pytest.mark.faults

# Of what X did not confirm, where its echo comes; and where only a look at X's list shows it, which
# has it late.
ALMOST_ALL, SETTLED_WITHIN = 0.99, 60.0
LISTED_AFTER, FOUND_WITHIN = 90, 400.0
LONGEST = 3600.0
TEN_MINUTES = 600.0
# In ten minutes: five in a row, then one every half minute.
MOST_TRIES = 5 + 20 + 1
UNCHANGED, A_MOMENT = 1.2, 0.1
REPLY_TIMES = """
SELECT extract(epoch FROM message.sent_at - message.not_before) AS seconds
FROM inbox_message message JOIN accounts_brandaccount brand ON brand.id = message.brand_id
WHERE message.state = 'sent' AND message.client_key::text = ANY(%(keys)s)
  AND brand.x_user_id = ANY(%(brand_ids)s)
"""


def test_answers_that_never_come_are_no_second_send(trial, size, stack, seed):
    """X accepts a reply and cuts the connection, for one in five (O1 and O2 of the catalogue)."""
    deaf = trial("O2")
    with Doubts(deaf) as doubts:
        with faults(stack, cut_answers(seed)), deaf.under_way(slowly(size)):
            until(partial(were, doubts, at_least(size)), within=LONGEST)
        until(doubts.are_settled, within=size.within(SETTLED_WITHIN))
    deaf.must_hold()
    assert share(doubts.took, ALMOST_ALL) <= size.within(SETTLED_WITHIN)


@pytest.mark.long
def test_answers_that_never_come_and_no_echo_either_are_no_second_send(trial, size, stack, seed):
    """And X lists late what it took (O3): it is looked for until it is found."""
    lost = {"fault": "delivery_lost", "event_type": ["dm.sent", "post.create", "post.reply.create"]}
    late = {"fault": "lookup_lag", "seconds": LISTED_AFTER}
    deaf = trial("O3")
    with faults(stack, [*cut_answers(seed), lost, late]), Doubts(deaf) as doubts:
        with deaf.under_way(slowly(size)):
            until(partial(were, doubts, at_least(size)), within=LONGEST)
        until(doubts.are_settled, within=FOUND_WITHIN)
    deaf.must_hold()


@pytest.mark.long
def test_handles_that_x_does_not_answer_hold_up_no_other(trial, size, stack, town):
    """503 for ten minutes for every other handle (O8); before that, the same without."""
    calm, half = trial("O8 before"), trial("O8")
    ids = sorted(town.brands.values())
    load = replace(size.load, events=size.events // 2, per_second=size.events / 2 / TEN_MINUTES)
    with calm.under_way(load):
        pass
    calm.must_hold()
    silent = [{"fault": "server_error", "brand": one, "endpoint": "POST *"} for one in ids[::2]]
    with faults(stack, silent), half.under_way(load):
        pass
    half.must_hold()
    before, then = (share(reply_times(one, ids[1::2]), 0.95) for one in (calm, half))
    tries = {one: len(posts(half, one)) for one in ids[::2]}
    print(
        f"O8: 95 % on X within {before:.2f} s before, {then:.2f} s then; tries {tries}", flush=True
    )
    assert then <= before * UNCHANGED + A_MOMENT
    assert max(tries.values()) <= MOST_TRIES


def slowly(size: Size) -> Load:
    """So that agents are not done before they have written enough."""
    return replace(size.load, events=5_000, per_second=8) if size is LONG else size.load


def were(doubts: Doubts, number: int) -> bool:
    """So many at least, however few X takes of a handle in a quarter of an hour."""
    doubts.trial.renew_quotas()
    return doubts.were(number)


def at_least(size: Size) -> int:
    """Replies in doubt: one in five of 2,000."""
    return 400 if size is LONG else 3


def reply_times(trial: Trial, brand_ids: list[str]) -> list[float]:
    """Seconds from when each reply of these brands was due until X had it."""
    keys = [line["key"] for line in trial.lines.of("reply", How.OK)]
    found = trial.rows(REPLY_TIMES, keys=keys, brand_ids=brand_ids)
    return [float(row["seconds"]) for row in found]


def posts(trial: Trial, x_user_id: str) -> list[dict[str, Any]]:
    return [call for call in calls(trial, x_user_id) if call["method"] == "POST"]
