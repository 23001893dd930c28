"""What X bills: the kinds of things, X's prices, and what a call or a push counts as.

An estimate. X tells nobody what it has billed until the bill, and its pages leave doubts
(reference: x-api §9); each is decided for the dearer reading:

- people and posts that come along with what was asked for count as read;
- what was pushed counts again when a poll reads it;
- a reply with a link costs what a post with a link costs;
- so does a push that says that a post was deleted cost what any push of a post costs;
- "media metadata" are the descriptions that we give files, the one call of X's of that name; the
  files themselves have no price on its page.

What is read twice on one day of UTC counts once, as X says; `metering` remembers what was read.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import models

from inbox.text.links import find_links
from twitter_sync.answers import Answer
from twitter_sync.payloads import DirectMessage, EncryptedMessage, Event, Post, PostDeletion
from twitter_sync.payloads.reading import optional_id, optional_record


class Kind(models.TextChoices):
    DM_READ = "dm_read", "Direct messages read"
    POST_READ = "post_read", "Posts read"
    USER_READ = "user_read", "Profiles read"
    DM_PUSHED = "dm_pushed", "Direct messages pushed by X"
    POST_PUSHED = "post_pushed", "Posts pushed by X"
    DM_SENT = "dm_sent", "Direct messages sent"
    REPLY = "reply", "Public replies"
    POST = "post", "Public posts that answer nobody"
    POST_WITH_LINK = "post_with_link", "Public replies and posts with a link"
    DELETION = "deletion", "Messages and posts deleted"
    BLOCK = "block", "Blocks and unblocks"
    DESCRIPTION = "description", "Descriptions of files"


# X's page of prices as it was on that day, in dollars for one.
AS_OF = date(2026, 8, 22)
PRICES = {
    Kind.DM_READ: Decimal("0.010"),
    Kind.POST_READ: Decimal("0.005"),
    Kind.USER_READ: Decimal("0.010"),
    Kind.DM_PUSHED: Decimal("0.010"),
    Kind.POST_PUSHED: Decimal("0.005"),
    Kind.DM_SENT: Decimal("0.015"),
    Kind.REPLY: Decimal("0.010"),
    Kind.POST: Decimal("0.015"),
    Kind.POST_WITH_LINK: Decimal("0.20"),
    Kind.DELETION: Decimal("0.010"),
    Kind.BLOCK: Decimal("0.010"),
    Kind.DESCRIPTION: Decimal("0.005"),
}

READS = {
    **dict.fromkeys(("dm_events", "dm_event", "dm_events_of", "dm_events_with"), Kind.DM_READ),
    **dict.fromkeys(("posts", "own_posts", "mentions", "search", "post_stream"), Kind.POST_READ),
    **dict.fromkeys(("me", "users", "users_by"), Kind.USER_READ),
}
ALONG = {"users": Kind.USER_READ, "tweets": Kind.POST_READ, "posts": Kind.POST_READ}
DEEDS = {
    "dm_send": Kind.DM_SENT,
    "dm_delete": Kind.DELETION,
    "post_delete": Kind.DELETION,
    "dm_block": Kind.BLOCK,
    "dm_unblock": Kind.BLOCK,
    "upload_describe": Kind.DESCRIPTION,
}

Read = tuple[Kind, str]


def read(endpoint: str, answer: Answer) -> set[Read]:
    """What was read by a call, by kind and X's id."""
    kind = READS.get(endpoint)
    if kind is None:
        return set()
    includes = optional_record(answer.get("includes"))
    told = [(kind, answer.get("data")), *((ALONG[name], includes.get(name)) for name in ALONG)]
    return {(kind, x_id) for kind, items in told for x_id in ids_in(items)}


def ids_in(items: Any) -> Iterator[str]:
    for item in items if isinstance(items, list) else [items]:
        if isinstance(item, dict) and (x_id := optional_id(item.get("id"))):
            yield x_id


def deed(endpoint: str, sent: dict[str, Any] | None) -> Kind | None:
    """What a call did, by its body; None for what X does not bill."""
    if endpoint != "post_create" or sent is None:
        return DEEDS.get(endpoint)
    if any(find_links(str(sent.get("text") or ""))):
        return Kind.POST_WITH_LINK
    return Kind.REPLY if sent.get("reply") else Kind.POST


def pushed(event: Event) -> Kind | None:
    """What an event of a push counts as. What a handle sent itself is told free of charge."""
    match event:
        case DirectMessage() | EncryptedMessage() if event.sender_id != event.for_user_id:
            return Kind.DM_PUSHED
        case Post() | PostDeletion():
            return Kind.POST_PUSHED
    return None
