"""`./manage.py encrypt_tokens`: every token under the newest key, so that older ones can go."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from twitter_sync.models import Connection
from twitter_sync.tokens import UnreadableToken, encrypt_again


class Command(BaseCommand):
    help = "Writes X's tokens of all handles again, under the first key of HANDLED_TOKEN_KEYS."

    def handle(self, **options: Any) -> None:
        done, unreadable = 0, []
        for connection in Connection.objects.select_related("brand"):
            try:
                encrypt_again(connection.pk)
                done += 1
            except UnreadableToken as error:
                unreadable.append(f"@{connection.brand.handle}: {error.reason}")
        self.stdout.write(f"Handles whose tokens are under the newest key: {done}")
        if unreadable:
            raise CommandError("\n".join(unreadable))
