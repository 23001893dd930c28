"""Collecting what a body holds, element by element: one that can't be read holds up no other."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from twitter_sync.payloads.reading import Record, Unreadable, record
from twitter_sync.payloads.records import Delivery, Event, Post, Profile

LONGEST_REASON = 80


@dataclass(slots=True)
class Gathering:
    events: list[Event] = field(default_factory=list)
    people: dict[str, Profile] = field(default_factory=dict)
    context: list[Post] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)

    def read_each(self, what: str, elements: Any, read: Callable[[Record], Event]) -> None:
        """Every element of an array; a lone object counts as an array of one."""
        for element in one_or_many(elements):
            self.read_one(what, element, read)

    def read_one(self, what: str, element: Any, read: Callable[[Record], Event]) -> None:
        try:
            self.events.append(read(record(element, "an element")))
        except Unreadable as error:
            self.unreadable.append(f"{what}: {error}"[:LONGEST_REASON])

    def read_context(self, posts: Iterable[Record], read: Callable[[Record], Post]) -> None:
        """Posts told along with others. One with half its fields tells us nothing: left out."""
        for source in posts:
            try:
                post = read(source)
            except Unreadable:
                continue
            if post.conversation_id:
                self.context.append(post)

    def delivery(self) -> Delivery:
        return Delivery(
            events=tuple(self.events),
            people=self.people,
            context=tuple(self.context),
            missing=tuple(dict.fromkeys(self.missing)),
            unreadable=tuple(self.unreadable),
        )


def one_or_many(value: Any) -> list[Any]:
    """As a list, for X sends one without; none where there is nothing."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
