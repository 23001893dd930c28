"""What X costs by our count, as pages show it: rows in, dollars out. An estimate (`billing`)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import chain

from django.db.models import Q, Sum

from accounts.models import BrandAccount
from twitter_sync.billing import PRICES, Kind
from twitter_sync.budgets import APP, user_scope
from twitter_sync.metering import day_of_x
from twitter_sync.models import Price, Usage

Amounts = Mapping[Kind, int]


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
    """Of one caller. `brand` is None for what is asked on behalf of all handles together."""

    brand: BrandAccount | None
    lines: list[Line]

    @property
    def usd_today(self) -> Decimal:
        return sum((line.usd_today for line in self.lines), Decimal(0))

    @property
    def usd_month(self) -> Decimal:
        return sum((line.usd_month for line in self.lines), Decimal(0))


def by_kind(costs: Iterable[Costs]) -> list[Line]:
    """All of them together, the dearest first."""
    each, today, month = {}, Counter[Kind](), Counter[Kind]()
    for line in chain.from_iterable(one.lines for one in costs):
        each[line.kind] = line.usd_each
        today[line.kind] += line.today
        month[line.kind] += line.month
    return dearest_first(Line(kind, each[kind], today[kind], month[kind]) for kind in each)


def dearest_first(lines: Iterable[Line]) -> list[Line]:
    return sorted(lines, key=lambda line: (-line.usd_month, line.kind))


def costs_of(brands: Iterable[BrandAccount], *, and_shared: bool = False) -> list[Costs]:
    """In the order of `brands`, then what is shared. Two queries, however many."""
    named: dict[str, BrandAccount | None] = {user_scope(one.x_user_id): one for one in brands}
    if and_shared:
        named[APP] = None
    found: dict[str, list[Line]] = {scope: [] for scope in named}
    today, tags = day_of_x(), prices()
    rows = Usage.objects.filter(day__gte=today.replace(day=1), scope__in=named).order_by()
    summed = rows.values_list("scope", "kind").annotate(
        today=Sum("amount", filter=Q(day=today), default=0), month=Sum("amount")
    )
    for scope, kind, of_today, of_month in summed:
        tag = tags[Kind(kind)]
        found[scope].append(Line(tag.kind, tag.usd, of_today, of_month))
    return [Costs(brand, dearest_first(found[scope])) for scope, brand in named.items()]
