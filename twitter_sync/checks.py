"""Refusals at start-up: settings that would print tokens or message text (trust T8)."""

from __future__ import annotations

import logging
from typing import Any

from django.core.checks import CheckMessage, Error, register

# At DEBUG these print Authorization headers, bodies or queries.
TALKATIVE = ("tweepy", "requests_oauthlib", "oauthlib", "urllib3")


@register
def talkative_loggers_are_quiet(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    return [
        Error(
            f"The logger {name} is at {logging.getLevelName(level)}: it prints tokens.",
            hint="Set it to WARNING in LOGGING.",
            id="twitter_sync.E001",
        )
        for name in TALKATIVE
        if (level := logging.getLogger(name).getEffectiveLevel()) < logging.WARNING
    ]
