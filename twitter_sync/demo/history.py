"""What X holds of the demo: every post and direct message with its id, its time and its place.

Ids follow from the content and the moment of seeding alone, so a second run finds what the first
one loaded.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from inbox.sequence import moment_of, sequence_at
from twitter_sync.demo.content import Demo, Line, Person, Story

# The low bits of a snowflake, which here hold the number of the saying.
NUMBER_BITS = 22


@dataclass(frozen=True, slots=True)
class Saying:
    """A post or a direct message. A broadcast has no customer, story or line."""

    number: int
    ago: timedelta
    author: str
    brand: str
    customer: str
    text: str
    lang: str
    is_public: bool
    answers: int | None = None
    story: Story | None = None
    line: Line | None = None


def sayings(demo: Demo) -> list[Saying]:
    """Everything that was said, numbered from 1 by the order of the files."""
    told: list[Saying] = []
    broadcasts: dict[tuple[str, str], int] = {}
    for one in demo.broadcasts:
        number = len(told) + 1
        parent = broadcasts.get((one.brand, one.under))
        told.append(
            Saying(number, one.ago, one.brand, one.brand, "", one.words, "en", True, parent)
        )
        broadcasts[one.brand, one.key] = number
    for story in (*demo.stories, *demo.unheard):
        told += _of_story(story, len(told) + 1, broadcasts.get((story.brand, story.under)))
    return told


def _of_story(story: Story, number: int, parent: int | None) -> Iterator[Saying]:
    """A public line answers the public line before it, the first one what the story hangs below."""
    for line in story.lines:
        if not line.is_said:
            continue
        author = story.brand if line.is_by_brand else story.customer
        yield Saying(
            number=number,
            ago=line.ago,
            author=author,
            brand=story.brand,
            customer=story.customer,
            text=line.words,
            lang=story.lang,
            is_public=line.is_public,
            answers=parent if line.is_public else None,
            story=story,
            line=line,
        )
        if line.is_public:
            parent = number
        number += 1


# On X


def user_id(person: Person, number: int) -> str:
    """The same in every demo: made of the day on which they joined."""
    joined = datetime.combine(person.joined, time(12), UTC)
    return str(sequence_at(joined) + number)


def user_ids(demo: Demo) -> dict[str, str]:
    return {person.username: user_id(person, n) for n, person in enumerate(demo.people, start=1)}


def users(demo: Demo) -> list[dict[str, Any]]:
    """For POST /_sim/users."""
    ids = user_ids(demo)
    return [
        {
            "id": ids[person.username],
            "username": person.username,
            "name": person.name,
            "description": person.description,
            "location": person.location,
            "brand": person.is_brand,
            "created_at": moment_of(int(ids[person.username])).isoformat(),
        }
        for person in demo.people
    ]


@dataclass(frozen=True, slots=True)
class Timetable:
    """When things were said, and by which ids X knows them; `now` is the moment of seeding."""

    now: datetime
    sayings: Mapping[int, Saying]
    unheard: frozenset[Story] = frozenset()

    def at(self, ago: timedelta) -> datetime:
        return self.now - ago

    def id_of(self, number: int) -> str:
        return str(sequence_at(self.at(self.sayings[number].ago)) + number)

    def ids_by_story(self) -> dict[Story, dict[Line, str]]:
        """X's ids of the lines of each story that comes in: those of brands that are connected."""
        found: dict[Story, dict[Line, str]] = {}
        for number, saying in self.sayings.items():
            if saying.story and saying.line and saying.story not in self.unheard:
                found.setdefault(saying.story, {})[saying.line] = self.id_of(number)
        return found


def timetable(demo: Demo, now: datetime) -> Timetable:
    """Of whole milliseconds, as ids are."""
    whole = now.replace(microsecond=now.microsecond // 1000 * 1000)
    told = {saying.number: saying for saying in sayings(demo)}
    return Timetable(whole, told, frozenset(demo.unheard))


def when_loaded(demo: Demo, ledger: Mapping[str, Any]) -> datetime | None:
    """The moment at which a simulator was given the demo, None if it never was.

    The ledger's first saying tells: its id holds its number and its time.
    """
    first = sayings(demo)[0]
    author_id = user_ids(demo)[first.author]
    for entry in ledger["posts" if first.is_public else "dms"]:
        author = entry["author_id" if first.is_public else "sender_id"]
        number = int(entry["id"]) & ((1 << NUMBER_BITS) - 1)
        if entry["source"] == "load" and author == author_id and number == first.number:
            return moment_of(int(entry["id"])) + first.ago
    return None


def load(demo: Demo, times: Timetable) -> dict[str, list[dict[str, Any]]]:
    """For POST /_sim/load."""
    ids = user_ids(demo)
    in_order = sorted(times.sayings.values(), key=lambda saying: int(times.id_of(saying.number)))
    return {
        "posts": [_post(one, times, ids) for one in in_order if one.is_public],
        "dms": [_dm(one, times, ids) for one in in_order if not one.is_public],
    }


def _post(saying: Saying, times: Timetable, ids: Mapping[str, str]) -> dict[str, Any]:
    parent = {"in_reply_to_post_id": times.id_of(saying.answers)} if saying.answers else {}
    return {
        "id": times.id_of(saying.number),
        "author_id": ids[saying.author],
        "text": saying.text,
        "lang": saying.lang,
        **parent,
        **_sent_along(saying),
    }


def _dm(saying: Saying, times: Timetable, ids: Mapping[str, str]) -> dict[str, Any]:
    recipient = saying.customer if saying.author == saying.brand else saying.brand
    return {
        "id": times.id_of(saying.number),
        "sender_id": ids[saying.author],
        "recipient_id": ids[recipient],
        "text": saying.text,
        **_sent_along(saying),
    }


def _sent_along(saying: Saying) -> dict[str, Any]:
    picture = saying.line.picture if saying.line else None
    if picture is None:
        return {}
    content = base64.b64encode(picture.file.read_bytes()).decode()
    told = {"media_type": "image/png", "content": content, "alt_text": picture.alt_text}
    return {"media": [told]}
