"""What we ask X for: the tweet dialect, in one place. We read both (reference: x-api §1).

X ignores field names it doesn't know, silently, and bills the call: change this list with a test.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

USER_FIELDS = [
    "id",
    "name",
    "username",
    "description",
    "location",
    "created_at",
    "protected",
    "verified",
    "verified_type",
    "public_metrics",
    "profile_image_url",
]
# Only a user's own token gets these two; they are about that user. Direct messages are asked for
# with no other.
VIEWER_FIELDS = ["receives_your_dm", "connection_status"]

MEDIA_FIELDS = [
    "media_key",
    "type",
    "url",
    "preview_image_url",
    "alt_text",
    "variants",
    "width",
    "height",
]

POST_FIELDS = [
    "id",
    "text",
    "note_tweet",
    "author_id",
    "conversation_id",
    "created_at",
    "in_reply_to_user_id",
    "referenced_tweets",
    "attachments",
    "entities",
    "edit_history_tweet_ids",
    "edit_controls",
    "reply_settings",
    "lang",
    "display_text_range",
]
POST_EXPANSIONS = [
    "author_id",
    "referenced_tweets.id",
    "referenced_tweets.id.author_id",
    "in_reply_to_user_id",
    "attachments.media_keys",
]

DM_FIELDS = [
    "id",
    "text",
    "event_type",
    "dm_conversation_id",
    "created_at",
    "sender_id",
    "attachments",
    "referenced_tweets",
    "entities",
    "participant_ids",
]
DM_EXPANSIONS = ["sender_id", "attachments.media_keys", "participant_ids"]

# Keyword arguments of tweepy's methods.
ASK_FOR_POSTS = {
    "tweet_fields": POST_FIELDS,
    "expansions": POST_EXPANSIONS,
    "user_fields": USER_FIELDS,
    "media_fields": MEDIA_FIELDS,
}
ASK_FOR_DMS = {
    "dm_event_fields": DM_FIELDS,
    "expansions": DM_EXPANSIONS,
    "user_fields": [*USER_FIELDS, *VIEWER_FIELDS],
    "media_fields": MEDIA_FIELDS,
}


def query(asked: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """The same as parameters of a call."""
    return {name.replace("_fields", ".fields"): ",".join(values) for name, values in asked.items()}


def time_of(moment: datetime) -> str:
    """A time as X reads it in parameters."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
