"""Names and handles made safe to show (trust R14)."""

from __future__ import annotations

import unicodedata

LONGEST_NAME = 60


def safe_name(name: str) -> str:
    """`name` without control, format and bidi characters, on one line, of a bounded length.

    Emoji keep their joiners; anything else of Unicode's category C could disguise a name.
    """
    kept = (
        letter
        for letter in name
        if letter == "\u200d" or not unicodedata.category(letter).startswith("C")
    )
    return " ".join("".join(kept).split())[:LONGEST_NAME]
