"""How SQLite would find what the endpoints ask for: never by going through all there is.

The plan of a statement doesn't depend on how much there is (nothing is ever ANALYZEd), so that a
few rows show what a hundred thousand would cost.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.simulator import document
from tests.simulator.contract import Contract
from tests.simulator.driving import drive
from tests.simulator.driving.stage import Stage
from tests.simulator.inside import Inside
from tests.simulator.program import Program
from tests.simulator.receiver import Receiver
from x_simulator.words import says

# Tables that grow with what people say and with what is told of it.
GROWING = (
    "posts",
    "dms",
    "dm_boxes",
    "post_mentions",
    "users",
    "media",
    "deliveries",
    "happenings",
)
SCANS = re.compile(rf"^SCAN ({'|'.join(GROWING)})\b")
SEARCH = "/2/tweets/search/recent"
# Few people are protected.
SMALL = "USING INDEX users_protected"
# SQLite knows that this is never true and looks nowhere, whatever its plan says.
NOTHING = re.compile(r"WHERE \w+ IN \(\)")


def scans(path: Path, statements: set[str]) -> list[str]:
    """Steps that go through a whole table, or a whole index of it, and in which statement."""
    found = []
    with closing(sqlite3.connect(path)) as database:
        database.create_function("says", 3, says)
        for sql in sorted(statements):
            steps = [row[3] for row in database.execute(f"EXPLAIN QUERY PLAN {sql}")]
            scanning = [step for step in steps if SCANS.match(step) and SMALL not in step]
            if not NOTHING.search(sql):
                found += [f"{step}: {sql[:600]}" for step in scanning]
    return found


@pytest.fixture
def asked(tmp_path: Path) -> Iterator[tuple[Inside, set[str]]]:
    """A simulator, and every statement that it has run since it stood."""
    statements: set[str] = set()

    def note(sql: str) -> None:
        if sql.split(None, 1)[0] in ("SELECT", "UPDATE", "DELETE"):
            statements.add(sql)

    program = Inside(tmp_path, note)
    program.start()
    yield program, statements
    assert program.end() == 0


def database_of(program: Program) -> Path:
    return program.folder / "data" / "x_simulator.sqlite3"


def test_what_is_asked_every_minute_finds_its_way(
    asked: tuple[Inside, set[str]], receiver: Receiver
) -> None:
    program, statements = asked
    brand, customer, bearer = program.brand(), program.person(), program.bearer()
    webhook = program.call("POST", "/2/webhooks", bearer, json={"url": receiver.url}).json()
    for event_type in ("dm.received", "dm.sent", "post.create", "post.mention.create"):
        program.subscribe(brand, event_type, webhook["data"]["id"])
    statements.clear()
    root = program.post(customer, f"@{brand['username']} it broke")
    program.dm(customer, brand, "It broke.")
    receiver.wait_for(2)
    answer = {"text": "Sorry!", "reply": {"in_reply_to_tweet_id": root}}
    assert program.call("POST", "/2/tweets", brand["token"], json=answer).is_success
    path = f"/2/dm_conversations/with/{customer['id']}"
    sent = program.call("POST", f"{path}/messages", brand["token"], json={"text": "Sorry."})
    for look in (
        "/2/dm_events",
        f"/2/dm_events/{sent.json()['data']['dm_event_id']}",
        f"{path}/dm_events",
        f"/2/users/{brand['id']}/tweets",
        f"/2/users/{brand['id']}/tweets?exclude=replies",
        f"/2/users/{brand['id']}/tweets?since_id={root}&until_id={int(root) + 1}",
        f"/2/users/{brand['id']}/mentions",
        f"/2/users/{brand['id']}/mentions?since_id={root}",
        f"/2/tweets/{root}?expansions=author_id,referenced_tweets.id&tweet.fields=public_metrics",
    ):
        assert program.call("GET", look, brand["token"]).is_success
    for query in (
        f"conversation_id:{root}",
        f"in_reply_to_tweet_id:{root} -is:retweet",
        f"(conversation_id:{root} from:{customer['username']}) OR (to:{brand['id']} from:nobody)",
        f"@{brand['username']} broke",
        '"it broke" lang:en OR #tag OR $TAG OR url:"example.com"',
    ):
        answer = program.call("GET", SEARCH, bearer, params={"query": query})
        assert answer.is_success, answer.text
    assert program.http.get(f"{program.url}/?brand={brand['id']}").is_success
    receiver.wait_for(4)
    assert len(statements) > 50
    assert scans(database_of(program), statements) == []


@pytest.mark.shared_data
def test_no_call_that_there_is_goes_through_everything(
    asked: tuple[Inside, set[str]], receiver: Receiver
) -> None:
    program, statements = asked
    program.control("POST", "quotas", lifted=True)
    stage = Stage(program, Contract(document.document()), receiver)
    statements.clear()
    assert drive(stage) == {}
    assert len(statements) > 200
    assert scans(database_of(program), statements) == []
