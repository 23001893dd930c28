"""Real conversations through the whole product: pushed by X, applied by a worker, exported.

580 threads of one customer and one brand become direct messages (data/README.md). Three pairs of
people have two threads, which X knows as one conversation.
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from pathlib import Path

import pytest

from tests.stack import Stack, running
from tests.twitter_sync.replaying import Record, export, play, told_ids, waits

pytestmark = [pytest.mark.shared_data, pytest.mark.processes]

Pair = tuple[str, str]


@pytest.fixture(scope="module")
def shared() -> Path:
    return Path(os.environ["SHARED_DATA"], "conversations")


@pytest.fixture(scope="module")
def expected(shared: Path) -> dict[Pair, list[Record]]:
    """What was said between each customer and each brand, oldest first."""
    people = {one["id"]: one for one in json.loads((shared / "twcs.users.json").read_text())}
    threads = defaultdict(list)
    for line in (shared / "twcs.v2.jsonl").open():
        post = json.loads(line)
        threads[post["conversation_id"]].append(post)
    pairs: dict[Pair, list[Record]] = defaultdict(list)
    for posts in threads.values():
        authors = {post["author_id"] for post in posts}
        brands = {author for author in authors if people[author].get("brand")}
        if len(authors) == 2 and len(brands) == 1:
            [brand], [customer] = brands, authors - brands
            pairs[people[brand]["username"], people[customer]["username"]] += posts
    for (brand, _), posts in pairs.items():
        posts.sort(key=lambda post: int(post["id"]))
        for post in posts:
            post["ours"] = people[post["author_id"]]["username"] == brand
    return dict(pairs)


def replay(stack: Stack, shared: Path, *how: str) -> list[Record]:
    """Connects every brand, plays the file as direct messages, and exports what became of it."""
    users = ["--users", str(shared / "twcs.users.json")]
    stack.manage("manage.py", "connect_simulated", *users)
    summary = play(stack, shared / "twcs.v2.jsonl", *users, "--as", "dms", *how)
    assert summary["unsubscribed"] == 0, summary
    return export(stack)


@pytest.mark.deep
@pytest.mark.parametrize(
    "how",
    [["--order", "time"], ["--order", "shuffled", "--repeat", "2", "--seed", "7"]],
    ids=["in order", "shuffled, everything twice"],
)
def test_every_conversation_arrives_whole_and_once(tmp_path, shared, expected, how):
    with running(tmp_path) as stack:
        records = replay(stack, shared, *how)
    assert len(records) == len(expected) == 577
    numbers = [record["number"] for record in records]
    assert numbers == sorted(numbers)
    said = {(record["brand"], record["contact"]): record for record in records}
    assert said.keys() == expected.keys()
    for pair, posts in expected.items():
        check(said[pair], posts)
    assert sum(len(record["messages"]) for record in records) == 2022


def check(record: Record, posts: list[Record]) -> None:
    """The record says what the posts say: every message, in order, and how long people waited."""
    assert told_ids(record) == [
        (post["id"], "out" if post["ours"] else "in", "dm") for post in posts
    ]
    found, still_waits = waits(posts)
    assert record["unanswered"] == still_waits
    assert record["first_response_seconds"] == pytest.approx(found[0] if found else None, abs=1)
    assert record["reply_seconds"] == pytest.approx(found[1:], abs=1)
    assert [thread["kind"] for thread in record["threads"]] == ["dm"]


def test_the_expectation_is_that_of_the_file(shared, expected):
    """Computed here for pairs of people; the file tells it for each thread."""
    told = json.loads((shared / "twcs.expected.json").read_text())["threads"]
    threads = {post_id: thread for thread in told for post_id in thread["tweets"]}
    compared = 0
    for posts in expected.values():
        if len({post["conversation_id"] for post in posts}) == 1:
            thread = threads[posts[0]["id"]]
            found, still_waits = waits(posts)
            assert [thread["first_response_seconds"], *thread["reply_seconds"]] == pytest.approx(
                found, abs=1
            )
            assert thread["ends_waiting"] == still_waits
            compared += 1
    assert compared == 574
