"""A part of the real conversations through the whole product, shuffled and told twice.

Half of them are played as direct messages and half as posts, by different people. What comes of
all of them is looked at by `make check-deep`.
"""

from __future__ import annotations

import json
import os
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.stack import running
from tests.twitter_sync.replaying import (
    Record,
    by_place,
    conversations,
    export,
    is_brand,
    play,
    told_ids,
    waits,
)

pytestmark = [pytest.mark.shared_data, pytest.mark.processes]

BRANDS, THREADS = 3, 6
SHUFFLED = ("--order", "shuffled", "--repeat", "2", "--seed", "7")


class Part:
    """Threads of one customer and one brand each, and everyone in them and in the other part."""

    def __init__(self, folder: Path, threads: Iterable[list[Record]], users: list[Record]) -> None:
        self.posts = [post for thread in threads for post in thread]
        self.people = {user["id"]: user for user in users}
        folder.mkdir()
        self.file, self.users = folder / "posts.jsonl", folder / "users.json"
        self.file.write_text("\n".join(json.dumps(post) for post in self.posts))
        self.users.write_text(json.dumps(list(self.people.values())))


@pytest.fixture
def halves(tmp_path: Path) -> tuple[Part, Part]:
    shared = Path(os.environ["SHARED_DATA"], "conversations")
    users = json.loads((shared / "twcs.users.json").read_text())
    people = {user["id"]: user for user in users}
    threads = defaultdict(list)
    for line in (shared / "twcs.v2.jsonl").open():
        post = json.loads(line)
        threads[post["conversation_id"]].append(post)
    by_customer = {}
    for posts in threads.values():
        customers = {post["author_id"] for post in posts if not is_brand(people, post["author_id"])}
        brands = {post["author_id"] for post in posts} - customers
        if len(customers) == len(brands) == 1:
            by_customer.setdefault((*brands, *customers), posts)
    busiest = [brand for brand, _ in Counter(brand for brand, _ in by_customer).most_common(BRANDS)]
    chosen = [posts for (brand, _), posts in by_customer.items() if brand in busiest]
    private, public = chosen[:THREADS], chosen[THREADS : 2 * THREADS]
    authors = {post["author_id"] for posts in private + public for post in posts}
    users = [user for user in users if user["id"] in authors]
    return Part(tmp_path / "private", private, users), Part(tmp_path / "public", public, users)


def test_every_conversation_arrives_whole_and_once(tmp_path, halves):
    private, public = halves
    with running(tmp_path) as stack:
        stack.manage("manage.py", "connect_simulated", "--users", str(public.users))
        play(stack, private.file, "--users", str(private.users), "--as", "dms", *SHUFFLED)
        play(stack, public.file, "--users", str(public.users), *SHUFFLED)
        records = export(stack)
    check_private([one for one in records if kinds(one) == {"dm"}], private)
    check_public([one for one in records if kinds(one) == {"public"}], public)


def kinds(record: Record) -> set[str]:
    return {thread["kind"] for thread in record["threads"]}


def check_private(records: list[Record], part: Part) -> None:
    said = {(record["brand"], record["contact"]): record for record in records}
    assert len(said) == len(records) == THREADS
    expected = defaultdict(list)
    for post in part.posts:
        expected[post["conversation_id"]].append(post)
    for posts in expected.values():
        ours = [part.people[post["author_id"]]["brand"] for post in posts]
        names = {
            is_ours: part.people[post["author_id"]]["username"]
            for post, is_ours in zip(posts, ours, strict=True)
        }
        check(said[names[True], names[False]], posts, part, "dm")


def check_public(records: list[Record], part: Part) -> None:
    expected = conversations(part.posts, part.people)
    placed = by_place(records)
    assert placed.keys() == expected.keys()
    assert len(records) == len(placed) >= THREADS
    for place, posts in expected.items():
        check(placed[place], posts, part, "public")


def check(record: Record, posts: list[Record], part: Part, kind: str) -> None:
    """The record says what the posts say: every message, in order, and how long people waited."""
    posts = sorted(posts, key=lambda post: int(post["id"]))
    posts = [post | {"ours": is_brand(part.people, post["author_id"])} for post in posts]
    assert told_ids(record) == [
        (post["id"], "out" if post["ours"] else "in", kind) for post in posts
    ]
    found, still_waits = waits(posts)
    times = [*filter(None, [record["first_response_seconds"]]), *record["reply_seconds"]]
    assert times == pytest.approx(found, abs=1)
    assert record["unanswered"] == still_waits
