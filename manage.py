#!/usr/bin/env python3
"""Django's command line: `./manage.py help`.

In a clone it finds a running ./run of the same data directory (HANDLED_DATA_DIR, else .handled)
by itself and works with its database. Elsewhere the environment says everything.
"""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent


def main() -> int:
    use_venv()
    # Before the package is imported: its Celery application falls back to production.
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.development")
    from config.embedded import manage

    return manage.main(sys.argv)


def use_venv() -> None:
    """Go on with the clone's own Python where the one that was called lacks Django."""
    python = ROOT / ".venv" / "bin" / "python"
    if python.exists() and Path(sys.prefix) != ROOT / ".venv" and not has_django():
        os.execv(python, [str(python), *sys.argv])  # noqa: S606 - our own interpreter


def has_django() -> bool:
    from importlib.util import find_spec

    return find_spec("django") is not None


if __name__ == "__main__":
    sys.exit(main())
