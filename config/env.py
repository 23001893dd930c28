"""Reading settings from the environment, with errors that name the variable and the way out."""

from __future__ import annotations

import os
from datetime import datetime
from urllib.parse import parse_qs, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured


def text(name: str, default: str | None = None) -> str:
    """An empty variable is one that is not set: compose files can't leave one out."""
    value = os.environ.get(name) or default
    if value is None:
        raise ImproperlyConfigured(f"Set {name} in the environment (see docs/settings.md).")
    return value


def number(name: str, default: int) -> int:
    value = text(name, str(default))
    if not value.isdecimal():
        raise ImproperlyConfigured(f"{name} must be a number (see docs/settings.md).")
    return int(value)


def switch(name: str, *, default: bool) -> bool:
    value = text(name, "yes" if default else "no")
    if value not in {"yes", "no"}:
        raise ImproperlyConfigured(f"{name} must be yes or no (see docs/settings.md).")
    return value == "yes"


def words(name: str, default: str = "") -> list[str]:
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def terms(name: str) -> list[tuple[str, datetime]]:
    """`WORD@2026-12-01T12:00Z`, any number of them: words and until when each holds."""
    try:
        return [term(word) for word in words(name)]
    except ValueError:
        raise ImproperlyConfigured(
            f"{name} must be WORD@MOMENT, like …@2026-12-01T12:00Z (see docs/settings.md)."
        ) from None


def term(given: str) -> tuple[str, datetime]:
    """Raises ValueError. A moment without a time zone is none."""
    word, _, moment = given.rpartition("@")
    until = datetime.fromisoformat(moment)
    if not word or until.tzinfo is None:
        raise ValueError
    return word, until


def database(url: str) -> dict[str, object]:
    """Django's DATABASES entry for a postgresql:// URL; a socket folder goes in ?host=."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgresql", "postgres"}:
        raise ImproperlyConfigured("DATABASE_URL must begin with postgresql://")
    query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or query.get("user", "")),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.get("host") or parts.hostname or "",
        "PORT": str(parts.port or query.get("port", "")),
    }


def celery_broker(redis_url: str) -> str:
    """Celery's spelling of a redis-py URL: unix:///path becomes redis+socket:///path."""
    return redis_url.replace("unix://", "redis+socket://", 1)
