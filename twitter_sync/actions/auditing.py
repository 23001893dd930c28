"""Every five minutes: is what must always be true of the rows still true (trust R23)?"""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import structlog
from django.db import transaction

from accounts import clock
from accounts.actions.letters import raise_alarm
from twitter_sync.audit import INVARIANTS, Finding, everything, examine, recent
from twitter_sync.locks import only_one
from twitter_sync.models import Audit

KEPT_FOR = timedelta(days=30)
SEE = "./manage.py audit names the rows; docs/reliability.md says what each check means."

log = structlog.get_logger(__name__)


@transaction.atomic
def audit(*, whole: bool = False) -> Audit | None:
    """Asks for every invariant, of the newest rows or of all, and keeps what was found. What has
    come to be broken since the last audit is logged and mailed to the owner, once.

    None when another audit is under way.
    """
    if not only_one("twitter_sync.audit"):
        return None
    began_at, began = clock.now(), time.monotonic()
    scope = everything() if whole else recent()
    findings = [examine(invariant, scope) for invariant in INVARIANTS.values()]
    known = names_of_the_last()
    made = Audit.objects.create(
        began_at=began_at,
        seconds=round(time.monotonic() - began, 3),
        is_whole=whole,
        broken=[told(finding) for finding in findings if not finding.holds],
    )
    tell([one for one in findings if not one.holds and one.invariant.name not in known])
    Audit.objects.filter(began_at__lt=began_at - KEPT_FOR).delete()
    return made


def names_of_the_last() -> list[str]:
    last = Audit.objects.newest_first().first()
    return last.names if last else []


def told(finding: Finding) -> dict[str, Any]:
    invariant = finding.invariant
    return {
        "name": invariant.name,
        "sentence": invariant.sentence,
        "count": finding.count,
        "rows": list(finding.rows),
        "unfinished": finding.unfinished,
    }


def tell(news: list[Finding]) -> None:
    for one in news:
        log.error("invariant broken", name=one.invariant.name, count=one.count, rows=one.rows)
    if news:
        lines = [
            f"- {one.invariant.sentence} ({one.invariant.name}, {one.how_many})" for one in news
        ]
        raise_alarm(
            "\n".join(["The audit found what must never be. Not true any more:", *lines, SEE])
        )
