"""What one text repeats of others: digits, whatever stands between them, and words in a row."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from inbox.text.asked import UNSPACED
from inbox.text.links import LONGEST_TEXT
from inbox.text.personal import Found, Kind

DIGITS_IN_A_ROW = 4
WORDS_IN_A_ROW = 5
# Where words are written without spaces, so many letters say as much.
LETTERS_IN_A_ROW = 10

DIGITS = re.compile(r"\d(?:[ \u00a0.\-/]?\d)+")
DIGIT = re.compile(r"\d")
NO_DIGIT = re.compile(r"\D")
WORD = re.compile(r"\w+(?:['’]\w+)*")


class Part(NamedTuple):
    """A digit, a word, or a letter where words are not set apart: comparable, and where it is."""

    said: str
    start: int
    end: int


class Rows(NamedTuple):
    """So many parts in a row are worth a look."""

    kind: Kind
    length: int
    between: str
    parts: list[Part]

    def said(self) -> Iterator[str]:
        return map(self.between.join, in_rows([part.said for part in self.parts], self.length))


def find_repeated(text: str, private: Iterable[str], public: Iterable[str] = ()) -> list[Found]:
    """What `text` repeats of `private` and nobody said in `public`: whole runs, digits first.

    A text beyond any post is not read.
    """
    if len(text) > LONGEST_TEXT:
        return []
    known = said_in(private) - said_in(public)
    return [run for rows in rows_of(text) for run in runs(rows, known)]


def said_in(texts: Iterable[str]) -> set[str]:
    """Everything that is said in a row: no places kept, for there may be much of it."""
    said: set[str] = set()
    for text in texts:
        folded = comparable(text)
        for run in DIGITS.findall(folded):
            digits = NO_DIGIT.sub("", run)
            said |= stretches(digits, DIGITS_IN_A_ROW)
        words = WORD.findall(folded)
        said |= {" ".join(row) for row in in_rows(words, WORDS_IN_A_ROW)}
        if UNSPACED.search(folded):
            for word in words:
                said |= stretches(word, LETTERS_IN_A_ROW)
    return said


def stretches(text: str, length: int) -> set[str]:
    return {text[first : first + length] for first in range(len(text) - length + 1)}


def in_rows(words: list[str], length: int) -> Iterator[tuple[str, ...]]:
    return zip(*(words[first:] for first in range(length)), strict=False)


def runs(rows: Rows, known: set[str]) -> Iterator[Found]:
    """Rows that overlap or touch are one run."""
    first = last = -1
    for place, said in enumerate(rows.said()):
        if said not in known:
            continue
        if place > last + 1 and last >= 0:
            yield found(rows, first, last)
        first = place if place > last + 1 or last < 0 else first
        last = place + rows.length - 1
    if last >= 0:
        yield found(rows, first, last)


def found(rows: Rows, first: int, last: int) -> Found:
    return Found(rows.kind, rows.parts[first].start, rows.parts[last].end)


def rows_of(text: str) -> Iterator[Rows]:
    for run in DIGITS.finditer(text):
        yield Rows(Kind.NUMBER, DIGITS_IN_A_ROW, "", parts(DIGIT.finditer(text, *run.span())))
    spaced = []
    for word in WORD.finditer(text):
        if UNSPACED.search(word[0]):
            yield Rows(Kind.WORDS, LETTERS_IN_A_ROW, "", letters(word))
        else:
            spaced.append(word)
    yield Rows(Kind.WORDS, WORDS_IN_A_ROW, " ", parts(spaced))


def parts(matches: Iterable[re.Match[str]]) -> list[Part]:
    return [Part(comparable(match[0]), *match.span()) for match in matches]


def letters(word: re.Match[str]) -> list[Part]:
    return [
        Part(comparable(letter), place, place + 1)
        for place, letter in enumerate(word[0], word.start())
    ]


class AsciiDigits(dict[int, int]):
    """For `str.translate`: digits of whatever script become ours, the rest stays."""

    def __missing__(self, code: int) -> int:
        digit = unicodedata.decimal(chr(code), None)
        self[code] = code if digit is None else ord("0") + digit
        return self[code]


ASCII_DIGITS = AsciiDigits()


def comparable(text: str) -> str:
    """Without the differences that nobody means: capitals, width, apostrophes, digits' scripts."""
    folded = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    return folded if folded.isascii() else folded.translate(ASCII_DIGITS)
