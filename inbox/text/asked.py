"""What somebody typed into the search box, understood.

`lost parcel` asks for both words, `"lost parcel"` for the phrase, `@carla` for a person, `#123` for
a conversation, and a link to a post, or its id, for that post.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace

from inbox.text.plain import escaped, storable

LONGEST = 200
MOST_TERMS = 12
SHORTEST_PREFIX = 3
QUOTES = str.maketrans("“”„«»", '"""""')
# Zero-width joiners are letters' business in Persian and in emoji.
JOINERS = "\u200c\u200d"
EMOJI_LOOK = "\ufe0f"

NUMBER = re.compile(r"#(\d{1,18})")
HANDLE = re.compile(r"@([A-Za-z0-9_]{1,50})")
X_ID = re.compile(r"\d{10,19}")
LINK = re.compile(
    r"(?:https?://)?(?:www\.|mobile\.)?(?:x|twitter)\.com/\w+(?:/web)?/status(?:es)?/(\d{1,19})\S*",
    re.IGNORECASE,
)
TERM = re.compile(r'"([^"]*)"?|([^\s"]+)')
# Written without spaces between words: the parser would take a whole sentence for one.
UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff]"
)


class BadSearch(Exception):
    """What was typed can't be searched for; the message says what can."""


@dataclass(frozen=True, slots=True)
class Term:
    """`exact` is a phrase between quotes; other words match what begins with them."""

    text: str
    exact: bool = False

    @property
    def is_words(self) -> bool:
        """Something that the words' index knows. Other terms are looked for letter by letter."""
        return any(letter.isalnum() for letter in self.text) and not UNSPACED.search(self.text)

    @property
    def is_prefix(self) -> bool:
        """Long enough to mean something: two letters do where letters are syllables."""
        shortest = SHORTEST_PREFIX if self.text.isascii() else SHORTEST_PREFIX - 1
        return not self.exact and self.weight >= shortest

    @property
    def weight(self) -> int:
        """How many letters and digits it has."""
        return sum(letter.isalnum() for letter in self.text)

    @property
    def as_it_stands(self) -> Term:
        return replace(self, exact=True)

    @property
    def written(self) -> str:
        """As X writes it."""
        return escaped(self.text)


@dataclass(frozen=True, slots=True)
class Asked:
    """`handle` is without @, and then nothing else is asked. `name` may be what one is called."""

    terms: tuple[Term, ...] = ()
    number: int | None = None
    x_id: str = ""
    handle: str = ""
    name: str = ""

    @property
    def words(self) -> list[Term]:
        return [term for term in self.terms if term.is_words]

    @property
    def substrings(self) -> list[Term]:
        return [term for term in self.terms if not term.is_words]


def understand(typed: str) -> Asked:
    """Raises BadSearch for what is empty, too long or too short."""
    text = cleaned(typed)
    if not text:
        raise BadSearch("Type what you look for.")
    if len(text) > LONGEST:
        raise BadSearch(f"A search takes up to {LONGEST} characters. Use a few telling words.")
    if found := NUMBER.fullmatch(text):
        return Asked(number=int(found[1]))
    if found := HANDLE.fullmatch(text):
        return Asked(handle=found[1])
    if found := LINK.fullmatch(text):
        return Asked(x_id=found[1])
    terms = terms_of(text)
    return Asked(
        terms=terms,
        number=int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None,
        x_id=text if text.isascii() and X_ID.fullmatch(text) else "",
        name=text if could_be_a_name(text, terms) else "",
    )


def cleaned(typed: str) -> str:
    """On one line, composed, without what nobody sees."""
    composed = unicodedata.normalize("NFC", storable(typed))
    kept = (letter if is_visible(letter) else " " for letter in composed if letter != EMOJI_LOOK)
    return " ".join("".join(kept).split())


def is_visible(letter: str) -> bool:
    return letter in JOINERS or not unicodedata.category(letter).startswith("C")


def terms_of(text: str) -> tuple[Term, ...]:
    terms = [
        Term(text=(phrase or word).strip(), exact=bool(phrase))
        for phrase, word in TERM.findall(text.translate(QUOTES))
    ]
    terms = [term for term in terms if any(not is_punctuation(letter) for letter in term.text)]
    if not any(term.weight > 1 or not term.is_words for term in terms):
        raise BadSearch("That is too short: type a word of two letters or more.")
    if len(terms) > MOST_TERMS:
        raise BadSearch(f"A search takes up to {MOST_TERMS} words. Use the most telling ones.")
    return tuple(terms)


def is_punctuation(letter: str) -> bool:
    return letter.isspace() or unicodedata.category(letter)[0] in "PZ" or letter in "+~<>`^=|$"


def could_be_a_name(text: str, terms: tuple[Term, ...]) -> bool:
    plain_words = len(terms) <= 3 and not any(term.exact for term in terms)
    return plain_words and len(text) >= 2 and not text.isdigit()
