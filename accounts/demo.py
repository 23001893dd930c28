"""The demo's people."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from accounts.models import BrandAccount, Membership, Role, User
from accounts.sign_ins import SIGN_INS, SignIn

__all__ = ["SIGN_INS", "seed_people"]


@transaction.atomic
def seed_people(brands: Sequence[BrandAccount]) -> list[User]:
    """The people of SIGN_INS, in that order. A second time changes nobody.

    Zoe works on the last of `brands` alone, the others on all of them, the owner on none.
    """
    people = [seed_person(sign_in) for sign_in in SIGN_INS]
    for person, sign_in in zip(people, SIGN_INS, strict=True):
        if sign_in["role"] != "owner":
            for brand in brands_of(sign_in, brands):
                Membership.objects.get_or_create(
                    user=person, brand=brand, defaults={"role": Role(sign_in["role"])}
                )
    return people


def seed_person(sign_in: SignIn) -> User:
    existing = User.objects.filter(email=sign_in["email"]).first()
    return existing or User.objects.create_user(
        email=sign_in["email"],
        name=sign_in["name"],
        password=sign_in["password"],
        is_superuser=sign_in["role"] == "owner",
    )


def brands_of(sign_in: SignIn, brands: Sequence[BrandAccount]) -> Sequence[BrandAccount]:
    return brands[-1:] if sign_in["name"].startswith("Zoe") else brands
