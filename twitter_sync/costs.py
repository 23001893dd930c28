"""What X costs by our count, as pages show it: rows in, dollars out. An estimate (`billing`)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Q, QuerySet, Sum

from accounts.models import BrandAccount
from twitter_sync.billing import PRICES, Kind
from twitter_sync.budgets import APP, user_scope
from twitter_sync.metering import day_of_x
from twitter_sync.models import Price, Usage

Amounts = Mapping[Kind, int]

# Threads are searched, and posts that others answer looked up, as the app.
SHARED, FORMER = "For all handles together", "Handles that are no longer here"


@dataclass(frozen=True, slots=True)
class Tag:
    """What one of a kind costs. `set_at` is null for X's price as it came with this version."""

    kind: Kind
    usd: Decimal
    set_at: datetime | None = None
    set_by: str = ""


def prices() -> dict[Kind, Tag]:
    tags = {kind: Tag(kind, usd) for kind, usd in PRICES.items()}
    for price in Price.objects.select_related("set_by"):
        kind = Kind(price.kind)
        tags[kind] = Tag(kind, price.usd, price.set_at, price.set_by.name)
    return tags


def total(amounts: Amounts, tags: Mapping[Kind, Tag]) -> Decimal:
    return sum((tags[kind].usd * amount for kind, amount in amounts.items()), Decimal(0))


def used_in(month: date) -> dict[Kind, int]:
    """By all callers together, since the first of that month."""
    rows = Usage.objects.filter(day__gte=month).order_by().values_list("kind")
    return {Kind(kind): amount for kind, amount in rows.annotate(Sum("amount"))}


@dataclass(frozen=True, slots=True)
class Line:
    """One kind: how many today and this month, and what that comes to."""

    kind: Kind
    usd_each: Decimal
    today: int
    month: int

    @property
    def usd_today(self) -> Decimal:
        return self.usd_each * self.today

    @property
    def usd_month(self) -> Decimal:
        return self.usd_each * self.month


@dataclass(frozen=True, slots=True)
class Costs:
    """Of one handle, by its name, or of SHARED or FORMER."""

    whose: str
    lines: list[Line]

    @property
    def usd_today(self) -> Decimal:
        return sum((line.usd_today for line in self.lines), Decimal(0))

    @property
    def usd_month(self) -> Decimal:
        return sum((line.usd_month for line in self.lines), Decimal(0))


def costs_of(brands: Iterable[BrandAccount]) -> list[Costs]:
    """In the order of `brands`. Two queries, however many."""
    named = {user_scope(brand.x_user_id): brand for brand in brands}
    lines = lines_by_scope(Usage.objects.filter(scope__in=named))
    return [Costs(str(brand), dearest_first(lines[scope])) for scope, brand in named.items()]


def all_costs(brands: Iterable[BrandAccount]) -> list[Costs]:
    """Of `brands`, which are all that there are, and of what is theirs together or nobody's any
    more. Two queries."""
    named = {user_scope(brand.x_user_id): brand for brand in brands}
    lines = lines_by_scope(Usage.objects.all())
    former = [line for scope in lines.keys() - named.keys() - {APP} for line in lines[scope]]
    found = [Costs(str(brand), dearest_first(lines[scope])) for scope, brand in named.items()]
    found.append(Costs(SHARED, dearest_first(lines[APP])))
    return [*found, Costs(FORMER, merged(former))] if former else found


def lines_by_scope(usage: QuerySet[Usage]) -> dict[str, list[Line]]:
    """Of this month."""
    found: dict[str, list[Line]] = defaultdict(list)
    today, tags = day_of_x(), prices()
    summed = (
        usage.filter(day__gte=today.replace(day=1))
        .order_by()
        .values_list("scope", "kind")
        .annotate(today=Sum("amount", filter=Q(day=today), default=0), month=Sum("amount"))
    )
    for scope, kind, of_today, of_month in summed:
        tag = tags[Kind(kind)]
        found[scope].append(Line(tag.kind, tag.usd, of_today, of_month))
    return found


def merged(lines: Iterable[Line]) -> list[Line]:
    """One for each kind, the dearest first."""
    each, today, month = {}, Counter[Kind](), Counter[Kind]()
    for line in lines:
        each[line.kind] = line.usd_each
        today[line.kind] += line.today
        month[line.kind] += line.month
    return dearest_first(Line(kind, each[kind], today[kind], month[kind]) for kind in each)


def dearest_first(lines: Iterable[Line]) -> list[Line]:
    return sorted(lines, key=lambda line: (-line.usd_month, line.kind))
