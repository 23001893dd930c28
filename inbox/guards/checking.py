"""Every guard looks at a candidate, in this order: the first that stops it says why."""

from __future__ import annotations

import json
from collections.abc import Callable

from django.utils.crypto import salted_hmac

from accounts.access import has_role
from accounts.models import User
from inbox.guards.candidate import Candidate, Stopped
from inbox.guards.leaks import stop_leaks
from inbox.guards.news import stop_stale
from inbox.guards.public_first import stop_whispers
from inbox.guards.reach import stop_unreachable
from inbox.guards.sameness import stop_repeats
from inbox.guards.unasked import stop_unasked

Guard = Callable[[Candidate], None]

GUARDS: tuple[Guard, ...] = (
    stop_stale,
    stop_unreachable,
    stop_unasked,
    stop_leaks,
    stop_whispers,
    stop_repeats,
)


def check(candidate: Candidate) -> list[Stopped]:
    """What would have stopped the candidate and was overruled. Raises the first that was not."""
    overruled = []
    for guard in GUARDS:
        try:
            guard(candidate)
        except Stopped as stopped:
            stopped.told = fingerprint(stopped, candidate)
            if not is_overruled(stopped, candidate):
                raise
            overruled.append(stopped)
    return overruled


def fingerprint(stopped: Stopped, candidate: Candidate) -> str:
    """Of other words, another post to answer, another thread, author or matter it is another. Under
    our own key: nobody has one who was not told."""
    said = [
        stopped.guard,
        stopped.matter,
        candidate.thread.pk,
        candidate.by.pk,
        candidate.published,
        candidate.answers,
    ]
    return salted_hmac("inbox.guards", json.dumps(said), algorithm="sha256").hexdigest()


def is_overruled(stopped: Stopped, candidate: Candidate) -> bool:
    despite = candidate.despite.get(stopped.guard)
    is_met = despite is not None and stopped.is_met_by(despite)
    return is_met and may_overrule(stopped, candidate.by, candidate.thread.brand_id)


def may_overrule(stopped: Stopped, person: User, brand_id: int) -> bool:
    role = stopped.overruled_by
    return role is not None and has_role(person, brand_id, role)
