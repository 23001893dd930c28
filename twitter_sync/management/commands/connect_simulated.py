"""./manage.py connect_simulated acme globex --member ana@example.com:agent"""

from __future__ import annotations

import json
import signal
import time
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import BrandAccount, Role, User
from twitter_sync.actions.connecting_simulated import connect_simulated, give_role
from twitter_sync.checklist import Checklist, checklist
from twitter_sync.errors import XError
from twitter_sync.simulator import NotTheSimulator, SimulatorError

Member = tuple[str, Role]


class Command(BaseCommand):
    help = (
        "Connect handles of the simulator without a browser. Refused unless X_API_URL is the "
        "simulator. Whoever is missing there is made; a second time renews the connection."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("handles", nargs="*", metavar="HANDLE")
        parser.add_argument(
            "--users",
            type=Path,
            metavar="FILE",
            help="JSON list of people with id, username, name; everyone with `brand` is connected",
        )
        parser.add_argument(
            "--member",
            type=member,
            action="append",
            default=[],
            metavar="EMAIL[:ROLE]",
            help="give this person a role (agent unless said) on every handle; repeatable",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        people = [{"username": name.removeprefix("@")} for name in options["handles"]]
        people += brands_of(options["users"]) if options["users"] else []
        if not people:
            raise CommandError("Name at least one handle, or a file with --users.")
        readers = [(person_of(email), role) for email, role in options["member"]]
        began = time.monotonic()
        try:
            with ending_well():
                left = self.connect(people, readers)
        except (NotTheSimulator, SimulatorError) as error:
            raise CommandError(str(error)) from error
        except XError as error:
            raise CommandError(f"{error}: {error.reason}") from error
        took = time.monotonic() - began
        self.stdout.write(f"{len(people)} handles connected in {took:.1f} s, {left} with gaps.")

    def connect(self, people: list[dict[str, Any]], readers: list[tuple[User, Role]]) -> int:
        """Returns how many handles have something left to do."""
        gaps: list[BrandAccount] = []

        def then(brand: BrandAccount) -> None:
            for person, role in readers:
                give_role(brand, person, role)
            found = checklist(brand)
            self.tell(brand, found)
            if found.steps_left:
                gaps.append(brand)

        connect_simulated(people, then=then)
        return len(gaps)

    def tell(self, brand: BrandAccount, found: Checklist) -> None:
        self.stdout.write(f"{brand}: {found.active} of {len(found.kinds)} subscriptions")
        if found.webhook is not None and found.webhook.failure:
            self.stderr.write(f"{brand}: no webhook: {found.webhook.failure}")
        for kind in found.kinds:
            if kind.failure:
                self.stderr.write(f"{brand}: {kind.words}: {kind.failure}")


def member(given: str) -> Member:
    email, _, role = given.partition(":")
    try:
        return email, Role(role or Role.AGENT)
    except ValueError:
        raise ArgumentTypeError(f"{role!r} is no role: {', '.join(Role.values)}") from None


def person_of(email: str) -> User:
    person: User | None = User.objects.filter(email__iexact=email).first()
    if person is None:
        raise CommandError(f"Nobody has the address {email}.")
    return person


def brands_of(file: Path) -> list[dict[str, Any]]:
    try:
        people = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CommandError(f"{file} can't be read as JSON: {error}") from error
    if not isinstance(people, list) or not all(is_person(one) for one in people):
        raise CommandError(f"{file} must be a list of objects, each with a `username`.")
    brands = [one for one in people if one.get("brand")]
    if not brands:
        raise CommandError(f"{file} marks nobody as `brand`.")
    return brands


def is_person(one: object) -> bool:
    return isinstance(one, dict) and isinstance(one.get("username"), str)


@contextmanager
def ending_well() -> Iterator[None]:
    """SIGTERM ends a program on the spot; as an exit, what was lifted is put back first."""

    def leave(number: int, frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
