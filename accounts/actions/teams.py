"""Teams: groups of a brand's people, used as queues."""

from __future__ import annotations

from collections.abc import Iterable

import structlog
from django.db import IntegrityError, transaction

from accounts.access import require_admin
from accounts.models import BrandAccount, Team, User

log = structlog.get_logger(__name__)


class NameTaken(Exception):
    """The brand has a team of that name, whatever its case."""


class NotOfTheBrand(Exception):
    """Someone who has no role on the brand cannot be in its teams."""


def create_team(brand: BrandAccount, *, name: str, by: User) -> Team:
    """Raises NameTaken."""
    require_admin(by, brand)
    team = Team(brand=brand, name=name)
    save(team)
    log.info("team created", team=team.pk, brand=brand.pk, by=by.pk)
    return team


@transaction.atomic
def change_team(team: Team, *, name: str, members: Iterable[User], by: User) -> None:
    """Renames and sets who is in it. Raises NameTaken, NotOfTheBrand."""
    require_admin(by, team.brand)
    people = set(members)
    of_the_brand = User.objects.filter(memberships__brand=team.brand, pk__in=[p.pk for p in people])
    if of_the_brand.count() != len(people):
        raise NotOfTheBrand
    team.name = name
    save(team)
    team.members.set(people)
    log.info("team changed", team=team.pk, by=by.pk)


def save(team: Team) -> None:
    try:
        with transaction.atomic():
            team.save()
    except IntegrityError as error:
        raise NameTaken from error


def delete_team(team: Team, *, by: User) -> None:
    """Its people stay; its conversations stay too and belong to no team."""
    require_admin(by, team.brand)
    log.info("team deleted", team=team.pk, brand=team.brand_id, by=by.pk)
    team.delete()
