"""The test suite: real Postgres and Valkey that ./test starts, mail in memory."""

from __future__ import annotations

import os

os.environ.setdefault(
    "HANDLED_SECRET_KEY", "a key for tests alone, long enough to please the checks"
)
os.environ.setdefault("HANDLED_TOKEN_KEYS", "M3XlZ2VmYl9rZXlfZm9yX3Rlc3RzX2FuZF9ub19tb3I=")
os.environ.setdefault("HANDLED_METRICS_TOKEN", "5f0c3b9e71a24d86b0e9c47f12d83a6e5b7091cd")
os.environ.setdefault("DATABASE_URL", "postgresql:///handled")
os.environ.setdefault("REDIS_URL", "redis://127.0.0.1:6379/0")
os.environ.setdefault("X_CONSUMER_KEY", "test-consumer-key")
os.environ.setdefault("X_CONSUMER_SECRET", "test-consumer-secret")
os.environ.setdefault("X_CLIENT_ID", "test-client-id")
os.environ.setdefault("X_CLIENT_SECRET", "test-client-secret")
os.environ.setdefault("X_API_URL", "http://127.0.0.1:9")

from config.settings.base import *  # noqa: F403 - the environment comes first
from config.settings.base import DATABASES

# tests/servers.py made it and migrated it; migrating that finds nothing left to do.
DATABASES["default"]["TEST"] = {"TEMPLATE": "migrated"}

ALLOWED_HOSTS = ["testserver", "127.0.0.1", "localhost"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
AXES_ENABLED = False
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
