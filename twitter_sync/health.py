"""Whether a handle is well: the rows behind its page and its line on the list of handles.

Nothing here calls X. The number of statements is the same for one handle and for many.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Lower

from accounts import clock
from accounts.models import BrandAccount, User
from inbox.models import Message
from inbox.sequence import moment_of
from twitter_sync import checklist, costs, spending, tokens, vitals
from twitter_sync.budgets import APP, user_scope
from twitter_sync.checklist import Checklist
from twitter_sync.costs import Costs
from twitter_sync.metering import day_of_x
from twitter_sync.models import (
    ApiCall,
    LastHeard,
    QuietSpell,
    RateBudget,
    RawEvent,
    Replay,
    SyncCursor,
)
from twitter_sync.quotas import WORDS, Quota, quotas_of
from twitter_sync.set_aside import orphans_of, set_aside_by_brand, set_aside_of
from twitter_sync.troubles import Level, Signs, Trouble, troubles_of

# A refusal that is older was followed by nothing: no call has been made since.
LATELY = timedelta(minutes=15)
REPLAYED_LATELY = timedelta(days=7)
NO_CREDITS = 402
MOST_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Health:
    signs: Signs
    troubles: list[Trouble]

    @property
    def checklist(self) -> Checklist:
        return self.signs.checklist

    @property
    def brand(self) -> BrandAccount:
        return self.checklist.brand

    @property
    def worst(self) -> Trouble | None:
        """What its line says; notes are for its page, and what it shares stands above the list."""
        return next((one for one in self.grave if not one.is_shared), None)

    @property
    def shared(self) -> list[Trouble]:
        return [one for one in self.grave if one.is_shared]

    @property
    def grave(self) -> list[Trouble]:
        return [one for one in self.troubles if one.level > Level.NOTE]


def healths(user: User) -> list[Health]:
    """Of every brand that `user` runs, by handle."""
    return read(BrandAccount.objects.administered_by(user).order_by(Lower("handle")))


def shared_by(healths: list[Health]) -> list[Trouble]:
    """What is wrong with all of them, each once."""
    return list(dict.fromkeys(trouble for health in healths for trouble in health.shared))


def read(brands: QuerySet[BrandAccount]) -> list[Health]:
    return [Health(signs, troubles_of(signs)) for signs in signs_of(brands)]


def signs_of(brands: QuerySet[BrandAccount]) -> list[Signs]:
    lists, now = checklist.read(brands), clock.now()
    known = [one.brand for one in lists]
    backlog, pace = vitals.backlog(), spending.pace_now()
    aside = set_aside_by_brand(known, vitals.set_aside().dead)
    uncertain, overdue = vitals.uncertain(known), vitals.overdue(known)
    used_up, no_credits = quotas_used_up(known), is_out_of_credits(now)
    quiet = {one.brand_id: one for one in QuietSpell.objects.under_way().filter(brand__in=known)}
    return [
        Signs(
            checklist=one,
            now=now,
            backlog=backlog,
            pace=pace,
            opens_tokens=one.connection is None or tokens.opens(one.connection),
            is_out_of_credits=no_credits,
            set_aside=aside[one.brand.pk],
            uncertain=uncertain.get(one.brand.pk, 0),
            overdue=overdue.get(one.brand.pk, 0),
            used_up=used_up[user_scope(one.brand.x_user_id)] + used_up[APP],
            quiet=quiet.get(one.brand.pk),
        )
        for one in lists
    ]


def quotas_used_up(brands: list[BrandAccount]) -> dict[str, list[RateBudget]]:
    """By whom they are counted for: the accounts of `brands`, and the app."""
    found: dict[str, list[RateBudget]] = defaultdict(list)
    scopes = [APP, *(user_scope(brand.x_user_id) for brand in brands)]
    empty = RateBudget.objects.filter(
        scope__in=scopes, endpoint__in=WORDS, remaining=0, resets_at__gt=clock.now()
    )
    for row in empty.order_by("resets_at"):
        found[row.scope].append(row)
    return found


def is_out_of_credits(now: datetime) -> bool:
    """X bills the app, whichever handle calls (reference: x-api §9): what one was told holds for
    all, until a call of that kind by anybody succeeds. Other refusals say nothing of it."""
    lately = ApiCall.objects.filter(day=day_of_x(), called_at__gt=now - LATELY)
    telling = lately.filter(Q(status=NO_CREDITS) | ~Q(failed_at=F("called_at")))
    newest = telling.order_by("endpoint", "-called_at").distinct("endpoint")
    return any(call.is_failing for call in newest)


# The page


@dataclass(frozen=True, slots=True)
class FeedHeard:
    """When a feed last brought something, by each way. No `cursor`: it was never asked for."""

    label: str
    cursor: SyncCursor | None
    pushed_at: datetime | None
    streamed_at: datetime | None

    @property
    def newest_at(self) -> datetime | None:
        """When the newest item was said of which we know by fetching."""
        newest = self.cursor.newest_id if self.cursor else ""
        return moment_of(int(newest)) if newest else None


@dataclass(frozen=True, slots=True)
class HealthPage:
    """`replay` is the last span of pushes that X was asked to repeat lately. `orphans` came while
    the handle was not connected, and wait for that. `uncertain` are those replies that the reader
    may see; `calls` are today's."""

    health: Health
    feeds: list[FeedHeard]
    replay: Replay | None
    set_aside: list[RawEvent]
    orphans: int
    uncertain: list[Message]
    quotas: list[Quota]
    calls: list[ApiCall]
    costs: Costs

    @property
    def brand(self) -> BrandAccount:
        return self.health.brand

    @property
    def uncertain_elsewhere(self) -> int:
        """Those that the reader has no role to see."""
        return max(0, self.health.signs.uncertain - len(self.uncertain))

    @property
    def failing(self) -> list[ApiCall]:
        return [call for call in self.calls if call.is_failing]

    @property
    def calls_made(self) -> int:
        return sum(call.made for call in self.calls)

    @property
    def calls_failed(self) -> int:
        return sum(call.failed for call in self.calls)


