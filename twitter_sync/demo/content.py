"""The demo as its files tell it (`x_simulator/demo`): who there is, what was said and done when."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings

FOLDER = Path(settings.BASE_DIR) / "x_simulator" / "demo"
PICTURES = FOLDER / "pictures"

# What a line is: its one key that is not about when and by whom.
SAID_BY_CUSTOMER = ("post", "dm")
SAID_BY_BRAND = ("answer", "dm_answer")
DONE_BY_TEAM = ("note", "assign", "resolve", "snooze")
KINDS = SAID_BY_CUSTOMER + SAID_BY_BRAND + DONE_BY_TEAM
BESIDE = ("ago", "by", "picture", "alt")
LENGTH = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?")


class BadContent(Exception):
    """Names the file, the conversation and what is wrong there."""


@dataclass(frozen=True, slots=True)
class Person:
    """Someone with an account on X."""

    username: str
    name: str
    joined: date
    description: str
    location: str
    is_brand: bool
    is_connected: bool = True


@dataclass(frozen=True, slots=True)
class Picture:
    """A file that is sent along, and what its author says of it, if anything."""

    file: Path
    alt_text: str


@dataclass(frozen=True, slots=True)
class Line:
    """Something said or done, `ago` before the demo was seeded. `by` is one of the team."""

    kind: str
    words: str
    ago: timedelta
    by: str
    picture: Picture | None = None

    @property
    def is_said(self) -> bool:
        return self.kind not in DONE_BY_TEAM

    @property
    def is_public(self) -> bool:
        return self.kind in ("post", "answer")

    @property
    def is_by_brand(self) -> bool:
        return self.kind in SAID_BY_BRAND


@dataclass(frozen=True, slots=True)
class Broadcast:
    """A post of the brand to everyone; `under` is the one that it continues."""

    brand: str
    key: str
    words: str
    ago: timedelta
    under: str


@dataclass(frozen=True, slots=True)
class Story:
    """One conversation of a customer with a brand; `under` is the broadcast that it hangs below."""

    brand: str
    customer: str
    lines: tuple[Line, ...]
    under: str
    lang: str


@dataclass(frozen=True, slots=True)
class SavedWords:
    """What a brand's team says often; `kind` is where it suits: any, dm or public."""

    brand: str
    shortcut: str
    words: str
    kind: str


@dataclass(frozen=True, slots=True)
class Demo:
    """`unheard` was said to brands that are left for people to connect. They have no broadcasts and
    come last: X's ids of all others hold what stands before them."""

    people: tuple[Person, ...]
    broadcasts: tuple[Broadcast, ...]
    stories: tuple[Story, ...]
    unheard: tuple[Story, ...] = ()
    saved_words: tuple[SavedWords, ...] = ()

    @property
    def brands(self) -> tuple[Person, ...]:
        """Those that the demo connects."""
        return tuple(person for person in self.people if person.is_brand and person.is_connected)


def read(folder: Path = FOLDER) -> Demo:
    """Raises BadContent."""
    tables = _load(folder / "people.toml")
    people = [_person(entry, is_brand=True) for entry in tables["brand"]]
    people += [_person(entry, is_brand=False) for entry in tables["customer"]]
    newcomers = tables.get("newcomer", [])
    people += [replace(_person(entry, is_brand=True), is_connected=False) for entry in newcomers]
    broadcasts: list[Broadcast] = []
    stories: list[Story] = []
    unheard: list[Story] = []
    saved_words: list[SavedWords] = []
    for brand in [*tables["brand"], *newcomers]:
        day = _load(folder / f"{brand['username']}.toml")
        broadcasts += [_broadcast(day["brand"], entry) for entry in day.get("broadcast", [])]
        saved_words += [_saved_words(day["brand"], entry) for entry in day.get("saved_reply", [])]
        told = unheard if brand in newcomers else stories
        told += [_story(day["brand"], entry) for entry in day["conversation"]]
    return Demo(
        tuple(people), tuple(broadcasts), tuple(stories), tuple(unheard), tuple(saved_words)
    )


def _load(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise BadContent(f"{file}: {error}") from error


def _person(entry: Mapping[str, Any], *, is_brand: bool) -> Person:
    return Person(
        username=entry["username"],
        name=entry["name"],
        joined=entry["joined"],
        description=entry.get("description", ""),
        location=entry.get("location", ""),
        is_brand=is_brand,
    )


def _broadcast(brand: str, entry: Mapping[str, Any]) -> Broadcast:
    return Broadcast(
        brand, entry["key"], entry["post"], length(entry["ago"]), entry.get("under", "")
    )


def _saved_words(brand: str, entry: Mapping[str, Any]) -> SavedWords:
    return SavedWords(brand, entry["shortcut"], entry["words"], entry["kind"])


def _story(brand: str, entry: Mapping[str, Any]) -> Story:
    try:
        lines = tuple(_line(line) for line in entry["lines"])
    except (BadContent, KeyError) as error:
        raise BadContent(f"{brand}, conversation with {entry.get('customer')}: {error}") from error
    return Story(brand, entry["customer"], lines, entry.get("under", ""), entry.get("lang", "en"))


def _line(entry: Mapping[str, Any]) -> Line:
    kinds = [key for key in entry if key in KINDS]
    if len(kinds) != 1 or entry.keys() - {kinds[0], *BESIDE}:
        raise BadContent(f"a line has one of {', '.join(KINDS)}, and {BESIDE}: {dict(entry)}")
    words, ago = str(entry[kinds[0]]), length(entry["ago"])
    return Line(kinds[0], words, ago, entry.get("by", ""), _picture(entry))


def _picture(entry: Mapping[str, Any]) -> Picture | None:
    if "picture" not in entry:
        return None
    file = PICTURES / entry["picture"]
    if not file.is_file():
        raise BadContent(f"there is no picture {file}")
    return Picture(file, entry.get("alt", ""))


def length(text: str) -> timedelta:
    """1d3h, 2h05m, 40m. Raises BadContent."""
    found = LENGTH.fullmatch(text)
    if not text or not found:
        raise BadContent(f"{text!r} is not a length of time like 1d3h, 2h05m or 40m")
    days, hours, minutes = (int(part or 0) for part in found.groups())
    return timedelta(days=days, hours=hours, minutes=minutes)
