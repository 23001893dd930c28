"""Tasks of the X side: each makes one call, and is safe to run any number of times.

Who rings names the queue (`inbox.doorbell.ring`); what the clock starts goes to the default one.
"""

from __future__ import annotations

from typing import Any

from celery import shared_task

from twitter_sync.actions import (
    applying,
    looking_up,
    polling,
    sending,
    setting_up,
    sweeping,
)


@shared_task(name="twitter_sync.apply")
def apply(**_: Any) -> None:
    applying.apply_due()


@shared_task(name="twitter_sync.look_up")
def look_up(**_: Any) -> None:
    looking_up.look_up_due()


@shared_task(name="twitter_sync.poll_due")
def poll_due(**_: Any) -> None:
    polling.poll_due()


@shared_task(name="twitter_sync.poll")
def poll(cursor_id: int, **_: Any) -> None:
    polling.poll(cursor_id)


@shared_task(name="twitter_sync.send")
def send(conversation_id: int, **_: Any) -> None:
    sending.send_next(conversation_id)


@shared_task(name="twitter_sync.sweep")
def sweep(**_: Any) -> None:
    sweeping.sweep()


@shared_task(name="twitter_sync.watch", queue="default")
def watch(**_: Any) -> None:
    setting_up.watch()
