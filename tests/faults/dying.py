"""Renews the token of a handle in a running stack, and is killed with X's answer in hand.

`HANDLED_DATA_DIR=… python -m tests.faults.dying HANDLE`
"""

from __future__ import annotations

import os
import signal
import sys

from tests.browser.inside import enter


def main(handle: str) -> None:
    from django.utils import timezone

    from twitter_sync import tokens
    from twitter_sync.models import Connection

    def die(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    held = Connection.objects.get(brand__handle=handle)
    tokens._replaced = die  # type: ignore[assignment]
    Connection.objects.filter(pk=held.pk).update(expires_at=timezone.now())
    held.refresh_from_db()
    tokens.refresh(held)


if __name__ == "__main__":
    enter()
    main(sys.argv[1])
