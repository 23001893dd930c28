"""Which posts a query means, as SQL over the rows of `posts`.

A search looks at a post itself and takes letters with and without accents for the same. A rule of
the filtered stream minds accents, and what it asks of the content may as well stand in the post
that is quoted or reposted.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache

from x_simulator.query import Every, Node, Term, parse
from x_simulator.store import Clause

_OF_PERSON = (
    "(SELECT id FROM users WHERE username_key = lower(?)"
    " UNION ALL SELECT id FROM users WHERE id = CAST(? AS INTEGER) AND CAST(id AS TEXT) = ?)"
)
_KINDS = {
    "retweet": "posts.reposted_post_id IS NOT NULL",
    "reply": "posts.in_reply_to_post_id IS NOT NULL",
    "quote": "posts.quoted_post_id IS NOT NULL",
}
_TAGS = {"#": "hashtags", "$": "cashtags"}


@lru_cache(maxsize=2_048)
def found_by(query: str) -> tuple[Node, Clause]:
    """By a search. Raises InvalidQuery."""
    node = parse(query)
    return node, _clause(node, is_rule=False)


@lru_cache(maxsize=2_048)
def let_through_by(rule: str) -> Clause:
    """By the filtered stream. Raises InvalidQuery."""
    return _clause(parse(rule), is_rule=True)


def _clause(node: Node, *, is_rule: bool) -> Clause:
    if isinstance(node, Term):
        return _term(node, is_rule=is_rule)
    joint = " AND " if isinstance(node, Every) else " OR "
    return _joined(joint, [_clause(part, is_rule=is_rule) for part in node.parts])


def _joined(joint: str, clauses: Sequence[Clause]) -> Clause:
    sql = joint.join(sql for sql, _ in clauses)
    return f"({sql})", tuple(value for _, values in clauses for value in values)


def _term(term: Term, *, is_rule: bool) -> Clause:
    if place := _PLACES.get(term.kind):
        sql, values = place(term.operand)
    else:
        sql, values = _content("posts", term, folds=not is_rule)
        if is_rule:
            within, again = _content("other", term, folds=False)
            named = "(posts.quoted_post_id, posts.reposted_post_id)"
            other = f"EXISTS (SELECT 1 FROM posts AS other WHERE other.id IN {named} AND {within})"  # noqa: S608 (fixed text)
            sql, values = _joined(" OR ", [(sql, values), (other, again)])
    return (f"NOT {sql}" if term.negated else sql), values


# What a post is and where it stands


def _place(sql: str) -> Callable[[str], Clause]:
    return lambda operand: (f"({sql})", (operand,) * sql.count("?"))


_PLACES: dict[str, Callable[[str], Clause]] = {
    "from": _place(f"posts.author_id IN {_OF_PERSON}"),
    "to": _place(f"ifnull(posts.in_reply_to_user_id, 0) IN {_OF_PERSON}"),
    "conversation_id": _place("posts.conversation_id IS CAST(? AS INTEGER)"),
    "in_reply_to_tweet_id": _place("posts.in_reply_to_post_id IS CAST(? AS INTEGER)"),
    "lang": _place("posts.lang = ? COLLATE NOCASE"),
    "is": lambda operand: (f"({_KINDS[operand]})", ()),
}

# What stands in it


def _content(table: str, term: Term, *, folds: bool) -> Clause:
    """Of a long post, in all of it."""
    told = (term.operand, int(folds))
    text = f"iif({table}.note = '', {table}.text, json_extract({table}.note, '$.text'))"
    if term.kind == "word":
        return f"says({text}, ?, ?)", told
    if term.kind == "@":
        named = f"post_mentions.post_id = {table}.id AND user_id IN {_OF_PERSON}"
        return f"EXISTS (SELECT 1 FROM post_mentions WHERE {named})", (term.operand,) * 3  # noqa: S608 (fixed text)
    if term.kind in _TAGS:
        says = "says(json_extract(item.value, '$.tag'), ?, ?)"
        return _entity(table, _TAGS[term.kind], says), told
    if term.kind == "url":
        any_of = [f"says(json_extract(item.value, '$.{name}'), ?, ?)" for name in _ADDRESSES]
        return _entity(table, "urls", " OR ".join(any_of)), told * len(_ADDRESSES)
    if term.operand == "media":
        return f"({table}.media_ids != '[]')", ()
    return _entity(table, {"links": "urls"}.get(term.operand, term.operand), "TRUE"), ()


_ADDRESSES = ("url", "expanded_url")


def _entity(table: str, kind: str, such: str) -> str:
    entities = f"iif({table}.note = '', {table}.entities, json_extract({table}.note, '$.entities'))"
    items = f"json_each({entities}, '$.{kind}') AS item"
    return f"EXISTS (SELECT 1 FROM {items} WHERE {such})"  # noqa: S608 (fixed text)
