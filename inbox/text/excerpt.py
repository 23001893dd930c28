"""The part of a text where the words stand that somebody searched for, with those marked."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from inbox.text.asked import Term

LENGTH = 140
# What surely fits the two lines that a result has; a match that ends later needs a nearer start.
SURELY_SEEN = 60
BEFORE = 24
LONGEST_WORD_BEFORE = 12
WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Piece:
    text: str
    is_match: bool = False


def excerpt(text: str, terms: Sequence[Term]) -> list[Piece]:
    """Pieces of one line of `text`, about LENGTH long, around the first match. They are text."""
    line = " ".join(text.split())
    matches = marks(line, terms)
    begin = start_before(line, *matches[0]) if matches else 0
    end = min(len(line), begin + LENGTH)
    pieces = [Piece("… ")] if begin else []
    position = begin
    for start, stop in matches:
        if start >= end:
            break
        pieces += [Piece(line[position:start]), Piece(line[start : min(stop, end)], is_match=True)]
        position = min(stop, end)
    pieces += [Piece(line[position:end]), Piece("…" if end < len(line) else "")]
    return [piece for piece in pieces if piece.text]


def start_before(line: str, start: int, stop: int) -> int:
    """Where the excerpt begins, so that a match is seen: at a word, unless that is a long one."""
    if stop <= SURELY_SEEN or start <= BEFORE:
        return 0
    begin = start - BEFORE
    word = line.rfind(" ", 0, begin) + 1
    return word if begin - word <= LONGEST_WORD_BEFORE else begin


def marks(line: str, terms: Sequence[Term]) -> list[tuple[int, int]]:
    """Where the terms stand: spans in order that don't overlap."""
    folded, places = fold(line)
    found = [span for term in terms for span in spans_of(term, folded)]
    marked: list[tuple[int, int]] = []
    for start, stop in sorted(found):
        begin, end = places[start], places[stop - 1] + 1
        if not marked or begin >= marked[-1][1]:
            marked.append((begin, end))
    return marked


def spans_of(term: Term, folded: str) -> list[tuple[int, int]]:
    if not term.is_words:
        wanted = fold(term.text)[0]
        return [found.span() for found in re.finditer(re.escape(wanted), folded)] if wanted else []
    words = WORD.findall(fold(term.text)[0])
    if not words:
        return []
    rest = r"[^\W_]*" if term.is_prefix else ""
    pattern = r"[\W_]+".join(re.escape(word) + rest for word in words)
    return [found.span() for found in re.finditer(rf"(?<![^\W_]){pattern}(?![^\W_])", folded)]


def fold(text: str) -> tuple[str, list[int]]:
    """Small letters without accents, and for each of them where it stands in `text`."""
    letters: list[str] = []
    places: list[int] = []
    for place, letter in enumerate(text):
        for part in unicodedata.normalize("NFKD", letter).casefold():
            if not unicodedata.combining(part):
                letters.append(part)
                places.append(place)
    return "".join(letters), places
