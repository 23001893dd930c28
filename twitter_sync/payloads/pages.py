"""Pages that we asked X for: direct messages, mentions, posts, people, and the lines of a filtered
stream. One item in `data` is a page too.

Reads both vocabularies. Fields that we asked for and did not get make an item unreadable: X drops
what it does not know without a word.
"""

from __future__ import annotations

from typing import Any

from twitter_sync.payloads.gathering import Gathering, one_or_many
from twitter_sync.payloads.messages import read_page_message
from twitter_sync.payloads.people import read_people, read_profile
from twitter_sync.payloads.posts import read_included, read_post
from twitter_sync.payloads.reading import (
    Record,
    either,
    optional_id,
    optional_record,
    records,
    text,
)
from twitter_sync.payloads.records import Event


def read_page(body: Record, found: Gathering) -> None:
    includes = optional_record(body.get("includes"))
    people, items = told_apart(one_or_many(body.get("data")))
    found.people |= read_people(includes.get("users"), people)
    found.unreadable += ["page: id of a person is missing" for one in people if not whole(one)]

    def read_item(item: Record) -> Event:
        if "event_type" in item:
            return read_page_message(item, includes)
        return read_post(item, includes)

    found.read_each("page", items, read_item)
    found.read_context(read_included(includes), lambda one: read_post(one, includes))
    found.missing += [
        withheld for error in records(body.get("errors")) if (withheld := post_in(error))
    ]


def told_apart(items: list[Any]) -> tuple[list[Any], list[Any]]:
    """People, who alone have a username, and everything else."""
    people, others = list[Any](), list[Any]()
    for item in items:
        is_person = isinstance(item, dict) and "username" in item
        (people if is_person else others).append(item)
    return people, others


def whole(person: Any) -> bool:
    return read_profile(person) is not None


def post_in(error: Record) -> str | None:
    """The post that a partial error says we can't have; X names it in two vocabularies."""
    if text(error.get("resource_type")) not in ("tweet", "post"):
        return None
    return optional_id(either(error, "resource_id", "value"))
