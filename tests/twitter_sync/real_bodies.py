"""The bodies of X that are kept outside the project, by name: deliveries, pages, single items."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

SHARED = Path(os.environ.get("SHARED_DATA", "/nowhere"))
# Keys that only a delivery has at its top.
DELIVERED = {"for_user_id", "user_event", "replay_job_status"}
MESSAGES = {"MessageCreate", "ParticipantsJoin", "ParticipantsLeave"}
# Routes whose answers hold posts, direct messages or people.
PAGES = ("dm_events", "mentions", "/tweets", "/tweets/search/recent", "/users", "/users/by", "/me")

Named = Iterator[tuple[str, Any]]


def deliveries() -> Named:
    """Of both products, one file each."""
    for file in sorted(SHARED.glob("webhooks/*_activity/*.json")):
        yield file.stem, json.loads(file.read_bytes())


def recorded_pages() -> Named:
    """What X answered to reads that this product makes too, by number and path."""
    for number, line in enumerate((SHARED / "api_v2/tweepy_responses.jsonl").open()):
        recorded = json.loads(line)
        path = urlsplit(recorded["uri"]).path
        if recorded["method"] == "GET" and path.startswith("/2/") and path.endswith(PAGES):
            yield f"{number} {path}", recorded["body"]


def documented() -> Named:
    """The samples in X's documents that are such bodies; single messages as a page of one."""
    for number, line in enumerate((SHARED / "api_v2/x_docs_samples.jsonl").open()):
        sample = json.loads(line)
        body, name = sample["json"], f"{number} {sample['page']}"
        if not isinstance(body, dict) or sample["page"].startswith("x-ads-api"):
            continue  # advertising is another interface with older posts
        if body.get("event_type") in MESSAGES:
            yield name, {"data": body}
        elif DELIVERED & body.keys() or is_page(body):
            yield name, body


def is_page(body: dict[str, Any]) -> bool:
    items = body.get("data")
    found = items if isinstance(items, list) else [items]
    return any(isinstance(item, dict) and is_item(item) for item in found)


def is_item(item: dict[str, Any]) -> bool:
    """An event, a direct message, a person, or a post: alone a post has a text of its own."""
    return (
        "payload" in item
        or item.get("event_type") in MESSAGES
        or {"id", "username"} <= item.keys()
        or {"id", "text"} <= item.keys()
    )


def real_posts() -> list[Any]:
    """Posts in 28 languages, with the fields that we ask for."""
    return [json.loads(line) for line in (SHARED / "api_v2/real_v2_posts.jsonl").open()]
