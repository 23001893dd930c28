"""Recorded conversations through a running Handled, and what has to come of them.

The expectation is worked out here from the files alone, by the rules of the design in words of
their own: who talks with whom about which post, and how long people waited.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.stack import Stack

# Seconds, on a machine that has other things to do.
SETTLES_WITHIN = "240"

Record = dict[str, Any]
# Handle of the brand, handle of the customer, X conversation.
Place = tuple[str, str, str]


def play(stack: Stack, file: Path, *how: str) -> Record:
    told = stack.manage("-m", "x_simulator.replay", str(file), *how, "--server", stack.simulator)
    summary: Record = json.loads(told.splitlines()[-1])
    assert summary["failed"] == 0, summary
    return summary


def export(stack: Stack) -> list[Record]:
    exported = stack.manage("manage.py", "export_conversations", "--settle", SETTLES_WITHIN)
    return [json.loads(line) for line in exported.splitlines()]


def waits(posts: Iterable[Record]) -> tuple[list[float], bool]:
    """Seconds from each first unanswered message to its answer, and whether one waits still."""
    found, since = [], None
    for post in posts:
        moment = datetime.fromisoformat(post["created_at"])
        if not post["ours"]:
            since = since or moment
        elif since:
            found.append((moment - since).total_seconds())
            since = None
    return found, since is not None


def by_place(records: Iterable[Record]) -> dict[Place, Record]:
    """Each thread of each conversation. A thread in two conversations fails."""
    found: dict[Place, Record] = {}
    for record in records:
        for thread in record["threads"]:
            place = record["brand"], record["contact"], thread["x_conversation_id"]
            assert place not in found
            found[place] = record
    return found


def told_ids(record: Record) -> list[tuple[str, str, str]]:
    return [(one["external_id"], one["direction"], one["kind"]) for one in record["messages"]]


# What has to come of posts


def conversations(posts: Iterable[Record], people: dict[str, Record]) -> dict[Place, list[Record]]:
    """Who said what in which conversation, oldest first. `people` are by id, `brand` in some."""
    posts = list(posts)
    known = {post["id"]: post for post in posts}
    held: dict[tuple[str, str, str], list[Record]] = defaultdict(list)
    for post in posts:
        for brand, customer in concerned(post, known, people):
            held[brand, customer, post["conversation_id"]].append(post)
    for (brand, customer, thread), theirs in held.items():
        ids = {post["id"] for post in theirs}
        theirs += [
            post
            for post in posts
            if (post["author_id"], post["conversation_id"]) == (customer, thread)
            and post["id"] not in ids
        ]
        theirs.sort(key=lambda post: int(post["id"]))
        held[brand, customer, thread] = [
            post | {"ours": post["author_id"] == brand} for post in theirs
        ]
    return {
        (name_of(people, brand), name_of(people, customer), thread): theirs
        for (brand, customer, thread), theirs in held.items()
    }


def concerned(
    post: Record, known: dict[str, Record], people: dict[str, Record]
) -> set[tuple[str, str]]:
    """Brand and customer that a post by itself makes a conversation of."""
    author = post["author_id"]
    if is_brand(people, author):
        customer = answered(post, known)
        return {(author, customer)} if customer and not is_brand(people, customer) else set()
    above = known.get(parent_of(post) or "")
    brands = {mention["id"] for mention in mentions(post)} | (
        {above["author_id"]} if above else set()
    )
    return {(brand, author) for brand in brands if is_brand(people, brand)}


def answered(post: Record, known: dict[str, Record]) -> str | None:
    """The nearest author above who is somebody else, as far as X shows what is above."""
    author, below = post["author_id"], post
    while parent := parent_of(below):
        above = known.get(parent)
        if above is None:
            return None
        if above["author_id"] != author:
            return str(above["author_id"])
        below = above
    return None


def mentions(post: Record) -> list[Record]:
    return [one for one in post.get("entities", {}).get("mentions", []) if "id" in one]


def parent_of(post: Record) -> str | None:
    references = {one["type"]: one["id"] for one in post.get("referenced_tweets", [])}
    return references.get("replied_to")


def is_brand(people: dict[str, Record], x_user_id: str) -> bool:
    return bool(people.get(x_user_id, {}).get("brand"))


def name_of(people: dict[str, Record], x_user_id: str) -> str:
    """People whom the file does not have are called by their ids in it."""
    return str(people.get(x_user_id, {}).get("username", x_user_id))
