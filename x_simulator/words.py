"""Words as X's searches and rules see them: whole ones, in any case, between punctuation."""

import re
import unicodedata
from functools import lru_cache

from x_simulator.text import unescape

# Scripts without spaces are taken letter by letter, and so are emoji.
_UNSPACED = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_WORD = re.compile(f"[{_UNSPACED}\u2190-\u2bff\U0001f000-\U0001faff]|[^\\W{_UNSPACED}]+")


def says(text: str, phrase: str, folds: int) -> bool:
    """Whether the words of the phrase stand in the text, side by side. `folds`: accents or none are
    the same. For SQL."""
    return _words(phrase, folds) in _words(unescape(text), folds)


def of(text: str) -> set[str]:
    """Each word once, without accents: what an index of words has of a text."""
    return set(_words(unescape(text), 1).split())


@lru_cache(maxsize=4_096)
def _words(text: str, folds: int) -> str:
    """Each with a space on both sides."""
    plain = unicodedata.normalize("NFKD" if folds else "NFC", text).casefold()
    if folds:
        plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return f" {' '.join(_WORD.findall(plain))} "
