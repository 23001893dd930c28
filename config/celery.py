"""The Celery application: `celery -A config worker`."""

import os
from typing import Any

from celery import Celery
from celery.signals import worker_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.production")

app = Celery("handled")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.steps["consumer"].add("config.heartbeat:WorkerHeartbeat")


@worker_init.connect
def before_work(**_: Any) -> None:
    """Settings are complete here, and nothing is forked yet."""
    from config.silence import hang_up_on_silence

    hang_up_on_silence()
