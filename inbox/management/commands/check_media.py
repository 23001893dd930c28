"""`./manage.py check_media`: files of media beside the rows that tell of them, after a restore."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from inbox.media.checking import check


class Command(BaseCommand):
    help = (
        "Compares the files of media with the database, as after a restore: what is missing is"
        " fetched from X again, and files of which no row knows are deleted."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        checked = check()
        self.stdout.write(
            f"{checked.wanted} are fetched again, {checked.deleted} files were deleted."
        )
