"""The invented installation: brands, the people who work for them, and who works where."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate

from django.contrib.auth.hashers import make_password

from accounts.models import BrandAccount, Membership, Role, User
from bench import talk
from bench.invention import Inventor, Somebody, ascii_of

PEOPLE = 50
FIRST_X_USER_ID = 9_000_000_000_000_001


@dataclass(frozen=True, slots=True)
class Brand:
    """`weight` is its share of the conversations: the first has many, the last few."""

    pk: int
    on_x: Somebody
    weight: float
    agents: list[int]


def found(inventor: Inventor, *, opened_at: datetime, password: str | None) -> list[Brand]:
    """Twenty brands with a manager and an admin of all of them, and forty-eight agents.

    Every agent works for one brand to five, and large brands have more of them.
    """
    weights = [1 / (place + 1) ** 0.8 for place in range(len(talk.BRANDS))]
    accounts = BrandAccount.objects.bulk_create(
        BrandAccount(
            x_user_id=str(FIRST_X_USER_ID + place),
            handle=f"{ascii_of(name)}_cares",
            name=name,
            created_at=opened_at,
        )
        for place, name in enumerate(talk.BRANDS)
    )
    people = invite(inventor, opened_at, password)
    teams = share_out(inventor, people, list(accumulate(weights)))
    Membership.objects.bulk_create(
        [Membership(user=people[0], brand=brand, role=Role.MANAGER) for brand in accounts]
        + [Membership(user=people[1], brand=brand, role=Role.ADMIN) for brand in accounts]
        + [
            Membership(user=person, brand=brand, role=Role.AGENT)
            for brand, team in zip(accounts, teams, strict=True)
            for person in team
        ]
    )
    return [
        Brand(account.pk, on_x(account), weight, [person.pk for person in team])
        for account, weight, team in zip(accounts, weights, teams, strict=True)
    ]


def on_x(brand: BrandAccount) -> Somebody:
    return Somebody(brand.x_user_id, brand.handle, brand.name, "en")


def invite(inventor: Inventor, at: datetime, password: str | None) -> list[User]:
    """Without a password nobody can sign in; with one, everybody does with the same."""
    secret = make_password(password)
    people: list[User] = User.objects.bulk_create(
        User(
            email=f"person{number}@bench.example",
            name=inventor.name(),
            password=secret,
            session_stamp=f"{number:016x}",
            created_at=at,
        )
        for number in range(1, PEOPLE + 1)
    )
    return people


def share_out(inventor: Inventor, people: list[User], shares: list[float]) -> list[list[User]]:
    """Agents of each brand, at least two."""
    places = range(len(shares))
    teams: list[list[User]] = [[] for _ in places]
    for number, person in enumerate(people[2:]):
        mine = {number % len(shares)}
        mine |= set(inventor.random.choices(places, cum_weights=shares, k=number % 5))
        for place in sorted(mine):
            teams[place].append(person)
    return teams
