"""The language of X's searches and of the rules of its filtered stream.

Words, "phrases", #tags, $tags, @names and operators side by side must all hold, which binds tighter
than `OR`; parentheses group, `-` negates one term. What X refuses is refused in X's words, as far
as they are known.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from x_simulator import ids

# Each with the values it may have; None: any.
OPERATORS: dict[str, frozenset[str] | None] = {
    **dict.fromkeys(("from", "to", "url", "lang", "conversation_id", "in_reply_to_tweet_id")),
    "is": frozenset({"retweet", "reply", "quote"}),
    "has": frozenset({"links", "media", "mentions", "hashtags", "cashtags"}),
}
OF_IDS = ("conversation_id", "in_reply_to_tweet_id")
# These alone would fit far too much: they need another one beside them.
NOT_ALONE = ("is", "has", "lang")
DEEPEST = 50
ELSEWHERE = "https://docs.x.com/x-api/posts/filtered-stream/integrate/operators"


class InvalidQuery(ValueError):
    """X's sentences, one for each thing that is wrong."""

    def __init__(self, *problems: str) -> None:
        super().__init__(", ".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Term:
    """`kind` is "word" (one or several), a mark (`#`, `@`, `$`) or the name of an operator. `at` is
    where it stands, counted from 1."""

    kind: str
    operand: str
    negated: bool
    at: int


@dataclass(frozen=True, slots=True)
class Every:
    parts: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class Either:
    parts: "tuple[Node, ...]"


Node = Term | Every | Either

_PIECE = re.compile(
    r"""\s*(?:(?P<open>-*\()|(?P<close>\))|(?P<either>OR)(?![^\s()])"""
    r"""|(?P<negated>-*)(?:(?P<name>[A-Za-z_]+):(?:"(?P<quoted>[^"]*)"|(?P<value>[^\s()"]*))"""
    r"""|"(?P<phrase>[^"]+)"|(?P<mark>[#@$])(?P<tag>\w+)|(?P<word>[\w\u0080-\U0010ffff][^\s()"]*)))"""
)


def parse(text: str) -> Node:
    """Raises InvalidQuery."""
    reader = _Reader(text)
    node = reader.either()
    if reader.piece is not None:
        raise InvalidQuery(f"missing EOF at '{reader.said}' (at position {reader.at})")
    lacking = _lacking(node)
    if lacking:
        raise InvalidQuery(*lacking)
    return node


class _Reader:
    """One piece ahead of what is understood."""

    def __init__(self, text: str) -> None:
        self._text = text.rstrip()
        self._end = self._depth = 0
        self.piece: re.Match[str] | None = None
        self._move()

    def _move(self) -> None:
        self.piece = None
        self.at = len(self._text) + 1
        if self._end == len(self._text):
            return
        self.piece = _PIECE.match(self._text, self._end)
        if self.piece is None:
            rest = self._text[self._end :].lstrip()
            at = len(self._text) - len(rest) + 1
            raise InvalidQuery(f"no viable alternative at character '{rest[0]}' (at position {at})")
        self.at = self.piece.end() - len(self.said) + 1
        self._end = self.piece.end()

    @property
    def said(self) -> str:
        return "<EOF>" if self.piece is None else self.piece.group().strip()

    def _is(self, name: str) -> bool:
        return self.piece is not None and self.piece[name] is not None

    def either(self) -> Node:
        parts = [self._every()]
        while self._is("either"):
            self._move()
            parts.append(self._every())
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def _every(self) -> Node:
        parts = [self._one()]
        while self.piece is not None and not self._is("either") and not self._is("close"):
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else Every(tuple(parts))

    def _one(self) -> Node:
        if self._is("open"):
            return self._group()
        if self.piece is None or self._is("either") or self._is("close"):
            raise self._no_viable()
        term = _term(self.piece, self.at)
        self._move()
        return term

    def _group(self) -> Node:
        """X says not to negate one."""
        if self.said != "(" or self._depth == DEEPEST:
            raise self._no_viable()
        self._depth += 1
        self._move()
        inner = self.either()
        if not self._is("close"):
            raise InvalidQuery(f"missing ')' at '{self.said}' (at position {self.at})")
        self._move()
        self._depth -= 1
        return inner

    def _no_viable(self) -> InvalidQuery:
        return InvalidQuery(f"no viable alternative at input '{self.said}' (at position {self.at})")


def _term(piece: re.Match[str], at: int) -> Term:
    negated = bool(piece["negated"])
    if piece["name"] is not None:
        value = piece["value"] if piece["quoted"] is None else piece["quoted"]
        return Term(piece["name"], _operand(piece["name"], value, at), negated, at)
    if piece["mark"] is not None:
        return Term(piece["mark"], piece["tag"], negated, at)
    if piece["word"] is not None and piece["word"].lower() == "and":
        raise InvalidQuery(
            "Ambiguous use of and as a keyword. Use a space to logically join two clauses, or"
            f' "and" to find occurrences of and in text (at position {at})'
        )
    return Term("word", piece["word"] or piece["phrase"], negated, at)


def _operand(name: str, value: str, at: int) -> str:
    known = OPERATORS.get(name, frozenset())
    if known is not None and value not in known:
        named = f"{name}:{value}" if name in OPERATORS else name
        raise InvalidQuery(
            f"Reference to invalid operator '{named}'. Operator is not available in current product"
            f" or product packaging. Please refer to complete available operator list at"
            f" {ELSEWHERE}. (at position {at})"
        )
    if not value or (name in OF_IDS and ids.parse(value) is None):
        raise InvalidQuery(f"no viable alternative at input '{name}:{value}' (at position {at})")
    return value.removeprefix("@") if name in ("from", "to") else value


def _lacking(node: Node) -> tuple[str, ...]:
    """What each alternative needs: something that is meant positively and fits little enough."""
    if isinstance(node, Either):
        return next((lacking for part in node.parts if (lacking := _lacking(part))), ())
    if isinstance(node, Every) and any(not _lacking(part) for part in node.parts):
        return ()
    terms = list(_terms(node))
    at = f"(at position {terms[0].at})"
    if all(term.negated for term in terms):
        return (
            f"Rules must contain a non-negation term {at}",
            f"Rules must contain at least one positive, non-stopword clause {at}",
        )
    if isinstance(node, Term) and node.kind not in NOT_ALONE:
        return ()
    return (f"is/has/lang cannot be used as a standalone operator {at}",)


def _terms(node: Node) -> Iterator[Term]:
    if isinstance(node, Term):
        yield node
    else:
        for part in node.parts:
            yield from _terms(part)
