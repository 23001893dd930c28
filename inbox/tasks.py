"""Tasks of the inbox: each loads and makes one call, and is safe to run twice."""

from __future__ import annotations

from typing import Any

from celery import shared_task

from inbox.actions.status import wake_due


@shared_task(name="inbox.wake_due")
def wake_due_snoozes(**_: Any) -> None:
    wake_due()
