"""Entities of a text in the one form that we keep, out of X's two.

Offsets count code points of the escaped text. An entity that makes no sense is left out: an
ornament must not cost the message.
"""

from __future__ import annotations

from typing import Any

from twitter_sync.payloads.reading import (
    Record,
    either,
    number,
    optional_id,
    optional_record,
    records,
    text,
)
from twitter_sync.payloads.records import Entities

Entity = dict[str, Any]


def read_entities(value: Any) -> Entities:
    """Both `{start, end, tag…}` and `{indices: [start, end], text…}`; empty lists are left out."""
    source = optional_record(value)
    read = {
        "urls": [link(item) for item in records(source.get("urls"))],
        "mentions": [
            mention(item) for item in records(either(source, "mentions", "user_mentions"))
        ],
        "hashtags": [hashtag(item) for item in records(source.get("hashtags"))],
    }
    whole = {name: [entity for entity in found if entity] for name, found in read.items()}
    return {name: found for name, found in whole.items() if found}


def span(item: Record) -> Entity | None:
    indices = item.get("indices")
    if isinstance(indices, list) and len(indices) == 2:
        start, end = number(indices[0]), number(indices[1])
    else:
        start = number(either(item, "start", "start_str"))
        end = number(either(item, "end", "end_str"))
    if start is None or end is None or not 0 <= start < end:
        return None
    return {"start": start, "end": end}


def link(item: Record) -> Entity | None:
    place, url = span(item), text(item.get("url"))
    if place is None or not url:
        return None
    return place | {
        "url": url,
        "expanded_url": text(either(item, "unwound_url", "expanded_url")) or url,
        "display_url": text(item.get("display_url")) or url,
    }


def mention(item: Record) -> Entity | None:
    place, username = span(item), text(either(item, "username", "screen_name"))
    if place is None or not username:
        return None
    person = optional_id(either(item, "id_str", "id"))
    return place | {"username": username} | ({"id": person} if person else {})


def hashtag(item: Record) -> Entity | None:
    place, tag = span(item), text(either(item, "tag", "text"))
    return place | {"tag": tag} if place and tag else None
