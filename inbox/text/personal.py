"""What in a text would give somebody away: addresses, numbers, accounts.

Every pattern is bounded and begins where a word does, so that a long text takes time in proportion.
Numbers in a link are left alone: ids of posts would be taken for cards.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from inbox.text.links import LONGEST_LINK, LONGEST_TEXT
from inbox.text.streets import STREETS


class Kind(StrEnum):
    EMAIL = "an e-mail address"
    PHONE = "a phone number"
    CARD = "a card number"
    IBAN = "a bank account"
    ADDRESS = "a postal address"
    NUMBER = "a number from their private messages"
    WORDS = "words from their private messages"


@dataclass(frozen=True, slots=True)
class Found:
    """`start` and `end` count code points of the text as people read it."""

    kind: Kind
    start: int
    end: int


EMAIL = re.compile(r"(?<![\w.+%-])[\w.+%-]{1,64}@(?:[\w-]{1,63}\.){1,6}[^\W\d_]{2,24}(?!\w)")
# Digits, with at most two separators between two of them.
DIGITS = re.compile(r"(?<![\w/=#@&?+])[+(]{0,2}\d(?:[ \u00a0().\-/]{0,2}\d){6,30}(?!\w)")
IBAN = re.compile(r"(?<!\w)[A-Za-z]{2}\d{2}(?:[ \u00a0]?[A-Za-z0-9]){11,30}(?!\w)")
DATE = re.compile(r"(?<![\d./-])(?:\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{4}-\d\d-\d\d)(?![./-]?\d)")

CARD_DIGITS = range(13, 20)
PHONE_DIGITS = range(7, 16)
GROUPED_PHONE = 9  # so many digits in groups are a phone number whatever they begin with


def find_personal(text: str) -> list[Found]:
    """In the order in which they stand, none inside another. A text beyond any post is not read."""
    if len(text) > LONGEST_TEXT:
        return []
    found = [
        *spans(Kind.EMAIL, EMAIL.finditer(text)),
        *(one for one in accounts(text) if not is_in_link(text, one.start)),
        *(one for one in numbers(text) if not is_in_link(text, one.start)),
        *(span for street in STREETS for span in spans(Kind.ADDRESS, street.finditer(text))),
    ]
    return apart(found)


def spans(kind: Kind, matches: Iterable[re.Match[str]]) -> Iterator[Found]:
    return (Found(kind, *match.span()) for match in matches)


def accounts(text: str) -> Iterator[Found]:
    for match in IBAN.finditer(text):
        if length := iban_length(match[0]):
            yield Found(Kind.IBAN, match.start(), match.start() + length)


def iban_length(text: str) -> int:
    """How much of the text is an account; 0 if none is. Words may follow without a stop."""
    letters = [place for place, letter in enumerate(text) if letter.isalnum()]
    for count in range(len(letters), 14, -1):
        end = letters[count - 1] + 1
        if not text[end : end + 1].isalnum() and is_iban(text[:end]):
            return end
    return 0


def is_iban(text: str) -> bool:
    """The account with its check digits, as ISO 13616 has them."""
    account = "".join(text.split()).upper()
    number = "".join(str(int(letter, 36)) for letter in account[4:] + account[:4])
    return int(number) % 97 == 1


def numbers(text: str) -> Iterator[Found]:
    """Cards and phones: digits that are no date."""
    dateless = DATE.sub(lambda date: "x" * len(date[0]), text)
    for match in DIGITS.finditer(dateless):
        if is_card(match[0]):
            yield Found(Kind.CARD, *match.span())
        elif is_phone(match[0]):
            yield Found(Kind.PHONE, *match.span())


def is_card(text: str) -> bool:
    """As many digits as a card has, with the right last one (Luhn, ISO/IEC 7812)."""
    digits = [int(letter) for letter in text if letter.isdecimal()]
    if len(digits) not in CARD_DIGITS or digits[0] not in range(2, 7):
        return False
    doubled = [digit * 2 - 9 * (digit > 4) for digit in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def is_phone(text: str) -> bool:
    """Said as one: with its prefix, or in groups. Digits in one piece may be an order's number."""
    digits = sum(letter.isdecimal() for letter in text)
    if digits not in PHONE_DIGITS:
        return False
    groups = len(re.findall(r"\d+", text))
    return text[0] in "+(0" or (groups > 2 and digits >= GROUPED_PHONE)


def is_in_link(text: str, place: int) -> bool:
    """Part of a word that began as the address of a page does."""
    head = text[max(0, place - LONGEST_LINK) : place]
    word = head[max(head.rfind(space) for space in " \t\n") + 1 :]
    return "/" in word and "." in word


def apart(found: Iterable[Found]) -> list[Found]:
    """Without what lies in another, the longer kept."""
    kept: list[Found] = []
    for one in sorted(found, key=lambda one: (one.start, -one.end)):
        if not kept or one.start >= kept[-1].end:
            kept.append(one)
    return kept
