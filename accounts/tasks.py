"""Celery tasks: load, one call. Safe to run never, once or many times."""

from __future__ import annotations

from celery import shared_task

from accounts.actions import letters


@shared_task(name="accounts.send_letters")
def send_letters(**later: object) -> int:
    return letters.send_due_letters()
