"""Which fields an answer carries, and in which of X's two vocabularies.

Inside, everything has the older (*tweet*) names. A call that uses a *post* name anywhere is
answered in the post vocabulary. Values that X does not know are dropped without a word.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Dialect = Literal["tweet", "post"]

# Post vocabulary to tweet vocabulary, for names of fields in bodies.
_RENAMED = {
    "referenced_tweets": "referenced_posts",
    "edit_history_tweet_ids": "edit_history_post_ids",
    "note_tweet": "note_post",
    "retweet_count": "repost_count",
    "tweet_count": "post_count",
    "pinned_tweet_id": "pinned_post_id",
    "most_recent_tweet_id": "most_recent_post_id",
    "tweets": "posts",
}
_POST_FIELDS = {"note_post": "note_tweet"}
_POST_EXPANSIONS = {
    "referenced_posts": "referenced_tweets.id",
    "edit_history_post_ids": "edit_history_tweet_ids",
    "pinned_post_id": "pinned_tweet_id",
    "most_recent_post_id": "most_recent_tweet_id",
}
# In the post vocabulary these are expansions only.
_NOT_A_POST_FIELD = {
    "author_id",
    "in_reply_to_user_id",
    "referenced_tweets",
    "referenced_posts",
    "edit_history_tweet_ids",
    "note_tweet",
}
_NOT_A_DM_FIELD = {"sender_id", "participant_ids", "referenced_tweets"}

TWEET_DEFAULTS = frozenset({"id", "text", "edit_history_tweet_ids"})
USER_DEFAULTS = frozenset({"id", "name", "username"})
MEDIA_DEFAULTS = frozenset({"media_key", "type"})
DM_DEFAULTS = frozenset({"id", "event_type", "text"})


@dataclass(frozen=True, slots=True)
class Fields:
    dialect: Dialect
    tweet: frozenset[str]
    user: frozenset[str]
    dm: frozenset[str]
    media: frozenset[str]
    expansions: frozenset[str]

    def answer(self, body: dict[str, Any]) -> dict[str, Any]:
        """The body in the vocabulary that was asked for."""
        return _renamed(body) if self.dialect == "post" else body


def asked(query: Mapping[str, str]) -> Fields:
    """From a call's query parameters."""
    given = {name: _values(query.get(name)) for name in _PARAMETERS}
    expansions = given["expansions"]
    if "post.fields" not in query and not expansions & _POST_EXPANSIONS.keys():
        return Fields(
            "tweet",
            TWEET_DEFAULTS | given["tweet.fields"],
            USER_DEFAULTS | given["user.fields"],
            DM_DEFAULTS | given["dm_event.fields"],
            MEDIA_DEFAULTS | given["media.fields"],
            expansions,
        )
    posts = {_POST_FIELDS.get(name, name) for name in given["post.fields"] - _NOT_A_POST_FIELD}
    return Fields(
        "post",
        TWEET_DEFAULTS | posts,
        USER_DEFAULTS | given["user.fields"],
        DM_DEFAULTS | (given["dm_event.fields"] - _NOT_A_DM_FIELD),
        MEDIA_DEFAULTS | given["media.fields"],
        frozenset(_POST_EXPANSIONS.get(name, name) for name in expansions),
    )


_PARAMETERS = (
    *("expansions", "tweet.fields", "post.fields", "user.fields", "dm_event.fields"),
    "media.fields",
)


def _values(text: str | None) -> frozenset[str]:
    return frozenset(part.strip() for part in (text or "").split(",") if part.strip())


def chosen(whole: Mapping[str, Any], wanted: frozenset[str]) -> dict[str, Any]:
    """The wanted fields that there are."""
    return {name: value for name, value in whole.items() if name in wanted}


def _renamed(value: Any) -> Any:
    if isinstance(value, dict):
        return {_RENAMED.get(key, key): _renamed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_renamed(item) for item in value]
    return value
