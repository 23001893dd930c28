"""Invented people and words, the same for the same seed.

Texts are in X's form: `&`, `<` and `>` escaped, entities counted in code points of what is escaped.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from random import Random
from typing import Any

from bench import talk
from inbox.text.plain import escaped

Entity = dict[str, Any]
TALK = {"in": talk.ASKED, "out": talk.ANSWERED}


@dataclass(slots=True)
class Text:
    """Grows by pieces, so that every entity knows where it stands."""

    words: str = ""
    entities: dict[str, list[Entity]] = field(default_factory=dict)

    def say(self, words: str) -> None:
        self.words += f" {escaped(words)}" if self.words else escaped(words)

    def mention(self, handle: str, x_user_id: str) -> None:
        self._point("mentions", f"@{handle}", username=handle, id=x_user_id)

    def hashtag(self, tag: str) -> None:
        self._point("hashtags", f"#{tag}", tag=tag)

    def link(self, code: str) -> None:
        short, page = f"https://t.co/{code}", f"pages.example/{code[:4].lower()}"
        expanded = f"https://{page}?from={code}"
        self._point("urls", short, url=short, expanded_url=expanded, display_url=page)

    def _point(self, kind: str, words: str, **more: str) -> None:
        start = len(self.words) + 1 if self.words else 0
        self.words += f" {words}" if self.words else words
        place = {"start": start, "end": start + len(words)}
        self.entities.setdefault(kind, []).append(place | more)


@dataclass(frozen=True, slots=True)
class Somebody:
    x_user_id: str
    handle: str
    name: str
    language: str


class Inventor:
    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self._languages = list(talk.LANGUAGES)
        self._shares = list(talk.LANGUAGES.values())

    def name(self) -> str:
        return f"{self.random.choice(talk.FIRST_NAMES)} {self.random.choice(talk.LAST_NAMES)}"

    def somebody(self, number: int) -> Somebody:
        """A customer; `number` makes the id on X."""
        name = self.name()
        handle = f"{ascii_of(name.split()[0])}_{number:x}"
        language = self.random.choices(self._languages, self._shares)[0]
        return Somebody(str(10**15 + number * 7_919), handle, name, language)

    def text(self, direction: str, language: str, *, to: Somebody | None = None) -> Text:
        """What is said; `to` is named at its beginning, as in public."""
        dice, found = self.random.random(), Text()
        if to is not None:
            found.mention(to.handle, to.x_user_id)
        sentences = TALK[direction][language]
        for _ in range(1 if dice < 0.5 else 2):
            number = self.random.randrange(10_000_000, 99_999_999)
            found.say(self.random.choice(sentences).format(number))
        self._adorn(found, direction)
        return found

    def _adorn(self, found: Text, direction: str) -> None:
        if direction == "in" and self.random.random() < 0.2:
            found.say(self.random.choice(talk.EMOJI))
        if direction == "in" and self.random.random() < 0.06:
            found.hashtag(self.random.choice(talk.HASHTAGS))
        if self.random.random() < 0.06:
            found.link(f"{self.random.getrandbits(48):012x}")


def ascii_of(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.lower())
    return "".join(letter for letter in plain if letter.isascii() and letter.isalnum())
