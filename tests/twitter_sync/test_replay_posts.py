"""Real public conversations through the whole product: told by X as it would, placed, exported."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from pathlib import Path
from statistics import median

import pytest

from tests.stack import Stack, running
from tests.twitter_sync.replaying import (
    Place,
    Record,
    by_place,
    conversations,
    export,
    play,
    told_ids,
    waits,
)
from x_simulator import recordings

pytestmark = [pytest.mark.shared_data, pytest.mark.processes, pytest.mark.deep]

HOURS = (1, 4, 8, 24)
NAME = re.compile(r"(?<![\w!#$%&*@])@(\w{1,15})(?![\w@])", re.ASCII)


@pytest.fixture(scope="module")
def shared() -> Path:
    return Path(os.environ["SHARED_DATA"], "conversations")


@pytest.fixture(scope="module")
def expected(shared: Path) -> dict[Place, list[Record]]:
    people = {one["id"]: one for one in json.loads((shared / "twcs.users.json").read_text())}
    posts = [json.loads(line) for line in (shared / "twcs.v2.jsonl").open()]
    return conversations(posts, people)


@pytest.fixture(scope="module")
def undisputed(shared: Path) -> dict[str, Record]:
    """The file's own truth for threads of one customer and one brand, by X conversation."""
    threads = json.loads((shared / "twcs.expected.json").read_text())["threads"]
    alone = [one for one in threads if len(one["brands"]) == len(one["customers"]) == 1]
    return {one["conversation_id"]: one for one in alone}


def replay(stack: Stack, shared: Path, *how: str) -> list[Record]:
    users = ["--users", str(shared / "twcs.users.json")]
    stack.manage("manage.py", "connect_simulated", *users)
    play(stack, shared / "twcs.v2.jsonl", *users, *how)
    return export(stack)


@pytest.mark.parametrize(
    "how",
    [["--order", "time"], ["--as", "posts", "--order", "shuffled", "--repeat", "2", "--seed", "7"]],
    ids=["in order", "shuffled, everything twice"],
)
def test_every_thread_is_right(tmp_path, shared, expected, undisputed, how):
    with running(tmp_path) as stack:
        records = replay(stack, shared, *how)
    check_every_place(records, expected)
    check_undisputed(records, undisputed)
    check_figures([record for record in records if is_the_one(record, undisputed)])


def check_every_place(records: list[Record], expected: dict[Place, list[Record]]) -> None:
    """Also of the trees with several customers: one conversation for each, nothing missing."""
    placed = by_place(records)
    assert placed.keys() == expected.keys()
    assert len(records) == len(placed)
    for place, posts in expected.items():
        said = [(post["id"], "out" if post["ours"] else "in", "public") for post in posts]
        assert told_ids(placed[place]) == said, place
        found, still_waits = waits(posts)
        record = placed[place]
        times = [*filter(None, [record["first_response_seconds"]]), *record["reply_seconds"]]
        assert times == pytest.approx(found, abs=1)
        assert record["unanswered"] == still_waits


def is_the_one(record: Record, undisputed: dict[str, Record]) -> bool:
    """Three customers name a second brand, which never answers: that is its conversation too."""
    thread = undisputed.get(record["threads"][0]["x_conversation_id"])
    return thread is not None and thread["brands"] == [record["brand"]]


def check_undisputed(records: list[Record], undisputed: dict[str, Record]) -> None:
    """All that the file counts to the thread, but for what a brand said to nobody."""
    theirs = [record for record in records if is_the_one(record, undisputed)]
    alone = {one["threads"][0]["x_conversation_id"]: one for one in theirs}
    left_out = 0
    for conversation_id, thread in undisputed.items():
        record = alone[conversation_id]
        assert [record["contact"]] == thread["customers"]
        ids = {one["external_id"] for one in record["messages"]}
        assert ids <= set(thread["tweets"])
        left_out += len(set(thread["tweets"]) - ids)
    assert (len(undisputed), left_out) == (580, 7)


def check_figures(records: list[Record]) -> None:
    assert len(records) == 580
    first = [one["first_response_seconds"] for one in records]
    first = [seconds for seconds in first if seconds is not None]
    replies = [seconds for one in records for seconds in one["reply_seconds"]]
    assert (len(first), median(first)) == (580, pytest.approx(781, abs=1))
    assert (len(replies), median(replies)) == (329, pytest.approx(635, abs=1))
    buckets = Counter(sum(seconds >= hours * 3600 for hours in HOURS) for seconds in first)
    assert [buckets[number] for number in range(5)] == [432, 66, 35, 30, 17]
    assert sum(one["unanswered"] for one in records) == 65


def test_many_brands_in_one_installation_stay_apart(tmp_path, shared):
    """Dialogs of two dozen brands and a flood of complaints, repeated: nothing crosses over,
    nothing is there twice."""
    files = {"dialogs": shared / "ibm_dev.json", "csv": shared / "airline_first_2000.csv"}
    played = [recordings.FORMATS[name](file, None) for name, file in files.items()]
    handles = {user["username"] for one in played for user in one.users if user["brand"]}
    with running(tmp_path) as stack:
        stack.manage("manage.py", "connect_simulated", *sorted(handles))
        for name, file in files.items():
            play(stack, file, "--format", name, "--repeat", "2")
        records = export(stack)
        ledger = stack.ask_x("ledger")["posts"]
        users = {user["id"]: user for user in stack.ask_x("users")["users"]}
    by_name = {user["username"].lower(): user["id"] for user in users.values()}
    expected = conversations([as_told(post, by_name) for post in ledger], users)
    placed = by_place(records)
    assert placed.keys() == expected.keys()
    for place, posts in expected.items():
        said = [(post["id"], "out" if post["ours"] else "in", "public") for post in posts]
        assert told_ids(placed[place]) == said, place
    assert {record["brand"] for record in records} <= handles
    assert len(ledger) == sum(len(one.posts) for one in played)


def as_told(post: Record, by_name: dict[str, str]) -> Record:
    """A post of the simulator's ledger with what it answers and whom its words name."""
    named = [by_name.get(name.lower()) for name in NAME.findall(post["text"])]
    parent = post["in_reply_to_post_id"]
    return post | {
        "referenced_tweets": [{"type": "replied_to", "id": parent}] if parent else [],
        "entities": {"mentions": [{"id": x_user_id} for x_user_id in named if x_user_id]},
    }
