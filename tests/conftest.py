"""The cast of every test.

@acme is served by Ana and Ben (agents), Sam (manager) and Ada (admin); @globex by Zoe (agent) and
Nia (admin), who must see nothing of @acme. Olga owns the installation and is a member of nothing.
Carla is the customer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as configured
from django.contrib.contenttypes.management import create_contenttypes
from django.db import transaction
from django.db.models.signals import post_migrate
from django.test import Client, override_settings
from pytest_django import DjangoDbBlocker, Settings

from accounts.models import BrandAccount, Role, User
from inbox.models import Contact
from tests.factories import make_brand, make_contact, make_user
from tests.world import World, build_world

# Whoever empties the database has them made anew, some hundred times, for an admin site of Django
# that we have not.
post_migrate.disconnect(create_contenttypes)
post_migrate.disconnect(dispatch_uid="django.contrib.auth.management.create_permissions")


@pytest.fixture
def acme(db: None) -> BrandAccount:
    return make_brand("acme", name="Acme")


@pytest.fixture
def globex(db: None) -> BrandAccount:
    return make_brand("globex", name="Globex")


@pytest.fixture
def ana(acme: BrandAccount) -> User:
    return make_user("Ana Agent", acme)


@pytest.fixture
def ben(acme: BrandAccount) -> User:
    return make_user("Ben Agent", acme)


@pytest.fixture
def sam(acme: BrandAccount) -> User:
    return make_user("Sam Manager", acme, Role.MANAGER)


@pytest.fixture
def ada(acme: BrandAccount) -> User:
    return make_user("Ada Admin", acme, Role.ADMIN)


@pytest.fixture
def zoe(globex: BrandAccount) -> User:
    return make_user("Zoe Other", globex)


@pytest.fixture
def nia(globex: BrandAccount) -> User:
    return make_user("Nia Other", globex, Role.ADMIN)


@pytest.fixture
def olga(db: None) -> User:
    return make_user("Olga Owner", is_superuser=True)


@pytest.fixture
def carla(db: None) -> Contact:
    return make_contact("carla", name="Carla Customer")


def storages_in(folder: Path) -> dict[str, Any]:
    """The settings of storages, with media in `folder`."""
    media = configured.STORAGES["media"]
    elsewhere = media | {"OPTIONS": media["OPTIONS"] | {"location": folder}}
    return configured.STORAGES | {"media": elsewhere}


@pytest.fixture
def media_folder(settings: Settings, tmp_path: Path) -> Path:
    """Where files of media lie, for this test; empty."""
    folder = tmp_path / "media"
    settings.STORAGES = storages_in(folder)
    return folder


@pytest.fixture
def sign_in() -> Callable[[Client, User], Client]:
    """`sign_in(client, ana).get("/desk/")`: the client, with a session of that person."""

    def sign_in(client: Client, user: User) -> Client:
        client.force_login(user)
        return client

    return sign_in


@pytest.fixture(scope="module")
def world(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[World]:
    """Two companies alike, for the tests that ask every URL (tests/world.py)."""
    storages = storages_in(tmp_path_factory.mktemp("media"))
    with (
        override_settings(STORAGES=storages),
        django_db_blocker.unblock(),
        transaction.atomic(),
    ):
        yield build_world()
        transaction.set_rollback(True)
