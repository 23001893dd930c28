"""Profiles in X's two forms, flat or wrapped in `{"data": …}`, in lists or by id."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from twitter_sync.payloads.reading import (
    Record,
    either,
    flag,
    number,
    optional_id,
    optional_moment,
    optional_record,
    text,
)
from twitter_sync.payloads.records import Profile


def read_people(*sources: Any) -> dict[str, Profile]:
    """Everyone found in lists or by-id objects of users. What is not a person is left out."""
    people = (read_profile(found) for source in sources for found in each(source))
    return {person.id: person for person in people if person is not None}


def each(source: Any) -> Iterator[Any]:
    if isinstance(source, list):
        yield from source
    elif isinstance(source, dict):
        yield from source.values()


def read_profile(value: Any) -> Profile | None:
    source = unwrapped(optional_record(value))
    person_id = optional_id(either(source, "id_str", "id"))
    username = text(either(source, "username", "screen_name"))
    if person_id is None or not username:
        return None
    metrics = optional_record(source.get("public_metrics"))
    return Profile(
        id=person_id,
        username=username,
        name=text(source.get("name")),
        bio=text(source.get("description")),
        location=text(source.get("location")),
        is_verified=flag(source.get("verified")),
        is_protected=flag(source.get("protected")),
        followers=followers(either(source | metrics, "followers_count")),
        joined_at=optional_moment(either(source, "created_at", "created_timestamp")),
        tells=frozenset(told_in(source)),
        takes_dms=takes if isinstance(takes := source.get("receives_your_dm"), bool) else None,
    )


def told_in(source: Record) -> Iterator[str]:
    """X leaves out an empty location, but never an empty bio that was asked for."""
    asked_for = "description" in source
    metrics = optional_record(source.get("public_metrics"))
    told = {
        "bio": asked_for,
        "location": asked_for or "location" in source,
        "is_verified": "verified" in source,
        "is_protected": "protected" in source,
        "followers": "followers_count" in metrics or "followers_count" in source,
        "joined_at": either(source, "created_at", "created_timestamp") is not None,
    }
    yield from (name for name, is_told in told.items() if is_told)


def unwrapped(source: Record) -> Record:
    inner = source.get("data")
    return inner if isinstance(inner, dict) else source


def followers(value: Any) -> int | None:
    count = number(value)
    return count if count is not None and count >= 0 else None
