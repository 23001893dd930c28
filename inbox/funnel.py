"""From public to private in numbers: how many invitations came how far, where the rest dropped off,
and how long each step took; altogether, and by brand, agent, hour and saved reply.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from django.utils import timezone

from accounts.models import BrandAccount, Role, User
from inbox.models import Handoff, SavedReplyUse
from inbox.models.handoff import STEPS

# The newest of so many invitations are looked at.
MOST_INVITATIONS = 20_000


@dataclass(frozen=True, slots=True)
class Journey:
    """One invitation that X accepted, and X's or our time of each of STEPS; None: not taken."""

    brand: str
    agent: str
    saved_reply: str
    moments: tuple[datetime | None, ...]

    @property
    def hour(self) -> int:
        """Of the invitation, on the clock of whoever looks."""
        return timezone.localtime(self.moments[0]).hour

    def time_to(self, step: int) -> timedelta | None:
        """From the step taken last before it."""
        at = self.moments[step]
        before = [moment for moment in self.moments[:step] if moment and at and moment <= at]
        return at - max(before) if at and before else None


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of some journeys: `number` took it, which is `share` percent of all, `dropped` ended
    with the one before. `typical` is the median time that it took."""

    label: str
    number: int
    share: int
    dropped: int
    typical: timedelta | None


@dataclass(frozen=True, slots=True)
class Row:
    label: str
    stages: list[Stage]


@dataclass(frozen=True, slots=True)
class Funnel:
    """`is_cut`: there were more invitations than are looked at."""

    all: Row
    by_brand: list[Row]
    by_agent: list[Row]
    by_hour: list[Row]
    by_saved_reply: list[Row]
    is_cut: bool

    @property
    def parts(self) -> list[tuple[str, list[Row]]]:
        return [
            ("Handle", self.by_brand),
            ("Agent", self.by_agent),
            ("Hour", self.by_hour),
            ("Saved reply", self.by_saved_reply),
        ]


def managed_by(user: User) -> list[BrandAccount]:
    """Brands whose numbers `user` may see: those that they manage or administer."""
    roles = [role.value for role in Role if role.includes(Role.MANAGER)]
    memberships = user.memberships.filter(role__in=roles)
    return list(BrandAccount.objects.visible_to(user).filter(pk__in=memberships.values("brand")))


def funnel(user: User, brands: Iterable[BrandAccount], *, since: datetime) -> Funnel:
    """Of the invitations of `brands` from that moment on. One query."""
    told = Handoff.objects.visible_to(user).filter(brand__in=list(brands), created_at__gte=since)
    rows = (
        told.with_steps()
        .select_related("brand", "invitation__saved_reply_use")
        .newest_first()[: MOST_INVITATIONS + 1]
    )
    handoffs = list(rows)
    journeys = list(journeys_of(handoffs[:MOST_INVITATIONS]))
    return Funnel(
        row_of("All", journeys),
        by(journeys, lambda one: one.brand),
        by(journeys, lambda one: one.agent),
        by(journeys, lambda one: one.hour, label=lambda hour: f"{hour:02}:00"),
        by(journeys, lambda one: one.saved_reply),
        is_cut=len(handoffs) > MOST_INVITATIONS,
    )


def journeys_of(handoffs: Iterable[Handoff]) -> Iterator[Journey]:
    """What X never accepted invited nobody."""
    for handoff in handoffs:
        if handoff.invited_at is not None:
            moments = tuple(step.at for step in handoff.steps)
            yield Journey(
                handoff.brand.handle, handoff.invited_by.name, saved_reply_of(handoff), moments
            )


def saved_reply_of(handoff: Handoff) -> str:
    """By the name that it had, which every handle gives for itself."""
    use: SavedReplyUse | None = getattr(handoff.invitation, "saved_reply_use", None)
    return f"/{use.shortcut} of @{handoff.brand.handle}" if use else "none"


def by(
    journeys: list[Journey],
    key: Callable[[Journey], Any],
    label: Callable[[Any], str] = str,
) -> list[Row]:
    grouped: dict[Any, list[Journey]] = defaultdict(list)
    for journey in journeys:
        grouped[key(journey)].append(journey)
    return [row_of(label(value), grouped[value]) for value in sorted(grouped)]


def row_of(label: str, journeys: list[Journey]) -> Row:
    return Row(label, [stage_of(step, journeys) for step in range(len(STEPS))])


def stage_of(step: int, journeys: list[Journey]) -> Stage:
    took = [journey for journey in journeys if journey.moments[step]]
    dropped = sum(ended_at(journey) == step - 1 for journey in journeys)
    times = [time for journey in took if (time := journey.time_to(step)) is not None]
    seconds = [time.total_seconds() for time in times]
    typical = timedelta(seconds=median(seconds)) if seconds else None
    share = round(100 * len(took) / len(journeys)) if journeys else 0
    return Stage(STEPS[step], len(took), share, dropped, typical)


def ended_at(journey: Journey) -> int:
    """The last step that was taken."""
    return max(step for step, at in enumerate(journey.moments) if at)
