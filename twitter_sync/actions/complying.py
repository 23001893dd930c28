"""Asking X about thousands of posts at once, where its plan has jobs for it (X_COMPLIANCE_JOBS).

A job tells what was deleted and whose author is protected now, not what was changed. A post can be
changed for an hour: so what is new is asked for by `rechecking`, and what was checked since it was
said goes into a job. Each step of a job is a task of its own; what breaks off begins anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from io import BytesIO

import structlog
from django.conf import settings
from django.db import transaction

from accounts import clock
from twitter_sync import spending
from twitter_sync.actions.rechecking import PAUSE, SOON, act_on, held_by
from twitter_sync.backoff import delay
from twitter_sync.budgets import Purpose
from twitter_sync.client import Client
from twitter_sync.errors import XError
from twitter_sync.locks import only_one
from twitter_sync.models import ComplianceJob, ConversationSearch
from twitter_sync.payloads.reading import optional_record
from twitter_sync.safe_fetch import STORES, FetchError, safe_fetch, safe_put

ROWS_AT_ONCE = 5_000
# Longer than a job may take; rows of one that was given up are due again.
LONGEST = timedelta(hours=6)
# Longer than a step may take.
LEASE = timedelta(minutes=2)
LOOK_AGAIN = timedelta(minutes=1)
MOST_ATTEMPTS = 5
LARGEST_BYTES = 64 * 1024 * 1024
SECONDS = 30.0

log = structlog.get_logger(__name__)


class Broken(Exception):
    """X began with the job and did not come to an end."""


def comply_due(now: datetime | None = None) -> None:
    """Takes the next step of the job that is under way, or begins one."""
    now = now or clock.now()
    if settings.X_COMPLIANCE_JOBS:
        gather(now)
    job = take(now)
    if job is None:
        return
    try:
        step(job, now)
    except (XError, FetchError, Broken) as error:
        log.warning("compliance job failed", error=str(error), posts=len(job.post_ids))
        begin_anew(job, now)


@transaction.atomic
def gather(now: datetime) -> None:
    """One job at a time, as X has it."""
    if not only_one("twitter_sync.comply") or ComplianceJob.objects.unfinished().exists():
        return
    rows = ConversationSearch.objects.to_check(now).for_jobs().select_for_update(skip_locked=True)
    due = list(rows.values_list("pk", flat=True)[:ROWS_AT_ONCE])
    held = held_by(due, now) if due else {}
    of_them = ConversationSearch.objects.filter(pk__in=due)
    of_them.exclude(pk__in=held).update(check_at=None)
    of_them.filter(pk__in=held).update(check_at=now + LONGEST)
    if held:
        post_ids = sorted(set().union(*held.values()), key=int)
        ComplianceJob.objects.create(
            searches=sorted(held), post_ids=post_ids, asked_at=now, due_at=now
        )


@transaction.atomic
def take(now: datetime) -> ComplianceJob | None:
    """Ours for the time of the lease."""
    job = ComplianceJob.objects.due(now).select_for_update(skip_locked=True).first()
    if job is not None:
        job.due_at = now + LEASE
        job.save(update_fields=["due_at"])
    return job


def step(job: ComplianceJob, now: datetime) -> None:
    """Raises XError, FetchError and Broken."""
    client = Client.for_app(purpose=Purpose.RECHECK)
    if not job.external_id:
        made = optional_record(client.create_compliance_job().get("data"))
        lines = "".join(f"{post_id}\n" for post_id in job.post_ids)
        safe_put(str(made.get("upload_url")), lines.encode(), seconds=SECONDS)
        go_on(job, now, external_id=str(made.get("id")))
        return
    told = optional_record(client.compliance_job(job.external_id).get("data"))
    if told.get("status") == "complete":
        finish(job, now, results_at(str(told.get("download_url"))))
    elif told.get("status") in ("failed", "expired") or now > job.asked_at + LONGEST:
        raise Broken("X did not come to an end with it")
    else:
        go_on(job, now, external_id=job.external_id)


def go_on(job: ComplianceJob, now: datetime, *, external_id: str) -> None:
    rows = ComplianceJob.objects.filter(pk=job.pk)
    rows.update(external_id=external_id, due_at=now + LOOK_AGAIN)


def results_at(address: str) -> dict[str, str]:
    """Why each post must go, by its id."""
    file = BytesIO()
    safe_fetch(address, file, max_bytes=LARGEST_BYTES, seconds=SECONDS, hosts=STORES)
    try:
        return dict(reasons_in(file.getvalue()))
    except ValueError:
        raise Broken("its results are not JSON") from None


def finish(job: ComplianceJob, now: datetime, reasons: Mapping[str, str]) -> None:
    """What X tells is done; twice is as good as once."""
    asked = {post_id for post_id in job.post_ids if post_id in reasons}
    veiled = {post_id for post_id in asked if reasons[post_id] == "protected"}
    act_on(gone=asked - veiled, veiled=veiled)
    with transaction.atomic():
        rows = ConversationSearch.objects.filter(pk__in=job.searches)
        rows.update(check_at=now + spending.slowed(PAUSE), checked_at=job.asked_at)
        let_go(job, now)


def reasons_in(results: bytes) -> Iterator[tuple[str, str]]:
    """`scrub_geo` asks for places, of which none is kept."""
    for line in results.splitlines():
        told = optional_record(json.loads(line)) if line.strip() else {}
        if told.get("action") == "delete" or told.get("reason") == "protected":
            yield str(told.get("id")), str(told.get("reason"))


def begin_anew(job: ComplianceJob, now: datetime) -> None:
    """With another job of X's; after some tries its rows are due as if it had never been."""
    attempts = job.attempts + 1
    if attempts < MOST_ATTEMPTS:
        rows = ComplianceJob.objects.filter(pk=job.pk)
        rows.update(external_id="", attempts=attempts, due_at=now + delay(attempts))
        return
    with transaction.atomic():
        ConversationSearch.objects.filter(pk__in=job.searches).update(check_at=now + SOON)
        let_go(job, now)


def let_go(job: ComplianceJob, now: datetime) -> None:
    rows = ComplianceJob.objects.filter(pk=job.pk)
    rows.update(finished_at=now, searches=[], post_ids=[])
