"""Posts around a conversation that are none of its messages, out of the known tree (§4.1)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Literal

from inbox.channel import ContextPost
from inbox.sequence import moment_of
from inbox.text.names import safe_name
from twitter_sync.models import KnownPost

# Of a thread that goes on above without end, the newest are context enough.
MOST_SHOWN = 20

# What is met twice ends the walk: chains that meet are walked once.
AROUND = """
WITH RECURSIVE above AS (
    SELECT unnest(%(answered)s::text[]) AS post_id
    UNION
    SELECT known.parent_id FROM above JOIN twitter_sync_knownpost known USING (post_id)
    WHERE known.parent_id <> ''
), quoted AS (
    SELECT quoted_id AS post_id FROM twitter_sync_knownpost
    WHERE post_id = ANY(%(posts)s) AND quoted_id <> ''
)
SELECT known.*, known.post_id NOT IN (SELECT post_id FROM above) AS is_quoted
FROM (SELECT post_id FROM above UNION SELECT post_id FROM quoted) around
JOIN twitter_sync_knownpost known USING (post_id)
WHERE NOT known.is_repost AND known.post_id <> ALL(%(posts)s)
ORDER BY known.post_id::numeric DESC LIMIT %(most)s
"""

State = Literal["shown", "deleted", "protected", "unavailable", "awaited"]


def context_of(posts: Collection[str], answered: Collection[str]) -> list[ContextPost]:
    """See `inbox.channel.Channel`."""
    asked = {"posts": list(posts), "answered": list(answered), "most": MOST_SHOWN}
    found = [shown(known) for known in KnownPost.objects.raw(AROUND, asked)]
    return found[::-1]


def shown(known: KnownPost) -> ContextPost:
    """Nothing is told of who said what is gone or was never for everyone but that it was there."""
    post = ContextPost(
        external_id=known.post_id,
        sequence=int(known.post_id),
        said_at=known.posted_at or moment_of(int(known.post_id)),
        state=state_of(known),
    )
    if post.state != "shown":
        return post
    return replace(
        post,
        author_id=known.author_id,
        author_handle=safe_name(known.author_handle),
        author_name=safe_name(known.author_name),
        text=known.text,
        entities=known.entities,
        is_quoted=bool(getattr(known, "is_quoted", False)),
    )


def state_of(known: KnownPost) -> State:
    if known.is_deleted:
        return "deleted"
    if known.is_protected:
        return "protected"
    if known.is_seen:
        return "shown"
    return "awaited" if known.look_up_at is not None else "unavailable"
