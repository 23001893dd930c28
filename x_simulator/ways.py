"""The ways that lead a search to its posts: through an index each, newest first.

X lets nobody search for what fits nearly everything: each alternative of a query has a term that is
meant positively and fits few enough. The rarest of them is the way to all that the alternative can
mean.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from x_simulator import words
from x_simulator.query import Either, Node, Term
from x_simulator.store import Value

# The ids of those who are called so: by username or by id.
Find = Callable[[str], Sequence[int]]


@dataclass(frozen=True, slots=True)
class Way:
    """Rows `source` with `such` have every post that is meant, by its `id`."""

    rank: int  # the rarest things first
    source: str
    id: str
    such: str
    value: Value


Ways = tuple[Way, ...]


def ways(node: Node, find: Find) -> Ways | None:
    """To be gone one after the other; none where nothing can be meant; None where there is no
    way."""
    if isinstance(node, Term):
        return None if node.negated else _of_term(node, find)
    found = [ways(part, find) for part in node.parts]
    known = [one for one in found if one is not None]
    if isinstance(node, Either):
        return tuple(way for one in known for way in one) if len(known) == len(found) else None
    return min(known, key=_rank, default=None)


def _rank(found: Ways) -> int:
    return max((way.rank for way in found), default=0)


def _of_term(term: Term, find: Find) -> Ways | None:
    if term.kind in ("word", "#", "$", "url"):
        said = max(words.of(term.operand), key=len, default=None)
        return () if said is None else (_in_words(said),)
    if term.kind == "@":
        return tuple(_in_mentions(user_id) for user_id in find(term.operand))
    if term.kind in ("from", "to"):
        return tuple(_through(term.kind, user_id) for user_id in find(term.operand))
    if term.kind in ("conversation_id", "in_reply_to_tweet_id"):
        return (_through(term.kind, int(term.operand)),)
    return None


# An index to go through, the column that it begins with, and its rank.
_INDEXES = {
    "in_reply_to_tweet_id": ("replies_of_post", "in_reply_to_post_id", 1),
    "conversation_id": ("posts_of_conversation", "conversation_id", 2),
    "to": ("posts_to_user", "in_reply_to_user_id", 4),
    "from": ("posts_there_of_author", "author_id", 5),
}


def _through(kind: str, value: int) -> Way:
    index, column, rank = _INDEXES[kind]
    return Way(rank, f"posts INDEXED BY {index}", "posts.id", f"posts.{column} = ?", value)


def _in_words(said: str) -> Way:
    source = "post_words CROSS JOIN posts ON posts.id = post_words.post_id"
    return Way(3, source, "post_words.post_id", "post_words.word = ?", said)


def _in_mentions(user_id: int) -> Way:
    source = "post_mentions CROSS JOIN posts ON posts.id = post_mentions.post_id"
    return Way(6, source, "post_mentions.post_id", "post_mentions.user_id = ?", user_id)
