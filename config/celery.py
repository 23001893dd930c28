"""The Celery application: `celery -A config worker`."""

import os
from typing import Any

from celery.signals import beat_init, worker_init

from config.on_time import App

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.production")

app = App("handled", task_cls="config.on_time:TaskOnTime")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.steps["consumer"].add("config.heartbeat:WorkerHeartbeat")


@worker_init.connect
@beat_init.connect
def before_work(**_: Any) -> None:
    """Settings are complete here, and nothing is forked yet."""
    from accounts import clock
    from config.silence import hang_up_on_silence

    hang_up_on_silence()
    clock.set_at_once()
