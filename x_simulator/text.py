"""What X does to what a person writes: links shortened, `& < >` escaped, entities found, length
weighed. Offsets are code points of the text as it stands on the wire (shortened and escaped).

Rules: twitter-text config v3 (280 weighted characters, a link 23, an emoji sequence 2).
"""

import re
import secrets
import string
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

MAX_WEIGHTED_LENGTH = 280
LINK_LENGTH = 23

Entities = dict[str, list[dict[str, Any]]]
# A username (any case) to (username, id), or None when nobody has that name.
FindPerson = Callable[[str], tuple[str, int] | None]

_TLDS = """
    com org net edu gov mil info biz io co app dev shop store online site tech news blog me tv
    uk de fr es it nl eu us ca au jp br in se ch at be ie mx link live help support travel bank
    cloud world today life mobi museum jobs pro tel asia aero coop name int
"""
_BARE_TLDS = frozenset(_TLDS.split())  # links that may be written without https://
_TAIL = r"(?:[/?#][^\s<>\"\u201c\u201d\u2018\u2019]*)?"
_LINK = re.compile(
    rf"https?://[^\W_](?:[\w.-]*[^\W_])?\.[a-z]{{2,24}}(?::\d+)?{_TAIL}"
    rf"|(?<![a-z0-9@\uff20$#\uff03./_-])(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+(?P<tld>[a-z]{{2,24}})"
    rf"(?![a-z0-9@\uff20_-]){_TAIL}",
    re.IGNORECASE,
)
_MENTION = re.compile(
    r"(?<![A-Za-z0-9_!#$%&*@\uff20])[@\uff20]([A-Za-z0-9_]{1,15})(?![A-Za-z0-9_@\uff20])"
)
_HASHTAG = re.compile(r"(?<![\w&])[#\uff03](\w*[^\W\d_]\w*)")
_CASHTAG = re.compile(r"(?<!\S)\$([A-Za-z]{1,6}(?:[._][A-Za-z]{1,2})?)(?=$|[\s.,:;!?])")

_PICTOGRAPH = (
    "[\u203c\u2049\u2122\u2139\u2190-\u21ff\u2300-\u23ff\u2460-\u24ff\u25a0-\u27bf\u2900-\u297f"
    "\u2b00-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001f1e5\U0001f200-\U0001faff]"
)
_PRESENTED = rf"{_PICTOGRAPH}(?:\ufe0f|[\U0001f3fb-\U0001f3ff])?"
_EMOJI = re.compile(
    "[#*0-9]\ufe0f?\u20e3|[\U0001f1e6-\U0001f1ff]{2}|[\u00a9\u00ae]\ufe0f"
    rf"|{_PRESENTED}(?:\u200d{_PRESENTED})*[\U000e0020-\U000e007f]*"
)
_LIGHT_RANGES = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))


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


def find_links(text: str) -> Iterator[tuple[int, int]]:
    """Where links stand, protocol or not, without the punctuation that ends a sentence."""
    for match in _LINK.finditer(text):
        if match["tld"] is None or match["tld"].lower() in _BARE_TLDS:
            yield match.start(), match.start() + len(_without_trailing(match[0]))


def _without_trailing(link: str) -> str:
    while link[-1] in ".,:;!?'\"\u2026)]}*_~":
        if link[-1] == ")" and link.count("(") >= link.count(")"):
            break
        link = link[:-1]
    return link


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
    total = position = 0
    text = unicodedata.normalize("NFC", typed)
    for start, end in find_links(text):
        total += _weigh(text[position:start]) + LINK_LENGTH
        position = end
    return total + _weigh(text[position:])


def _weigh(text: str) -> int:
    emoji = len(_EMOJI.findall(text))
    rest = _EMOJI.sub("", text)
    light = sum(any(low <= ord(c) <= high for low, high in _LIGHT_RANGES) for c in rest)
    return 2 * emoji + light + 2 * (len(rest) - light)
