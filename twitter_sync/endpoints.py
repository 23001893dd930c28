"""The calls that we make, by short names, and how often X lets us make each.

Source of the numbers: X's rate limit page (reference: x-api §3.4). They hold until X's headers say
otherwise, which they do with every answer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Calls a quarter of an hour by one user's token and by the app's; calls a day of each.

    A user's call counts against the app's day as well: all handles of an installation share it.
    """

    user_15m: int
    app_15m: int
    user_24h: int | None = None
    app_24h: int | None = None


LIMITS = {
    "dm_events": Limits(15, 15),
    "dm_events_of": Limits(15, 15),
    "dm_events_with": Limits(15, 15),
    "dm_event": Limits(15, 15),
    "dm_send": Limits(15, 15, user_24h=1_440, app_24h=1_440),
    "dm_block": Limits(10, 25, user_24h=400, app_24h=1_000),
    "dm_unblock": Limits(10, 25, user_24h=400, app_24h=1_000),
    "post_create": Limits(100, 100, app_24h=10_000),
    "post_delete": Limits(50, 50),
    "post_hide": Limits(50, 50),
    "posts": Limits(5_000, 3_500),
    "own_posts": Limits(900, 1_500),
    "mentions": Limits(300, 450),
    "search": Limits(300, 450),
    "me": Limits(75, 75),
    "users": Limits(900, 300),
    "users_by": Limits(900, 300),
    "subscriptions": Limits(500, 500),
    "subscribe": Limits(500, 500),
    "move_subscription": Limits(500, 500),
    "unsubscribe": Limits(500, 500),
    "webhooks": Limits(450, 450),
    "register_webhook": Limits(450, 450),
    "check_webhook": Limits(450, 450),
    "remove_webhook": Limits(450, 450),
}

_ROUTES = [
    ("GET", r"/2/dm_events", "dm_events"),
    ("GET", r"/2/dm_events/\d+", "dm_event"),
    ("GET", r"/2/dm_conversations/with/\d+/dm_events", "dm_events_with"),
    ("GET", r"/2/dm_conversations/[\d-]+/dm_events", "dm_events_of"),
    ("POST", r"/2/dm_conversations/(with/\d+|[\d-]+)/messages", "dm_send"),
    ("POST", r"/2/users/\d+/dm/block", "dm_block"),
    ("POST", r"/2/users/\d+/dm/unblock", "dm_unblock"),
    ("POST", r"/2/tweets", "post_create"),
    ("DELETE", r"/2/tweets/\d+", "post_delete"),
    ("PUT", r"/2/tweets/\d+/hidden", "post_hide"),
    ("GET", r"/2/tweets", "posts"),
    ("GET", r"/2/users/\d+/tweets", "own_posts"),
    ("GET", r"/2/users/\d+/mentions", "mentions"),
    ("GET", r"/2/tweets/search/recent", "search"),
    ("GET", r"/2/users/me", "me"),
    ("GET", r"/2/users", "users"),
    ("GET", r"/2/users/by", "users_by"),
    ("GET", r"/2/activity/subscriptions", "subscriptions"),
    ("POST", r"/2/activity/subscriptions", "subscribe"),
    ("PUT", r"/2/activity/subscriptions/\d+", "move_subscription"),
    ("DELETE", r"/2/activity/subscriptions/\d+", "unsubscribe"),
    ("GET", r"/2/webhooks", "webhooks"),
    ("POST", r"/2/webhooks", "register_webhook"),
    ("PUT", r"/2/webhooks/\d+", "check_webhook"),
    ("DELETE", r"/2/webhooks/\d+", "remove_webhook"),
]
_PATTERNS = [(re.compile(f"{method} {path}"), name) for method, path, name in _ROUTES]


class UnknownEndpoint(Exception):
    """A call without a limit of its own: add it to LIMITS and to the routes above."""


def endpoint_of(method: str, path: str) -> str:
    for pattern, name in _PATTERNS:
        if pattern.fullmatch(f"{method} {path}"):
            return name
    raise UnknownEndpoint(f"{method} {path}")
