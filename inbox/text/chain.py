"""A text that is too long for one post, cut into numbered ones: "… 1/2", "… 2/2"."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from inbox.text.links import LONGEST_TEXT
from inbox.text.weight import POST_LIMIT, reply_weight, weighted_length, wholes

MOST_POSTS = 10
LONGEST_NUMBER = f" {MOST_POSTS}/{MOST_POSTS}"

SPACE = re.compile(r"\s+")
# With the quotes and brackets that close behind it, but not the stop of "1." or "24.". Where no
# spaces are written, none follows.
SENTENCE = re.compile(r"(?<!^\d)(?<!\s\d)(?<!\s\d\d)[.!?…]+[\"'”’»)\]]*(?=\s)|[。！？]+[」』”’）]*")
JOINER = "\u200d"
SKIN_TONES = range(0x1F3FB, 0x1F400)
FLAG_LETTERS = range(0x1F1E6, 0x1F200)
HANGUL_VOWELS_AND_ENDS = range(0x1160, 0x1200)
TAGS = range(0xE0020, 0xE0080)


class TooLongToCut(Exception):
    """It would be more than MOST_POSTS posts, or has a piece longer than one that can't be cut."""


@dataclass(frozen=True, slots=True)
class Part:
    """One post: `number` of `of`. `joint` is the white space that stood before its words, `tail`
    what is put below them."""

    words: str
    number: int = 1
    of: int = 1
    joint: str = ""
    tail: str = ""

    @property
    def text(self) -> str:
        numbered = f"{self.words} {self.number}/{self.of}" if self.of > 1 else self.words
        return f"{numbered}\n{self.tail}" if self.tail else numbered


def parts_of(text: str, *, tail: str = "") -> list[Part]:
    """`text`, stripped, as one post where it fits, else as several; `tail` stands in the last.

    Joints and words in a row are the text. Raises TooLongToCut.
    """
    whole = Part(text, tail=tail)
    if reply_weight(whole.text) <= POST_LIMIT:
        return [whole]
    if len(text) > LONGEST_TEXT or weighted_length(text) > MOST_POSTS * POST_LIMIT:
        raise TooLongToCut
    parts = list(cut(text, tail))
    if len(parts) > MOST_POSTS:
        raise TooLongToCut
    return [replace(part, number=n, of=len(parts)) for n, part in enumerate(parts, start=1)]


def cut(rest: str, tail: str) -> Iterator[Part]:
    joint = ""
    while not fits(rest, tail):
        end = best_end(rest)
        words, after = rest[:end].rstrip(), rest[end:].lstrip()
        yield Part(words, joint=joint)
        joint, rest = rest[len(words) : len(rest) - len(after)], after
    yield Part(rest, joint=joint, tail=tail)


def fits(words: str, tail: str = "") -> bool:
    below = f"\n{tail}" if tail else ""
    return weighted_length(f"{words.rstrip()}{LONGEST_NUMBER}{below}") <= POST_LIMIT


def best_end(text: str) -> int:
    """Where the next post ends: behind a line or a sentence that fills half of it, else behind a
    word, else between two letters; never inside a link or an emoji. Raises TooLongToCut."""
    barred = inside_wholes(text)
    words = fitting([found.start() for found in SPACE.finditer(text)], text, barred)
    lines = [end for end in words if "\n" in SPACE.match(text, end)[0]]  # type: ignore[index]
    sentences = fitting([found.end() for found in SENTENCE.finditer(text)], text, barred)
    furthest = max([*words, *sentences], default=0)
    for ends in (lines, sentences):
        if ends and ends[-1] * 2 >= furthest:
            return ends[-1]
    letters = [] if words else fitting(between_letters(text), text, barred)
    if not furthest and not letters:
        raise TooLongToCut
    return letters[-1] if letters else furthest


def fitting(ends: Sequence[int], text: str, barred: set[int]) -> list[int]:
    """Those that leave something on both sides, and in front what fits into a post."""
    free = [end for end in ends if 0 < end < len(text) and end not in barred]
    number = bisect_right(free, 0, key=lambda end: not fits(text[:end]))
    while number and not fits(text[: free[number - 1]]):
        number -= 1
    return free[:number]


def inside_wholes(text: str) -> set[int]:
    spans = [range(start + 1, end) for start, end, _ in wholes(text)]
    return {place for span in spans for place in span}


def between_letters(text: str) -> list[int]:
    """Places between two letters as a reader sees them: accents, joined emoji, flags and Hangul
    syllables stay whole (Unicode's grapheme clusters, TR 29)."""
    places, flags = [], 0
    for place in range(1, len(text)):
        before, letter = text[place - 1], text[place]
        flags = flags + 1 if ord(before) in FLAG_LETTERS else 0
        is_flag = ord(letter) in FLAG_LETTERS and flags % 2 == 1
        if not (is_flag or JOINER in (before, letter) or goes_on(letter)):
            places.append(place)
    return places


def goes_on(letter: str) -> bool:
    """It is shown as part of the letter before it."""
    code = ord(letter)
    return (
        unicodedata.category(letter).startswith("M")
        or letter == "\u200c"
        or code in SKIN_TONES
        or code in HANGUL_VOWELS_AND_ENDS
        or code in TAGS
    )
