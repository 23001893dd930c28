"""The calls that we make, by short names: how often X lets us make each, and with which token.

Source of the numbers: X's rate limit page (reference: x-api §3.4). They hold until X's headers say
otherwise, which they do with every answer. Source of the scopes: X's OpenAPI document.
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


@dataclass(frozen=True, slots=True)
class Endpoint:
    """`scopes` are those that a user's token needs; "" where only the app's bearer will do."""

    name: str
    method: str
    path: str
    limits: Limits
    scopes: str = ""

    def takes(self, method: str, path: str) -> bool:
        return method == self.method and re.fullmatch(self.path, path) is not None


READ = "tweet.read users.read"
READ_DMS = "dm.read tweet.read users.read"
WRITE_DMS = "dm.write tweet.read users.read"
WRITE_MEDIA = "media.write"
A_DM_READ = Limits(15, 15)
A_DM_BLOCK = Limits(10, 25, user_24h=400, app_24h=1_000)
AN_UPLOAD = Limits(1_875, 1_875, app_24h=180_000)
A_JOB = Limits(150, 150)
# X's page has no limit for these: its most usual one, until a header tells.
UNDOCUMENTED = Limits(300, 300)

ENDPOINTS = [
    Endpoint("dm_events", "GET", r"/2/dm_events", A_DM_READ, READ_DMS),
    Endpoint("dm_event", "GET", r"/2/dm_events/\d+", A_DM_READ, READ_DMS),
    Endpoint(
        "dm_events_with",
        "GET",
        r"/2/dm_conversations/with/\d+/dm_events",
        A_DM_READ,
        READ_DMS,
    ),
    Endpoint("dm_events_of", "GET", r"/2/dm_conversations/[\d-]+/dm_events", A_DM_READ, READ_DMS),
    Endpoint(
        "dm_send",
        "POST",
        r"/2/dm_conversations/(with/\d+|[\d-]+)/messages",
        Limits(15, 15, user_24h=1_440, app_24h=1_440),
        WRITE_DMS,
    ),
    Endpoint(
        "dm_delete",
        "DELETE",
        r"/2/dm_events/\d+",
        Limits(300, 300, user_24h=1_500, app_24h=4_000),
        "dm.read dm.write",
    ),
    Endpoint(
        "dm_media", "GET", r"/2/dm_conversations/media/\d+/\d+/[^/]+", UNDOCUMENTED, "dm.read"
    ),
    Endpoint("dm_block", "POST", r"/2/users/\d+/dm/block", A_DM_BLOCK, WRITE_DMS),
    Endpoint("dm_unblock", "POST", r"/2/users/\d+/dm/unblock", A_DM_BLOCK, WRITE_DMS),
    Endpoint(
        "post_create",
        "POST",
        r"/2/tweets",
        Limits(100, 100, app_24h=10_000),
        "tweet.read tweet.write users.read",
    ),
    Endpoint(
        "post_delete",
        "DELETE",
        r"/2/tweets/\d+",
        Limits(50, 50),
        "tweet.read tweet.write users.read",
    ),
    Endpoint(
        "post_hide",
        "PUT",
        r"/2/tweets/\d+/hidden",
        Limits(50, 50),
        "tweet.moderate.write tweet.read users.read",
    ),
    Endpoint("posts", "GET", r"/2/tweets", Limits(5_000, 3_500), READ),
    Endpoint("own_posts", "GET", r"/2/users/\d+/tweets", Limits(900, 10_000), READ),
    Endpoint("mentions", "GET", r"/2/users/\d+/mentions", Limits(300, 450), READ),
    Endpoint("search", "GET", r"/2/tweets/search/recent", Limits(300, 450), READ),
    Endpoint("me", "GET", r"/2/users/me", Limits(75, 75), READ),
    Endpoint("users", "GET", r"/2/users", Limits(900, 300), READ),
    Endpoint("users_by", "GET", r"/2/users/by", Limits(900, 300), READ),
    Endpoint("upload_initialize", "POST", r"/2/media/upload/initialize", AN_UPLOAD, WRITE_MEDIA),
    Endpoint("upload_append", "POST", r"/2/media/upload/\d+/append", AN_UPLOAD, WRITE_MEDIA),
    Endpoint("upload_finalize", "POST", r"/2/media/upload/\d+/finalize", AN_UPLOAD, WRITE_MEDIA),
    Endpoint(
        "upload_describe",
        "POST",
        r"/2/media/metadata",
        Limits(500, 500, app_24h=50_000),
        WRITE_MEDIA,
    ),
    Endpoint(
        "upload_status",
        "GET",
        r"/2/media/upload",
        Limits(1_000, 1_000, app_24h=100_000),
        WRITE_MEDIA,
    ),
    Endpoint("subscriptions", "GET", r"/2/activity/subscriptions", Limits(500, 500)),
    # Each kind of event needs a scope of its own: those of what it tells.
    Endpoint(
        "subscribe", "POST", r"/2/activity/subscriptions", Limits(500, 500), "dm.read tweet.read"
    ),
    Endpoint("move_subscription", "PUT", r"/2/activity/subscriptions/\d+", Limits(500, 500)),
    Endpoint("unsubscribe", "DELETE", r"/2/activity/subscriptions/\d+", Limits(500, 500)),
    Endpoint("activity_stream", "GET", r"/2/activity/stream", Limits(450, 450)),
    Endpoint("webhooks", "GET", r"/2/webhooks", Limits(450, 450)),
    Endpoint("register_webhook", "POST", r"/2/webhooks", Limits(450, 450)),
    Endpoint("check_webhook", "PUT", r"/2/webhooks/\d+", Limits(450, 450)),
    Endpoint("remove_webhook", "DELETE", r"/2/webhooks/\d+", Limits(450, 450)),
    Endpoint("replay_webhook", "POST", r"/2/webhooks/replay", Limits(100, 100)),
    Endpoint("connections", "GET", r"/2/connections", UNDOCUMENTED),
    Endpoint("end_connections", "DELETE", r"/2/connections", UNDOCUMENTED),
    Endpoint("end_all_connections", "DELETE", r"/2/connections/all", Limits(25, 25)),
    Endpoint("end_connections_of", "DELETE", r"/2/connections/(?!all$)[a-z0-9_]+", UNDOCUMENTED),
    Endpoint("post_stream", "GET", r"/2/tweets/search/stream", Limits(50, 50)),
    Endpoint("rules", "GET", r"/2/tweets/search/stream/rules", Limits(450, 450)),
    Endpoint("change_rules", "POST", r"/2/tweets/search/stream/rules", Limits(100, 100)),
    Endpoint("create_compliance_job", "POST", r"/2/compliance/jobs", A_JOB),
    Endpoint("compliance_job", "GET", r"/2/compliance/jobs/\d+", A_JOB),
    Endpoint("rule_counts", "GET", r"/2/tweets/search/stream/rules/counts", UNDOCUMENTED),
]
LIMITS = {endpoint.name: endpoint.limits for endpoint in ENDPOINTS}


class UnknownEndpoint(Exception):
    """A call without a limit of its own: add it to ENDPOINTS."""


def endpoint_of(method: str, path: str) -> str:
    for endpoint in ENDPOINTS:
        if endpoint.takes(method, path):
            return endpoint.name
    raise UnknownEndpoint(f"{method} {path}")
