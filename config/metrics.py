"""What Prometheus reads at /metrics (trust R22), asked of Postgres at that moment: whichever
process answers says the same, and one that has just begun knows all. Numbers and handles; no
person, no word that anybody wrote.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from django.conf import settings
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily as Gauge
from prometheus_client.registry import Collector

from accounts import clock
from accounts.models import BrandAccount
from twitter_sync import spending, vitals
from twitter_sync.completeness import missed_lately
from twitter_sync.models import Audit, Connection, SyncCursor, Webhook

Brands = Mapping[int, BrandAccount]
# A handle may be ours twice, by its former owner on X and by its new one.
NAMED = ["handle", "x_id"]


def exposition() -> bytes:
    """The text that a scrape gets; the format is prometheus_client's."""
    registry = CollectorRegistry()
    registry.register(Vitals())
    return generate_latest(registry)


class Vitals(Collector):
    """A constant number of statements, however many handles."""

    def describe(self) -> list[Gauge]:
        """Nothing: so that registering asks the database nothing."""
        return []

    def collect(self) -> Iterator[Gauge]:
        now = clock.now()
        brands = {brand.pk: brand for brand in BrandAccount.objects.order_by("pk")}
        yield from handles(brands)
        yield from ledger(brands, now)
        yield from sends(brands)
        yield from feeds(now)
        yield from tokens(now)
        yield from webhook(now)
        yield from audit(now)
        yield from money()


def handles(brands: Brands) -> Iterator[Gauge]:
    told = Gauge("handled_handle", "1 for the status that a handle has.", labels=[*NAMED, "status"])
    for brand in brands.values():
        told.add_metric([*named(brand), brand.status], 1)
    yield told


def ledger(brands: Brands, now: datetime) -> Iterator[Gauge]:
    backlog, aside = vitals.backlog(), vitals.set_aside()
    yield Gauge(
        "handled_ledger_oldest_due_seconds",
        "How long the oldest news that X told has waited to be sorted.",
        value=backlog.age_at(now).total_seconds(),
    )
    yield Gauge(
        "handled_ledger_due_rows", "News that waits to be sorted, up to 10,000.", value=backlog.rows
    )
    dead = Gauge(
        "handled_ledger_dead_rows",
        "Rows that were set aside; those of no known handle have an empty one.",
        labels=NAMED,
    )
    for pk, brand in brands.items():
        dead.add_metric(named(brand), aside.dead.get(pk, 0))
    dead.add_metric(["", ""], aside.dead.get(None, 0))
    yield dead
    yield Gauge(
        "handled_ledger_orphan_rows",
        "Rows that X told for handles that are not connected here.",
        value=aside.orphans,
    )


def sends(brands: Brands) -> Iterator[Gauge]:
    connected = [one for one in brands.values() if one.status == BrandAccount.Status.CONNECTED]
    yield by_handle(
        "handled_sends_uncertain",
        "Replies of which nobody has known for five minutes whether X has them.",
        brands,
        vitals.uncertain(brands.values()),
    )
    yield by_handle(
        "handled_sends_overdue",
        "Replies of connected handles that should have gone out five minutes ago.",
        {one.pk: one for one in connected},
        vitals.overdue(connected),
    )


def feeds(now: datetime) -> Iterator[Gauge]:
    listening = BrandAccount.objects.listening()
    polls = Gauge(
        "handled_feed_poll_age_seconds",
        "How long ago a feed was last fetched, or since when it should have been.",
        labels=[*NAMED, "feed"],
    )
    cursors = SyncCursor.objects.filter(brand__in=listening).select_related("brand")
    for cursor in cursors.order_by("pk"):
        age = now - (cursor.polled_at or cursor.brand.created_at)
        polls.add_metric([*named(cursor.brand), cursor.feed], age.total_seconds())
    yield polls
    brands = {brand.pk: brand for brand in listening.order_by("pk")}
    missed = {pk: one.count for pk, one in missed_lately(list(brands)).items()}
    yield by_handle(
        "handled_pushes_missed",
        "Messages of the last 24 hours that X should have pushed and that polling found.",
        brands,
        missed,
    )
    yield by_handle(
        "handled_gaps_open",
        "Parts of feeds that are still to be fetched.",
        brands,
        vitals.gaps(brands.values()),
    )
    yield by_handle(
        "handled_quiet",
        "1 while nobody writes at hours when somebody always does, and fetching can't confirm it.",
        brands,
        vitals.quiet(brands.values()),
    )


def tokens(now: datetime) -> Iterator[Gauge]:
    left = Gauge(
        "handled_token_expires_in_seconds",
        "How long the sign-in at X is good; it is renewed ten minutes before.",
        labels=NAMED,
    )
    held = Connection.objects.filter(brand__in=BrandAccount.objects.listening())
    for connection in held.select_related("brand").order_by("pk"):
        left.add_metric(named(connection.brand), (connection.expires_at - now).total_seconds())
    yield left


def webhook(now: datetime) -> Iterator[Gauge]:
    """Nothing before the first handle: there is no address yet."""
    ours = Webhook.objects.filter(url=settings.X_WEBHOOK_URL).first()
    if ours is None:
        return
    yield Gauge(
        "handled_webhook_valid", "1 while X pushes to our address.", value=int(ours.is_valid)
    )
    yield Gauge(
        "handled_webhook_checked_age_seconds",
        "How long ago X was last asked about it.",
        value=(now - ours.checked_at).total_seconds(),
    )
    if ours.answered_in_seconds is not None:
        yield Gauge(
            "handled_webhook_answer_seconds",
            "How long our address took to answer X's question when we last asked it ourselves.",
            value=ours.answered_in_seconds,
        )


def audit(now: datetime) -> Iterator[Gauge]:
    last = Audit.objects.newest_first().first()
    if last is None:
        return
    yield Gauge(
        "handled_audit_age_seconds",
        "How long ago it was asked whether what must always be true is.",
        value=(now - last.began_at).total_seconds(),
    )
    yield Gauge(
        "handled_audit_broken", "How many of those sentences were not true.", value=len(last.broken)
    )


def money() -> Iterator[Gauge]:
    held = spending.current()
    if held is None:
        return
    yield Gauge(
        "handled_x_spent_usd",
        "What X has cost this month by our count, in dollars.",
        value=float(held.spent_usd),
    )
    if held.cap_usd is not None:
        yield Gauge("handled_x_cap_usd", "What the owner lets it cost.", value=float(held.cap_usd))


def named(brand: BrandAccount) -> list[str]:
    return [brand.handle, brand.x_user_id]


def by_handle(name: str, words: str, brands: Brands, found: Mapping[int, int]) -> Gauge:
    """0 for those that were not found: an alert must see that it is over."""
    told = Gauge(name, words, labels=NAMED)
    for pk, brand in brands.items():
        told.add_metric(named(brand), found.get(pk, 0))
    return told
