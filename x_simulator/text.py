"""What X does to what a person writes: links shortened, `& < >` escaped, entities found, length
weighed. Offsets are code points of the text as it stands on the wire (shortened and escaped).

Rules: twitter-text config v3 (280 weighted characters, a link 23, an emoji sequence 2), as
`weight_rules` has them from X's own package.
"""

import re
import secrets
import string
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from x_simulator import weight_rules
from x_simulator.links import find_links

MAX_WEIGHTED_LENGTH = weight_rules.LIMIT
LINK_LENGTH = weight_rules.LINK_WEIGHT

Entities = dict[str, list[dict[str, Any]]]
# A username (any case) to (username, id), or None when nobody has that name.
FindPerson = Callable[[str], tuple[str, int] | None]

_MENTION = re.compile(
    r"(?<![A-Za-z0-9_!#$%&*@\uff20])[@\uff20]([A-Za-z0-9_]{1,15})(?![A-Za-z0-9_@\uff20])"
)
_HASHTAG = re.compile(r"(?<![\w&])[#\uff03](\w*[^\W\d_]\w*)")
_CASHTAG = re.compile(r"(?<!\S)\$([A-Za-z]{1,6}(?:[._][A-Za-z]{1,2})?)(?=$|[\s.,:;!?])")

_EMOJI = re.compile(weight_rules.EMOJI)
_LIGHT = "".join(f"{chr(first)}-{chr(last)}" for first, last in weight_rules.LIGHT)
_HEAVY = re.compile(f"[^{_LIGHT}]")


@dataclass(frozen=True, slots=True)
class Prepared:
    """A text on the wire, with its entities."""

    text: str
    entities: Entities


def prepare(typed: str, find_person: FindPerson) -> Prepared:
    """From what a person typed to what X hands out."""
    pieces: list[str] = []
    links: list[dict[str, Any]] = []
    length = position = 0
    for start, end in find_links(typed):
        before = escape(typed[position:start])
        link = shorten(typed[start:end])
        length += len(before)
        links.append({"start": length, "end": length + LINK_LENGTH, **link})
        length += LINK_LENGTH
        pieces += [before, link["url"]]
        position = end
    text = "".join([*pieces, escape(typed[position:])])
    return Prepared(text, {**_found_in(text, find_person), **({"urls": links} if links else {})})


def escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def unescape(text: str) -> str:
    return text.replace("&gt;", ">").replace("&lt;", "<").replace("&amp;", "&")


def shorten(link: str) -> dict[str, str]:
    """A t.co link to it, in the words of a URL entity."""
    expanded = link if "://" in link else f"http://{link}"
    display = re.sub(r"^https?://(www\.)?", "", expanded).rstrip("/")
    code = "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(10))
    return {
        "url": f"https://t.co/{code}",
        "expanded_url": expanded,
        "display_url": display if len(display) <= 27 else f"{display[:26]}…",
    }


def _found_in(text: str, find_person: FindPerson) -> Entities:
    """In a text whose links are shortened: no name and no tag is inside one."""
    found: Entities = {
        "mentions": [
            {"start": m.start(), "end": m.end(), "username": person[0], "id": str(person[1])}
            for m in _MENTION.finditer(text)
            if (person := find_person(m[1]))
        ],
        "hashtags": [_tag(m) for m in _HASHTAG.finditer(text)],
        "cashtags": [_tag(m) for m in _CASHTAG.finditer(text)],
    }
    return {kind: items for kind, items in found.items() if items}


def _tag(match: re.Match[str]) -> dict[str, Any]:
    return {"start": match.start(), "end": match.end(), "tag": match[1]}


def shifted(entities: Entities, by: int) -> Entities:
    """The same entities after `by` code points were put in front of the text."""
    return {
        kind: [{**item, "start": item["start"] + by, "end": item["end"] + by} for item in items]
        for kind, items in entities.items()
    }


def leading_mentions(entities: Entities) -> tuple[list[dict[str, Any]], int]:
    """The run of @mentions a text begins with, and where the text proper starts."""
    run: list[dict[str, Any]] = []
    start = 0
    for mention in sorted(entities.get("mentions", []), key=lambda item: int(item["start"])):
        if mention["start"] != start:
            break
        run.append(mention)
        start = mention["end"] + 1
    return run, start


def weighted_length(typed: str) -> int:
    """Of what a person typed, before links are shortened."""
    text = unicodedata.normalize("NFC", typed)
    total = position = 0
    for start, end, weight in _wholes(text):
        if start >= position:
            total += _weigh_letters(text[position:start]) + weight
            position = end
    return total + _weigh_letters(text[position:])


def _wholes(text: str) -> list[tuple[int, int, int]]:
    """What weighs as one; a link goes before an emoji at the same place."""
    links = [(start, end, LINK_LENGTH) for start, end in find_links(text)]
    emoji = [(*found.span(), weight_rules.DEFAULT_WEIGHT) for found in _EMOJI.finditer(text)]
    return sorted(links + emoji, key=lambda whole: (whole[0], -whole[2]))


def _weigh_letters(text: str) -> int:
    return len(text) + (weight_rules.DEFAULT_WEIGHT - 1) * len(_HEAVY.findall(text))
