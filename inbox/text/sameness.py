"""Whether two texts are one utterance: how an echo of X finds the message that we sent."""

from __future__ import annotations

import unicodedata
from typing import Any

from inbox.text.render import Segment, render
from inbox.text.weight import LEADING_MENTIONS

FEW_WORDS = 5


def same_utterance(
    ours: str, ours_entities: dict[str, Any], theirs: str, theirs_entities: dict[str, Any]
) -> bool:
    """Compares X's forms, with t.co expanded, escapes undone, NFC, white space folded (trust R7).

    X may put @mentions before the text of a public reply, so leading ones are left out; so are the
    addresses that it puts behind the words of a message with a picture.
    """
    return folded(ours, ours_entities) == folded(theirs, theirs_entities)


def folded(text: str, entities: dict[str, Any]) -> str:
    words = "".join(segment.href or segment.text for segment in linked(text, entities))
    composed = unicodedata.normalize("NFC", " ".join(words.split()))
    # A picture without words: nothing stands behind them.
    return LEADING_MENTIONS.sub("", f"{composed} ").rstrip()


def words_said(text: str, entities: dict[str, Any]) -> frozenset[str]:
    """Without capitals, numbers, handles and links, which differ from one person to the next."""
    words = (word.strip(".,!?:;()").casefold() for word in folded(text, entities).split())
    return frozenset(word for word in words if word.isalpha())


def nearly_same(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether two sets of words are of one text, sent to two people: but for one word of five."""
    if len(one) < FEW_WORDS:
        return one == other
    return len(one & other) * 5 >= len(one | other) * 4


def linked(text: str, entities: dict[str, Any]) -> list[Segment]:
    segments = render(text, {"urls": entities.get("urls") or []})
    return [segment for segment in segments if not segment.is_of_media]
