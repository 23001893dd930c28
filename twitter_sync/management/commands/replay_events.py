"""`./manage.py replay_events`: another try for what was set aside, after a fix."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from twitter_sync.actions.replaying import replay_dead


class Command(BaseCommand):
    help = "Applies the events again that could not be applied; the workers do it at once."

    def handle(self, **options: Any) -> None:
        self.stdout.write(f"{replay_dead()} events are due again.")
