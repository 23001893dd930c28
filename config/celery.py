"""The Celery application: `celery -A config worker`."""

import os
from datetime import datetime
from typing import Any

from celery import Celery, Task
from celery.signals import beat_init, worker_init

from accounts import clock

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.production")


class App(Celery):
    def now(self) -> datetime:
        return clock.now().astimezone(self.timezone)


class TaskOnTime(Task):  # type: ignore[type-arg]  # none at run time
    # By its name: nobody but workers needs what it takes.
    Request = "config.on_time:RequestOnTime"


app = App("handled", task_cls=TaskOnTime)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.steps["consumer"].add("config.heartbeat:WorkerHeartbeat")


@worker_init.connect
@beat_init.connect
def before_work(**_: Any) -> None:
    """Settings are complete here, and nothing is forked yet."""
    from config.silence import hang_up_on_silence

    hang_up_on_silence()
    clock.set_at_once()
