"""Names and handles made safe to show (trust R14)."""

from __future__ import annotations

import unicodedata

LONGEST_NAME = 60
LONGEST_TEXT = 600


def safe_name(name: str) -> str:
    """`name` without control, format and bidi characters, on one line, of a bounded length.

    Emoji keep their joiners; anything else of Unicode's category C could disguise a name.
    """
    return " ".join(seen(name).split())[:LONGEST_NAME]


def safe_text(text: str) -> str:
    """A bio or a place, by the same rule, its lines kept. Links in it stay words."""
    lines = (" ".join(seen(line).split()) for line in text.splitlines())
    return "\n".join(line for line in lines if line)[:LONGEST_TEXT]


def seen(text: str) -> str:
    """The letters that a reader sees, with the joiners of emoji; a tab or a break is a space."""
    if text.isprintable():  # as almost every name is: nothing to look at letter by letter
        return text
    kept = (
        " " if letter.isspace() else letter
        for letter in text
        if letter == "\u200d"
        or letter.isspace()
        or not unicodedata.category(letter).startswith("C")
    )
    return "".join(kept)
