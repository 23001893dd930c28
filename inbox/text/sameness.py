"""Whether two texts are one utterance: how an echo of X finds the message that we sent."""

from __future__ import annotations

import unicodedata
from typing import Any

from inbox.text.render import Segment, render
from inbox.text.weight import LEADING_MENTIONS


def same_utterance(
    ours: str, ours_entities: dict[str, Any], theirs: str, theirs_entities: dict[str, Any]
) -> bool:
    """Compares X's forms, with t.co expanded, escapes undone, NFC, white space folded (trust R7).

    X may put @mentions before the text of a public reply, so leading ones are left out.
    """
    return folded(ours, ours_entities) == folded(theirs, theirs_entities)


def folded(text: str, entities: dict[str, Any]) -> str:
    words = "".join(segment.href or segment.text for segment in linked(text, entities))
    composed = unicodedata.normalize("NFC", " ".join(words.split()))
    return LEADING_MENTIONS.sub("", composed)


def linked(text: str, entities: dict[str, Any]) -> list[Segment]:
    return render(text, {"urls": entities.get("urls") or []})
