"""./manage.py seed_demo: three invented brands and a day of theirs, beside a running ./run."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from twitter_sync.demo.content import BadContent
from twitter_sync.demo.seeding import NotArrived, seed
from twitter_sync.errors import XError
from twitter_sync.simulator import NotTheSimulator, SimulatorError


class Command(BaseCommand):
    help = (
        "Seed the demo: brands, people, conversations. Needs ./run; a second time changes nothing."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            seeded = seed()
        except (NotTheSimulator, SimulatorError, NotArrived, BadContent, XError) as error:
            raise CommandError(str(error)) from error
        news = f"{seeded.worked_on} new" if seeded.worked_on else "as it was"
        self.stdout.write(f"The demo has {seeded.conversations} conversations, {news}.")
