"""Every call that the client can make, once, with words and tokens that must not be told on."""

from __future__ import annotations

import inspect
import io
from collections.abc import Callable
from datetime import UTC, datetime

from twitter_sync.calls.base import Calls
from twitter_sync.calls.filtered import Rule
from twitter_sync.client import Client

WORDS = "canary-of-a-customer"
MOMENT = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
TON = "https://ton.twitter.com/1.1/ton/data/dm/1/2/a.jpg"
# What the calls are made with, and how a client comes about.
PLUMBING = {*vars(Calls), "for_brand", "for_app", "for_newcomer"}

EVERY_CALL: dict[str, Callable[[Client], object]] = {
    "me": lambda client: client.me(),
    "users": lambda client: (client.users(ids=["1"]), client.users(usernames=["carla"])),
    "dm_events": lambda client: client.dm_events(),
    "dm_events_of": lambda client: client.dm_events_of("1-2"),
    "dm_events_with": lambda client: client.dm_events_with("1"),
    "dm_event": lambda client: client.dm_event("1"),
    "send_dm": lambda client: client.send_dm(WORDS, to="1"),
    "delete_dm": lambda client: client.delete_dm("1"),
    "download_dm_media": lambda client: client.download_dm_media(TON, io.BytesIO()),
    "block_dms": lambda client: client.block_dms("1"),
    "unblock_dms": lambda client: client.unblock_dms("1"),
    "create_post": lambda client: client.create_post(WORDS, answering="1"),
    "delete_post": lambda client: client.delete_post("1"),
    "hide_post": lambda client: client.hide_post("1"),
    "unhide_post": lambda client: client.unhide_post("1"),
    "posts": lambda client: client.posts(["1"]),
    "own_posts": lambda client: client.own_posts(),
    "mentions": lambda client: client.mentions(),
    "search": lambda client: client.search("conversation_id:1"),
    "initialize_upload": lambda client: client.initialize_upload(
        "image/png", category="dm_image", total_bytes=1
    ),
    "append_upload": lambda client: client.append_upload("1", index=0, piece=WORDS.encode()),
    "finalize_upload": lambda client: client.finalize_upload("1"),
    "describe_upload": lambda client: client.describe_upload("1", alt_text=WORDS),
    "upload_status": lambda client: client.upload_status("1"),
    "subscriptions": lambda client: client.subscriptions(),
    "subscribe": lambda client: client.subscribe("dm.received", webhook_id="1", tag="a"),
    "move_subscription": lambda client: client.move_subscription("1", webhook_id="1"),
    "unsubscribe": lambda client: client.unsubscribe("1"),
    "activity_stream": lambda client: list(client.activity_stream()),
    "webhooks": lambda client: client.webhooks(),
    "register_webhook": lambda client: client.register_webhook("https://acme.test/webhooks/x/"),
    "check_webhook": lambda client: client.check_webhook("1"),
    "remove_webhook": lambda client: client.remove_webhook("1"),
    "replay_webhook": lambda client: client.replay_webhook("1", since=MOMENT, until=MOMENT),
    "post_stream": lambda client: list(client.post_stream()),
    "rules": lambda client: client.rules(),
    "add_rules": lambda client: client.add_rules([Rule("acme")]),
    "delete_rules": lambda client: client.delete_rules(["1"]),
    "rule_counts": lambda client: client.rule_counts(),
    "create_compliance_job": lambda client: client.create_compliance_job(),
    "compliance_job": lambda client: client.compliance_job("1"),
    "connections": lambda client: client.connections(),
    "end_connections": lambda client: client.end_connections(["u-1"]),
    "end_connections_of": lambda client: client.end_connections_of(),
    "end_all_connections": lambda client: client.end_all_connections(),
}


def calls_of_the_client() -> set[str]:
    """Its own public methods, not those of tweepy."""
    ours = [one for one in Client.__mro__ if one.__module__.startswith("twitter_sync.")]
    return {
        name
        for one in ours
        for name, value in vars(one).items()
        if inspect.isfunction(value) and not name.startswith("_") and name not in PLUMBING
    }
