"""`./manage.py export_conversations`: conversations as JSON lines on standard output."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from accounts.models import BrandAccount
from inbox.models import Conversation
from inbox.transcripts import transcripts
from twitter_sync.settling import Unsettled, wait_until_settled


class Command(BaseCommand):
    help = "Writes conversations as JSON lines, one a line, in the order of their numbers."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--brand", metavar="HANDLE", help="only those of this handle")
        parser.add_argument(
            "--since", metavar="TIME", help="only those with something new since (ISO 8601)"
        )
        parser.add_argument(
            "--settle",
            metavar="SECONDS",
            type=float,
            help="first wait until everything that X sent is applied, at most so long",
        )

    def handle(self, **options: Any) -> None:
        conversations = Conversation.objects.all()
        if options["brand"]:
            conversations = conversations.filter(brand=brand_of(options["brand"]))
        if options["since"]:
            conversations = conversations.filter(last_activity_at__gte=moment(options["since"]))
        if options["settle"] is not None:
            settle(options["settle"])
        for record in transcripts(conversations):
            self.stdout.write(json.dumps(record, ensure_ascii=False))


def brand_of(handle: str) -> BrandAccount:
    brand = BrandAccount.objects.filter(handle__iexact=handle.removeprefix("@")).first()
    if brand is None:
        known = ", ".join(f"@{brand.handle}" for brand in BrandAccount.objects.all())
        raise CommandError(f"No handle {handle!r} here. There is: {known or 'none yet'}.")
    return brand


def moment(text: str) -> datetime:
    """A time or a day; without a zone, UTC."""
    try:
        found = parse_datetime(text) or datetime.fromisoformat(text)
    except ValueError as error:
        raise CommandError(f"--since {text!r} is not a time like 2026-11-21T10:00Z.") from error
    return found if timezone.is_aware(found) else timezone.make_aware(found)


def settle(seconds: float) -> None:
    try:
        wait_until_settled(seconds)
    except Unsettled as left:
        raise CommandError(str(left)) from left
