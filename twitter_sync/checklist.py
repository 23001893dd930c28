"""What stands between a handle and its first answer: the rows behind the pages of handles.

Nothing here calls X: `actions.setting_up.set_up` does, and leaves rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import Lower

from accounts.models import BrandAccount, User
from twitter_sync.actions.subscribing import OFFERED, needed
from twitter_sync.models import Connection, RawEvent, Subscription, SyncCursor, Webhook


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of news, and whether X tells it; if not, why not, as far as X said."""

    words: str
    is_active: bool
    failure: str


@dataclass(frozen=True, slots=True)
class Checklist:
    brand: BrandAccount
    connection: Connection | None
    webhook: Webhook | None
    kinds: list[Kind]
    offered: list[Kind]
    cursors: list[SyncCursor]
    pushed_at: datetime | None

    @property
    def is_connected(self) -> bool:
        return self.connection is not None and self.brand.status in ("connected", "paused")

    @property
    def has_webhook(self) -> bool:
        return self.webhook is not None and self.webhook.is_valid

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
        done = [self.is_connected, self.has_webhook, self.is_subscribed]
        return done.count(False) + (self.receives_messages is False)


def checklists(user: User) -> list[Checklist]:
    """Of every brand that `user` runs, by handle."""
    return read(BrandAccount.objects.administered_by(user).order_by(Lower("handle")))


def checklist(brand: BrandAccount) -> Checklist:
    return read(BrandAccount.objects.filter(pk=brand.pk))[0]


def read(brands: QuerySet[BrandAccount]) -> list[Checklist]:
    """A constant number of queries, however many brands."""
    webhook = Webhook.objects.filter(url=settings.X_WEBHOOK_URL).first()
    found = (
        brands.select_related("connection")
        .prefetch_related("subscriptions", "cursors")
        .annotate(pushed_at=Subquery(newest_push().values("received_at")[:1]))
    )
    return [of(brand, webhook) for brand in found]


def newest_push() -> QuerySet[RawEvent]:
    return RawEvent.objects.filter(brand=OuterRef("pk"), source=RawEvent.Source.WEBHOOK).order_by(
        "-id"
    )


def of(brand: BrandAccount, webhook: Webhook | None) -> Checklist:
    held = {one.event_type: one for one in brand.subscriptions.all()}
    return Checklist(
        brand=brand,
        connection=getattr(brand, "connection", None),
        webhook=webhook,
        kinds=kinds(needed(brand), held),
        offered=kinds(OFFERED, held),
        cursors=sorted(brand.cursors.all(), key=lambda cursor: cursor.feed),
        pushed_at=getattr(brand, "pushed_at", None),
    )


def kinds(worded: dict[str, str], held: dict[str, Subscription]) -> list[Kind]:
    return [
        Kind(words, held[name].is_active, "" if held[name].is_active else held[name].failure)
        if name in held
        else Kind(words, is_active=False, failure="")
        for name, words in worded.items()
    ]