def health_page(brand: BrandAccount, reader: User) -> HealthPage:
    [health] = read(BrandAccount.objects.filter(pk=brand.pk))
    scope = user_scope(brand.x_user_id)
    [spent] = costs.costs_of([brand])
    return HealthPage(
        health=health,
        feeds=feeds_of(health.checklist),
        replay=last_replay(),
        set_aside=list(set_aside_of(brand)[:MOST_SHOWN]),
        orphans=orphans_of(brand),
        uncertain=uncertain_of(brand, reader),
        quotas=quotas_of(brand),
        calls=list(ApiCall.objects.filter(day=day_of_x(), scope=scope).order_by("endpoint")),
        costs=spent,
    )


def last_replay() -> Replay | None:
    since = clock.now() - REPLAYED_LATELY
    return Replay.objects.filter(opened_at__gt=since).order_by("-id").first()


def feeds_of(held: Checklist) -> list[FeedHeard]:
    heard = {(row.feed, row.source): row.at for row in LastHeard.objects.filter(brand=held.brand)}
    cursors = {cursor.feed: cursor for cursor in held.cursors}
    return [
        FeedHeard(
            feed.label,
            cursors.get(feed),
            heard.get((feed, RawEvent.Source.WEBHOOK)),
            heard.get((feed, RawEvent.Source.STREAM)),
        )
        for feed in SyncCursor.Feed
    ]


def uncertain_of(brand: BrandAccount, reader: User) -> list[Message]:
    doubtful = Message.objects.visible_to(reader).filter(brand=brand, state=Message.State.UNCERTAIN)
    late = doubtful.filter(uncertain_since__lte=clock.now() - vitals.SETTLED_WITHIN)
    return list(
        late.select_related("conversation__contact").order_by("uncertain_since")[:MOST_SHOWN]
    )
