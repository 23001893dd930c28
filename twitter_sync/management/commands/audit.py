"""`./manage.py audit`: whether what must always be true of the rows is true."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from twitter_sync.actions.auditing import audit
from twitter_sync.audit import INVARIANTS
from twitter_sync.models import Audit


class Command(BaseCommand):
    help = (
        "Asks the database whether nothing is lost, nothing happened twice and everything agrees. "
        "Changes nothing but its own notes. Ends with status 1 when something does not hold, with "
        "2 when another is under way."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--all",
            action="store_true",
            dest="whole",
            help="read every row, however long it takes; else the newest of each table",
        )
        parser.add_argument("--json", action="store_true", help="one JSON object")

    def handle(self, *, whole: bool, **options: Any) -> None:
        found = audit(whole=whole)
        if found is None:
            raise CommandError(
                "Another audit is under way. Try again in some seconds.", returncode=2
            )
        if options["json"]:
            self.stdout.write(json.dumps(as_json(found)))
        else:
            self.tell(found)
        if not found.is_clean:
            raise SystemExit(1)

    def tell(self, found: Audit) -> None:
        broken = {one["name"]: one for one in found.broken}
        for name, invariant in INVARIANTS.items():
            one = broken.get(name)
            self.stdout.write(
                f"{'ok' if one is None else 'BROKEN':<7}{name:<4}{invariant.sentence}"
            )
            for line in lines_of(one) if one else []:
                self.stdout.write(f"           {line}")
        what = "every row" if found.is_whole else "the newest rows"
        self.stdout.write(f"{len(INVARIANTS)} invariants, {what}, in {found.seconds:.2f} s.")


def lines_of(one: dict[str, Any]) -> list[str]:
    if one["unfinished"]:
        return ["Postgres did not answer in time; --all waits for it."]
    more = one["count"] - len(one["rows"])
    return [*one["rows"], *([f"and {more} more"] if more else [])]


def as_json(found: Audit) -> dict[str, Any]:
    return {
        "began_at": found.began_at.isoformat(),
        "seconds": found.seconds,
        "is_whole": found.is_whole,
        "is_clean": found.is_clean,
        "broken": found.broken,
    }
