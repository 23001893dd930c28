"""How long X counts a public post: twitter-text's weighted length, 280 at most."""

from __future__ import annotations

import re
import unicodedata

from inbox.text import weight_rules
from inbox.text.links import find_links

POST_LIMIT = weight_rules.LIMIT
DM_LIMIT = 10_000

EMOJI = re.compile(weight_rules.EMOJI)
LIGHT = "".join(f"{chr(first)}-{chr(last)}" for first, last in weight_rules.LIGHT)
HEAVY = re.compile(f"[^{LIGHT}]")
LEADING_MENTIONS = re.compile(weight_rules.LEADING_MENTIONS)


def weighted_length(text: str) -> int:
    """The weight of `text` as a person wrote it: URLs 23, an emoji 2, most of CJK 2 each."""
    composed = unicodedata.normalize("NFC", text)
    weight = position = 0
    for start, end, worth in wholes(composed):
        if start >= position:
            weight += weigh_letters(composed[position:start]) + worth
            position = end
    return weight + weigh_letters(composed[position:])


def reply_weight(text: str) -> int:
    """The weight of a public reply, whose leading @mentions X does not count."""
    return weighted_length(LEADING_MENTIONS.sub("", text))


def wholes(text: str) -> list[tuple[int, int, int]]:
    """What weighs as one: start, end and weight, a link before an emoji at the same place."""
    links = [(start, end, weight_rules.LINK_WEIGHT) for start, end in find_links(text)]
    if text.isascii():
        return links
    emoji = [(*found.span(), weight_rules.DEFAULT_WEIGHT) for found in EMOJI.finditer(text)]
    return sorted(links + emoji, key=lambda whole: (whole[0], -whole[2]))


def weigh_letters(text: str) -> int:
    return len(text) + (weight_rules.DEFAULT_WEIGHT - 1) * len(HEAVY.findall(text))
