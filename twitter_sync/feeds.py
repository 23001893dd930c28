"""The feeds of a handle: how each is asked for, and how a page of it is taken apart."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from twitter_sync.answers import Answer
from twitter_sync.client import MAX_PAGE, Client
from twitter_sync.models import SyncCursor
from twitter_sync.payloads.reading import records

Feed = SyncCursor.Feed
# Where what we sent stands, by the kind of message.
FEED_OF = {"dm": Feed.DMS, "public": Feed.OWN_POSTS}


@dataclass(frozen=True, slots=True)
class Stretch:
    """What is asked for of a feed: items newer than `since` and older than `until`, ids of X; or a
    page by its token. "" asks for everything, from the newest down, `size` items at once."""

    since: str = ""
    until: str = ""
    page: str = ""
    size: int = MAX_PAGE


@dataclass(frozen=True, slots=True)
class Source:
    """The first word of a feed's facts in the ledger, and how it is asked for.

    X shows the newest `most` items of it, or those of `DM_REACH`. Where `is_by_id`, it takes ids
    for a place to go on from; else only the token of a page, which may go stale.
    """

    kind: str
    ask: Callable[[Client, Stretch], Answer]
    most: int | None
    is_by_id: bool


SOURCES = {
    Feed.DMS: Source(
        "dm",
        lambda client, asked: client.dm_events(
            page_token=asked.page or None, max_results=asked.size
        ),
        most=None,
        is_by_id=False,
    ),
    Feed.MENTIONS: Source(
        "post", lambda client, asked: posts_in(asked, client.mentions), most=800, is_by_id=True
    ),
    Feed.OWN_POSTS: Source(
        "post",
        lambda client, asked: posts_in(asked, client.own_posts),
        most=3_200,
        is_by_id=True,
    ),
}
# How far X shows direct messages (reference: x-api §3.1).
DM_REACH = timedelta(days=30)


def posts_in(asked: Stretch, timeline: Callable[..., Answer]) -> Answer:
    return timeline(
        since_id=asked.since or None,
        until_id=asked.until or None,
        page_token=asked.page or None,
    )


def items_of(answer: Answer) -> list[dict[str, Any]]:
    return listed(answer, "data")


def ids_of(items: list[dict[str, Any]]) -> list[int]:
    return [int(item["id"]) for item in items if str(item.get("id", "")).isdecimal()]


def next_page_of(answer: Answer) -> str:
    return str((answer.get("meta") or {}).get("next_token") or "")


def page_of_one(item: dict[str, Any], answer: Answer) -> dict[str, Any]:
    """The item with what its page tells of it: people, posts, media, what X withheld."""
    includes = answer.get("includes") or {}
    named = set(leaves(item))
    posts = [
        post
        for post in [*listed(includes, "tweets"), *listed(includes, "posts")]
        if post.get("id") in named
    ]
    named |= {str(post.get("author_id")) for post in posts}
    return {
        "data": item,
        "includes": {
            "users": [one for one in listed(includes, "users") if one.get("id") in named],
            "tweets": posts,
            "media": [one for one in listed(includes, "media") if one.get("media_key") in named],
        },
        "errors": [one for one in listed(answer, "errors") if one.get("resource_id") in named],
    }


def listed(source: dict[str, Any], name: str) -> list[dict[str, Any]]:
    return records(source.get(name))


def leaves(value: Any) -> Iterator[str]:
    """Every text inside `value`, and both halves of a conversation id."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner)
    elif isinstance(value, str):
        yield value
        yield from value.split("-")[:2]
