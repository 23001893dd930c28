"""Public posts: the form of X's API v2 in both vocabularies, and the older form."""

from __future__ import annotations

from typing import Any

from twitter_sync.payloads.entities import read_entities
from twitter_sync.payloads.media import read_attached, read_older
from twitter_sync.payloads.reading import (
    Record,
    either,
    moment,
    number,
    optional_id,
    optional_record,
    records,
    text,
    x_id,
)
from twitter_sync.payloads.records import Post

REPLY = ("replied_to",)
QUOTE = ("quoted",)
REPOST = ("retweeted", "reposted")


def read_post(source: Record, includes: Record, for_user_id: str | None = None) -> Post:
    """A post of API v2. A reply is known by what it refers to: `in_reply_to_user_id` is also set
    on a post that merely begins with a name."""
    post_id = x_id(source.get("id"), "id of a post")
    long_form = optional_record(either(source, "note_tweet", "note_post"))
    whole = long_form if text(long_form.get("text")) else source
    parent_id = parent_of(source)
    return Post(
        for_user_id=for_user_id,
        id=post_id,
        author_id=x_id(source.get("author_id"), "author_id"),
        text=text(whole.get("text")),
        created_at=moment(source.get("created_at"), post_id, "created_at"),
        conversation_id=optional_id(source.get("conversation_id")) or "",
        parent_id=parent_id,
        answers_user_id=optional_id(source.get("in_reply_to_user_id")) if parent_id else None,
        is_repost=referred(source, REPOST) is not None,
        quoted_id=referred(source, QUOTE),
        earlier_ids=earlier_ids(source, post_id),
        later_ids=later_ids(source, post_id),
        typed_from=typed_from(source.get("display_text_range")),
        entities=read_entities(whole.get("entities")),
        media=read_attached(source.get("attachments"), includes),
    )


def parent_of(source: Record) -> str | None:
    told = either(source, "in_reply_to_tweet_id", "in_reply_to_post_id")
    return referred(source, REPLY) or optional_id(told)


def earlier_ids(source: Record, post_id: str) -> tuple[str, ...]:
    return tuple(one for one in form_ids(source) if int(one) < int(post_id))


def later_ids(source: Record, post_id: str) -> tuple[str, ...]:
    return tuple(one for one in form_ids(source) if int(one) > int(post_id))


def form_ids(source: Record) -> list[str]:
    """X lists all ids that a post has had, oldest first, its own among them."""
    older = optional_record(source.get("edit_history")).get("edit_tweet_ids")
    told = either(source, "edit_history_tweet_ids", "edit_history_post_ids") or older
    ids = [optional_id(one) for one in told] if isinstance(told, list) else []
    return [one for one in ids if one]


def referred(source: Record, kinds: tuple[str, ...]) -> str | None:
    for reference in records(either(source, "referenced_tweets", "referenced_posts")):
        if reference.get("type") in kinds and (found := optional_id(reference.get("id"))):
            return found
    return None


def typed_from(display_range: Any) -> int | None:
    return number(display_range[0]) if isinstance(display_range, list) and display_range else None


def read_included(includes: Any) -> list[Record]:
    """The posts told along with others, under either name."""
    source = optional_record(includes)
    return records(source.get("tweets")) + records(source.get("posts"))


def read_older_post(source: Record, for_user_id: str | None) -> Post:
    """A post of the Account Activity API. It names no conversation; its author is inside it."""
    post_id = x_id(either(source, "id_str", "id"), "id of a post")
    author = optional_record(source.get("user"))
    extended = optional_record(source.get("extended_tweet"))
    whole = extended or source
    pictures = optional_record(whole.get("extended_entities")) or optional_record(
        whole.get("entities")
    )
    parent_id = optional_id(either(source, "in_reply_to_status_id_str", "in_reply_to_status_id"))
    answered = either(source, "in_reply_to_user_id_str", "in_reply_to_user_id")
    return Post(
        for_user_id=for_user_id,
        id=post_id,
        author_id=x_id(either(author, "id_str", "id"), "author of a post"),
        text=text(either(whole, "full_text", "text")),
        created_at=moment(either(source, "created_at", "timestamp_ms"), post_id, "created_at"),
        conversation_id="" if parent_id else post_id,
        parent_id=parent_id,
        answers_user_id=optional_id(answered) if parent_id else None,
        is_repost=isinstance(source.get("retweeted_status"), dict),
        quoted_id=optional_id(either(source, "quoted_status_id_str", "quoted_status_id")),
        earlier_ids=earlier_ids(source, post_id),
        later_ids=later_ids(source, post_id),
        entities=read_entities(whole.get("entities")),
        media=read_older(pictures.get("media")),
    )
