"""What is wanted to be so on X, step by step: asked for, taken by a worker, settled.

`blocking` and `hiding` are the deeds; this is what the rows of both go through. The caller holds
the row's lock, except where it says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from django.db import transaction

from accounts import clock
from accounts.models import User
from inbox.models.wish import Wish, WishQuerySet

W = TypeVar("W", bound=Wish)
State = Wish.State

# Longer than a call may take, with the renewal of its token.
LEASE = timedelta(seconds=60)
MOST_ATTEMPTS = 20


@dataclass(frozen=True, slots=True)
class Done:
    """X did `did`."""

    did: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """X will not do `did`; `reason` is for people."""

    did: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Later:
    """Not now, or nobody knows: to be tried again at `until`."""

    until: datetime
    reason: str


Fate = Done | Refused | Later


def is_underway(wish: Wish, wanted: bool) -> bool:
    """It is so, or is being done: asking again would change nothing."""
    return wish.wanted == wanted and wish.state != State.REFUSED


def ask(wish: Wish, *, wanted: bool, by: User) -> None:
    """A call that is under way is let finish: what it settles is then not what is wanted."""
    wish.wanted, wish.state, wish.reason = wanted, State.PENDING, ""
    wish.asked_by, wish.asked_at, wish.settled_at = by, clock.now(), None
    wish.attempts, wish.due_at = 0, clock.now()
    wish.save()


@transaction.atomic
def take(rows: WishQuerySet[W], pk: int) -> W | None:
    """The row, leased to the caller, when it is due and nobody else has it. Takes its own lock.

    Commit this before the call to X.
    """
    wish = rows.due().select_for_update(skip_locked=True, of=("self",)).filter(pk=pk).first()
    if wish is None:
        return None
    wish.attempts += 1
    wish.lease_until = clock.now() + LEASE
    wish.save(update_fields=["attempts", "lease_until"])
    return wish


def settle(wish: Wish, fate: Fate) -> None:
    """What became of a call. One about what is not wanted any more leaves the row due."""
    wish.lease_until = None
    if isinstance(fate, Later):
        wish.due_at, wish.reason = fate.until, fate.reason[:300]
        if wish.attempts >= MOST_ATTEMPTS:
            end(wish, State.REFUSED, fate.reason)
    else:
        if isinstance(fate, Done):
            wish.held = fate.did
        if wish.wanted == fate.did:
            refused = isinstance(fate, Refused)
            end(wish, State.REFUSED if refused else State.DONE, getattr(fate, "reason", ""))
    wish.save()


def end(wish: Wish, state: Wish.State, reason: str) -> None:
    wish.state, wish.reason, wish.settled_at = state, reason[:300], clock.now()
