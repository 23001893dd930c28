"""`manage.py` in a clone: takes its settings from the running ./run, or says how to start one."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from config.embedded import data_dir
from config.embedded.data_dir import DataDir

# Nobody listens on port 9 of loopback: commands that need a database learn so at once.
NOWHERE = {
    "DATABASE_URL": "postgresql://handled@127.0.0.1:9/handled",
    "REDIS_URL": "redis://127.0.0.1:9/0",
    "HANDLED_SECRET_KEY": "for commands that keep nothing: without a ./run there is no other",
    "HANDLED_TOKEN_KEYS": "",
}


def main(arguments: Sequence[str]) -> int:
    folder = DataDir(Path(os.environ.get("HANDLED_DATA_DIR", data_dir.DEFAULT)).resolve())
    alone = not settings_are_complete() and not take_over(folder)
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line
    from django.db.utils import OperationalError

    try:
        execute_from_command_line(list(arguments))
    except ImproperlyConfigured as error:
        print(error, file=sys.stderr)
        return 1
    except OperationalError:
        if not alone:
            raise
        print(
            f"This command needs the database, and no ./run is running on {folder.path}.\n"
            "Start one in another terminal with ./run, name the folder of a running one in "
            "HANDLED_DATA_DIR, or set DATABASE_URL.",
            file=sys.stderr,
        )
        return 1
    return 0


def settings_are_complete() -> bool:
    """Whether somebody has set the scene already: production, the tests or ./run itself."""
    return os.environ["DJANGO_SETTINGS_MODULE"] != "config.settings.development" or all(
        name in os.environ for name in ("DATABASE_URL", "REDIS_URL", "HANDLED_SECRET_KEY")
    )


def take_over(folder: DataDir) -> bool:
    """Set what isn't set from the running ./run; answers whether there is one."""
    running = folder.running()
    for name, value in (running["environment"] if running else NOWHERE).items():
        os.environ.setdefault(name, value)
    return running is not None
