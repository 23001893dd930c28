"""Tasks of the inbox: each loads and makes one call, and is safe to run twice."""

from __future__ import annotations

from typing import Any

from celery import shared_task

from inbox.actions.drafts import let_go_forgotten
from inbox.actions.enclosing import let_go_abandoned
from inbox.actions.status import wake_due
from inbox.media.files import delete_left_behind


@shared_task(name="inbox.wake_due")
def wake_due_snoozes(**_: Any) -> None:
    wake_due()


@shared_task(name="inbox.delete_media")
def delete_media(**_: Any) -> None:
    delete_left_behind()


@shared_task(name="inbox.let_go_enclosures")
def let_go_enclosures(**_: Any) -> None:
    let_go_abandoned()


@shared_task(name="inbox.let_go_drafts")
def let_go_drafts(**_: Any) -> None:
    let_go_forgotten()
