"""What stands between a handle and its first answer: the rows behind the pages of handles.

Nothing here calls X: `actions.setting_up.set_up` does, and leaves rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Count, OuterRef, Prefetch, QuerySet, Subquery
from django.db.models.functions import Coalesce

from accounts.models import BrandAccount
from twitter_sync.actions.subscribing import OFFERED, needed
from twitter_sync.advice import advised_of_address
from twitter_sync.completeness import (
    Completeness,
    Missed,
    missed_lately,
    oldest_check,
    worth_telling,
)
from twitter_sync.models import Connection, RawEvent, StreamLease, Subscription, SyncCursor, Webhook
from twitter_sync.progress import Progress, progress_of


@dataclass(frozen=True, slots=True)
class KindOfNews:
    """Whether X tells it; if not, why not, as far as X said."""

    words: str
    is_active: bool
    failure: str


@dataclass(frozen=True, slots=True)
class Checklist:
    brand: BrandAccount
    connection: Connection | None
    webhook: Webhook | None
    stream: StreamLease | None
    kinds: list[KindOfNews]
    offered: list[KindOfNews]
    cursors: list[SyncCursor]
    pushed_at: datetime | None
    progress: Progress
    completeness: Completeness

    @property
    def is_connected(self) -> bool:
        return self.connection is not None and self.brand.status in BrandAccount.LISTENING

    @property
    def is_being_set_up(self) -> bool:
        """A worker is at it, or will be at once."""
        return self.connection is not None and self.connection.set_up_due_at is not None

    @property
    def is_at_work(self) -> bool:
        """Something on the page will change by itself."""
        return self.is_being_set_up or (self.is_connected and self.progress.is_at_work)

    @property
    def has_webhook(self) -> bool:
        return self.webhook is not None and self.webhook.is_valid

    @property
    def webhook_trouble(self) -> str:
        """Why X does not push, or could not be asked, and what to do; "" where all is well."""
        return advised_of_address(self.webhook) if self.webhook else ""

    @property
    def is_streamed(self) -> bool:
        """What happens is heard from X's stream."""
        return self.stream is not None and self.stream.is_heard

    @property
    def active(self) -> int:
        return sum(kind.is_active for kind in self.kinds)

    @property
    def is_subscribed(self) -> bool:
        return self.active == len(self.kinds)

    @property
    def receives_messages(self) -> bool | None:
        """None while nobody could see it."""
        return self.connection.receives_dms if self.connection else None

    @property
    def steps_left(self) -> int:
        """Of those that we can see. An unknown one is no step left."""
        is_told = self.has_webhook or self.is_streamed
        done = [self.is_connected, is_told, self.is_subscribed]
        return done.count(False) + (self.receives_messages is False)


def checklist(brand: BrandAccount) -> Checklist:
    return read(BrandAccount.objects.filter(pk=brand.pk))[0]


def read(brands: QuerySet[BrandAccount]) -> list[Checklist]:
    """A constant number of queries, however many brands."""
    webhook = Webhook.objects.filter(url=settings.X_WEBHOOK_URL).first()
    stream = StreamLease.objects.filter(name=StreamLease.Name.ACTIVITY).first()
    found = (
        brands.select_related("connection")
        .prefetch_related(
            "subscriptions",
            Prefetch("cursors", SyncCursor.objects.select_related("backfill").order_by("pk")),
            Prefetch("sync_gaps", worth_telling()),
        )
        .annotate(pushed_at=Subquery(newest_push().values("received_at")[:1]))
        .annotate(checks_since=Subquery(oldest_check(OuterRef("pk"))))
        .annotate(unsorted=unsorted_past())
    )
    missed = missed_lately([brand.pk for brand in found])
    return [of(brand, webhook, stream, missed.get(brand.pk)) for brand in found]


def newest_push() -> QuerySet[RawEvent]:
    return RawEvent.objects.filter(brand=OuterRef("pk"), source__in=RawEvent.PUSHED).order_by("-id")


def unsorted_past() -> Coalesce:
    of_brand = RawEvent.objects.history().unsorted().filter(brand=OuterRef("pk")).order_by()
    counted = of_brand.values("brand").annotate(rows=Count("pk")).values("rows")
    return Coalesce(Subquery(counted), 0)


def of(
    brand: BrandAccount,
    webhook: Webhook | None,
    stream: StreamLease | None,
    missed: Missed | None,
) -> Checklist:
    cursors, gaps = list(brand.cursors.all()), list(brand.sync_gaps.all())
    progress = progress_of(brand, cursors, gaps, getattr(brand, "unsorted", 0))
    held = {one.event_type: one for one in brand.subscriptions.all()}
    return Checklist(
        brand=brand,
        connection=getattr(brand, "connection", None),
        webhook=webhook,
        stream=stream,
        kinds=kinds(needed(brand), held),
        offered=kinds(OFFERED, held),
        cursors=cursors,
        pushed_at=getattr(brand, "pushed_at", None),
        progress=progress,
        completeness=Completeness(
            progress.complete_to, missed, gaps, getattr(brand, "checks_since", None)
        ),
    )


def kinds(worded: dict[str, str], held: dict[str, Subscription]) -> list[KindOfNews]:
    return [
        KindOfNews(words, held[name].is_active, "" if held[name].is_active else held[name].failure)
        if name in held
        else KindOfNews(words, is_active=False, failure="")
        for name, words in worded.items()
    ]
