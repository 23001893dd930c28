"""The image's build: what `collectstatic` needs, without a secret or a server."""

from __future__ import annotations

import os

# Nothing that runs at build time reads them, and they are no part of the image.
os.environ |= {
    "HANDLED_SECRET_KEY": "for the build alone",
    "DATABASE_URL": "postgresql:///none",
    "REDIS_URL": "redis://127.0.0.1:9/0",
}

from config.settings.deployed import *  # noqa: F403 - the environment comes first
