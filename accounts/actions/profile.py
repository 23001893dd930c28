"""What people say about themselves."""

from __future__ import annotations

from django.db import transaction

from accounts.models import User


@transaction.atomic
def change_profile(person: User, *, name: str, time_zone: str) -> None:
    person.name, person.time_zone = name, time_zone
    person.save(update_fields=["name", "time_zone"])
