"""A message's text cut into segments that a template can show (trust R14).

X's entities count code points of the escaped text: cut first, unescape after. Only `http` and
`https` addresses become links; everything else stays text.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from inbox.text.addresses import is_web_address, undisguised
from inbox.text.plain import plain

PROFILE = "https://x.com/"
MEDIA = ("pic.x.com/", "pic.twitter.com/")
NARROW = str.maketrans("＠＃", "@#")
# How an entity stands in the text.
WRITTEN: dict[str, Callable[[dict[str, Any]], str]] = {
    "urls": lambda entity: str(entity.get("url") or ""),
    "mentions": lambda entity: f"@{entity.get('username')}",
    "hashtags": lambda entity: f"#{entity.get('tag')}",
}


@dataclass(frozen=True, slots=True)
class Segment:
    """`kind` is text, link, mention or hashtag; `text` is what a person reads, unescaped."""

    kind: str
    text: str
    href: str = ""

    @property
    def is_of_media(self) -> bool:
        """The address that X puts behind the words of a message with a picture."""
        return self.kind == "link" and self.text.startswith(MEDIA)


@dataclass(frozen=True, slots=True)
class Span:
    start: int
    end: int
    segment: Segment


def render(text: str, entities: dict[str, Any]) -> list[Segment]:
    """Segments of `text` in order. Entities that overlap or stand nowhere are left as text."""
    segments: list[Segment] = []
    position = 0
    for span in sorted(spans(text, entities), key=lambda span: span.start):
        if span.start < position:
            continue
        if span.start > position:
            segments.append(Segment("text", plain(text[position : span.start])))
        segments.append(span.segment)
        position = span.end
    if position < len(text):
        segments.append(Segment("text", plain(text[position:])))
    return segments


def as_read(text: str, entities: dict[str, Any]) -> str:
    """All of it as one string: for previews, quotations and search."""
    return "".join(segment.text for segment in render(text, entities))


def as_said(text: str, entities: dict[str, Any]) -> str:
    """Without the addresses that X puts behind words with a picture: nobody typed them."""
    said = (segment.text for segment in render(text, entities) if not segment.is_of_media)
    return "".join(said)


def spans(text: str, entities: dict[str, Any]) -> list[Span]:
    found = []
    for kind, builder in (("urls", link), ("mentions", mention), ("hashtags", hashtag)):
        for entity in entities.get(kind) or []:
            if place := place_of(text, kind, entity):
                start, end = place
                found.append(Span(start, end, builder(entity, plain(text[start:end]))))
    return found


def place_of(text: str, kind: str, entity: dict[str, Any]) -> tuple[int, int] | None:
    """Where it stands, if it does: letters of the text must not be taken for a link beside them.

    Offsets point beside their word where a text was changed after they were counted, as in X's
    own samples. A short link is then looked for: there is no second one like it.
    """
    start, end = entity.get("start", -1), entity.get("end", -1)
    word = WRITTEN[kind](entity)
    if 0 <= start < end <= len(text) and same_word(text[start:end], word):
        return start, end
    start = text.find(word) if kind == "urls" else -1
    return (start, start + len(word)) if start >= 0 and word else None


def same_word(said: str, word: str) -> bool:
    """X writes an entity's own address sometimes escaped and sometimes not."""
    return plain(said).translate(NARROW).casefold() == plain(word).casefold()


def link(entity: dict[str, Any], shown: str) -> Segment:
    href = str(entity.get("expanded_url") or entity.get("url") or "")
    if not is_web_address(href):
        return Segment("text", shown)
    if (plain_href := undisguised(href)) != href:
        return Segment("link", plain_href, plain_href)
    return Segment("link", str(entity.get("display_url") or href), href)


def mention(entity: dict[str, Any], shown: str) -> Segment:
    handle = str(entity.get("username") or "")
    if not handle.isascii() or not handle.replace("_", "").isalnum():
        return Segment("text", shown)
    return Segment("mention", shown, PROFILE + handle)


def hashtag(entity: dict[str, Any], shown: str) -> Segment:
    return Segment("hashtag", shown)
