"""What each part is told through its environment, and what `manage.py` takes over."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from config.embedded import orphans
from config.embedded.options import X_SECRETS

# Our settings, as far as a `./run` decides them; also what it hands on to `manage.py`.
OURS = (
    "DJANGO_SETTINGS_MODULE",
    "DATABASE_URL",
    "REDIS_URL",
    "HANDLED_DATA_DIR",
    "HANDLED_MAIL_DIR",
    "HANDLED_SECRET_KEY",
    "HANDLED_TOKEN_KEYS",
    "HANDLED_WEB_URL",
    "HANDLED_LIVE_URL",
    "X_API_URL",
    *X_SECRETS,
)


@dataclass(frozen=True)
class Addresses:
    web_url: str
    live_url: str
    simulator_url: str | None
    database_url: str  # as outside tools reach it
    redis_url: str


def of_django(
    addresses: Addresses,
    database_url: str,
    data_dir: Path,
    secrets: Mapping[str, str],
    x: Mapping[str, str],
) -> dict[str, str]:
    """Django's processes: what the user's environment sets about keys and addresses wins."""
    return of_part(data_dir) | {
        "DJANGO_SETTINGS_MODULE": "config.settings.development",
        "DATABASE_URL": database_url,
        "REDIS_URL": addresses.redis_url,
        "HANDLED_DATA_DIR": str(data_dir),
        "HANDLED_MAIL_DIR": os.environ.get("HANDLED_MAIL_DIR", str(data_dir / "mail")),
        "HANDLED_SECRET_KEY": own("HANDLED_SECRET_KEY", secrets),
        "HANDLED_TOKEN_KEYS": own("HANDLED_TOKEN_KEYS", secrets),
        "HANDLED_WEB_URL": addresses.web_url,
        "HANDLED_LIVE_URL": addresses.live_url,
        **x,
    }


def of_simulator(data_dir: Path, x: Mapping[str, str]) -> dict[str, str]:
    """The simulator is a program of its own: it learns X's keys and nothing of ours."""
    return of_part(data_dir) | {name: x[name] for name in X_SECRETS}


def of_part(data_dir: Path) -> dict[str, str]:
    """Our environment without settings that were meant for something else."""
    return {
        name: value
        for name, value in os.environ.items()
        if name not in OURS and not name.startswith(("PG", "HANDLED_OWNER_"))
    } | {"PYTHONUNBUFFERED": "1", orphans.MARK: str(data_dir)}


def handed_on(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: environment[name] for name in OURS if name in environment}


def own(name: str, secrets: Mapping[str, str]) -> str:
    return os.environ.get(name) or secrets[name]
