"""Playing recorded conversations: which threads, in which order, how often."""

from __future__ import annotations

import itertools
import json
import os
import random
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.simulator.program import Json, Program
from tests.simulator.receiver import Receiver
from x_simulator import recordings, replay

USERS = [
    {"id": "7001", "username": "replay_brand", "name": "Replay Brand", "brand": True},
    {"id": "7002", "username": "replay_ann", "name": "Ann", "brand": False},
    {"id": "7003", "username": "replay_bob", "name": "Bob", "brand": False},
]


def post(number: int, author: str, thread: str, text: str) -> Json:
    return {
        "id": str(700_000_000_000_000_000 + number),
        "author_id": author,
        "conversation_id": thread,
        "text": text,
        "created_at": f"2017-11-01T00:00:{number:02d}.000Z",
        "edit_history_tweet_ids": ["1"],
        "_orig": number,
    }


# Two threads of one customer each; one of two customers, one of the brand alone: not played.
POSTS = [
    post(1, "7002", "1", "@replay_brand it &amp; me <b>"),
    post(2, "7001", "1", "@replay_ann sorry"),
    post(3, "7002", "1", "@replay_brand thanks"),
    post(4, "7003", "4", "@replay_brand hello?"),
    post(5, "7001", "4", "@replay_bob hello!"),
    post(6, "7002", "6", "@replay_brand both of us"),
    post(7, "7003", "6", "@replay_brand yes both"),
    post(8, "7001", "6", "@replay_ann @replay_bob noted"),
    post(9, "7001", "9", "News for everyone"),
]


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    users, posts = tmp_path / "users.json", tmp_path / "posts.jsonl"
    users.write_text(json.dumps(USERS))
    posts.write_text("\n".join(json.dumps(one) for one in POSTS))
    return [str(posts), "--users", str(users)]


@pytest.fixture
def brand(program: Program, webhook: str) -> Json:
    brand: Json = program.control("POST", "users", users=USERS[:1])["users"][0]
    brand["token"] = program.token(brand)
    for event_type in ("dm.received", "dm.sent"):
        program.subscribe(brand, event_type, webhook)
    return brand


def play(program: Program, *options: str) -> Json:
    command = [sys.executable, "-m", "x_simulator.replay", *options]
    command += ["--server", program.url, "--as", "dms"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    summary: Json = json.loads(ended.stdout)
    return summary


def arrived(receiver: Receiver) -> list[Any]:
    events = [body["data"]["payload"]["direct_message_events"][0] for body in receiver.bodies]
    return [int(event["id"]) - 700_000_000_000_000_000 for event in events]


def test_it_plays_the_threads_of_one_brand_and_one_customer(
    program: Program, receiver: Receiver, brand: Json, files: list[str]
) -> None:
    summary = play(program, *files)
    assert summary == {
        "threads": 2,
        "messages": 5,
        "delivered": 5,
        "dropped": 0,
        "failed": 0,
        "unsubscribed": 0,
    }
    assert arrived(receiver) == [1, 2, 3, 4, 5]
    kinds = [body["data"]["event_type"] for body in receiver.bodies]
    assert kinds == ["dm.received", "dm.sent", "dm.received", "dm.received", "dm.sent"]
    event = receiver.bodies[0]["data"]["payload"]["direct_message_events"][0]
    assert event["message_create"]["message_data"]["text"] == "@replay_brand it &amp; me <b>"
    assert event["created_timestamp"] == "1509494401000"
    with_ann = program.get("/2/dm_conversations/with/7002/dm_events", brand["token"])
    assert with_ann["meta"]["result_count"] == 3


def test_it_shuffles_repeats_and_loses_by_seed(
    program: Program, receiver: Receiver, brand: Json, files: list[str]
) -> None:
    shuffled = [*files, "--order", "shuffled", "--concurrency", "1", "--seed", "5"]
    summary = play(program, *shuffled, "--repeat", "4")
    order = arrived(receiver)
    assert summary["delivered"] == 20
    assert Counter(order) == dict.fromkeys((1, 2, 3, 4, 5), 4)
    assert order != sorted(order)
    receiver.bodies.clear()
    lossy = play(program, *shuffled, "--repeat", "4", "--drop", "0.5", "--speed", "500")
    assert lossy["delivered"] + lossy["dropped"] == 20
    assert 0 < len(arrived(receiver)) == lossy["delivered"] < 20


def test_repeats_are_not_neighbours() -> None:
    events = [{"kind": "dm", "id": str(n)} for n in range(200)]
    for seed in range(5):
        order = replay.arranged(events, "shuffled", 3, random.Random(seed))
        assert len(order) == 600
        assert not [1 for one, other in itertools.pairwise(order) if one == other]


def test_it_says_which_line_is_no_post(program: Program, files: list[str], tmp_path: Path) -> None:
    bad = tmp_path / "bad.jsonl"
    bad.write_text(json.dumps(POSTS[0]) + '\n{"id": "1"}\n')
    command = [sys.executable, "-m", "x_simulator.replay", str(bad), *files[1:]]
    command += ["--server", program.url, "--as", "dms"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "bad.jsonl, line 2: not a post" in ended.stderr


@pytest.mark.shared_data
def test_the_real_file_has_580_such_threads() -> None:
    folder = Path(os.environ["SHARED_DATA"], "conversations")
    users = recordings.read_users(folder / "twcs.users.json")
    posts = recordings.read_posts(folder / "twcs.v2.jsonl")
    plan = replay.as_dms(posts, frozenset(user["id"] for user in users if user["brand"]))
    assert (plan.threads, len(plan.dms)) == (580, 2022)
    assert [int(dm["id"]) for dm in plan.dms] == sorted(int(dm["id"]) for dm in plan.dms)
    pairs = {frozenset((dm["sender_id"], dm["recipient_id"])) for dm in plan.dms}
    assert len(pairs) == 577


def test_posts_are_told_to_whom_x_tells(
    program: Program, receiver: Receiver, webhook: str, files: list[str]
) -> None:
    """By default. What merely answers a customer, naming nobody, is told to no brand."""
    brand = program.control("POST", "users", users=USERS[:1])["users"][0]
    brand["token"] = program.token(brand)
    for kind in ("create", "mention.create", "reply.create"):
        program.subscribe(brand, f"post.{kind}", webhook)
    command = [sys.executable, "-m", "x_simulator.replay", *files, "--server", program.url]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    summary = json.loads(ended.stdout)
    assert (summary["threads"], summary["messages"]) == (4, 9)
    told = [(body["data"]["event_type"], body["data"]["payload"]["id"]) for body in receiver.bodies]
    assert ("post.mention.create", POSTS[0]["id"]) in told
    assert ("post.create", POSTS[1]["id"]) in told
    assert summary["delivered"] == len(told)


DIALOGS = [
    {
        "dialogHeader": {"company": "AcmeCare"},
        "dialogContent": [
            {"tweet_ID": "710000000000000001", "client": "dialog_ann", "message": "@AcmeCare help"},
            {"tweet_ID": "710000000000000002", "client1": "dialog_bob", "message": "me too"},
        ],
        "agentURL": {
            "tweet_ID": "710000000000000003",
            "url_utterance": "@dialog_ann see http://a.b",
        },
    },
    {
        "dialogHeader": {"company": "AcmeCare"},
        "dialogContent": [
            {"tweet_ID": "710000000000000001", "client": "dialog_ann", "message": "@AcmeCare help"},
        ],
        "agentURL": {"tweet_ID": "710000000000000004", "url_utterance": "@dialog_ann or here"},
    },
]


def test_dialogs_that_share_a_message_are_one_conversation(tmp_path: Path) -> None:
    path = tmp_path / "dialogs.json"
    path.write_text(json.dumps(DIALOGS))
    recording = recordings.read_dialogs(path)
    assert {post["conversation_id"] for post in recording.posts} == {"710000000000000001"}
    parents = [
        post.get("referenced_tweets", [{}])[0].get("id", "")[-1:] for post in recording.posts
    ]
    assert parents == ["", "1", "2", "1"]
    assert [user["username"] for user in recording.users if user["brand"]] == ["AcmeCare"]
    recording.author_ids([{"username": user["username"], "id": "1"} for user in recording.users])
    assert all(post["author_id"] == "1" for post in recording.posts)


def test_a_table_of_complaints_has_each_id_once(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    rows = ["710000000000000009,Acme Air,table_ann,@AcmeAir late"] * 2
    path.write_text("\n".join(["tweet_id,airline,name,text", *rows]))
    recording = recordings.read_csv(path)
    assert [post["id"] for post in recording.posts] == ["710000000000000009"]
    brands = {user["username"]: user["brand"] for user in recording.users}
    assert brands == {"AcmeAir": True, "table_ann": False}


@pytest.mark.parametrize("name", ["dialogs", "csv"])
def test_it_says_which_file_it_cannot_read(tmp_path: Path, name: str) -> None:
    path = tmp_path / "other"
    path.write_text('["a list of something else"]')
    with pytest.raises(recordings.Unusable, match="other: not a "):
        recordings.FORMATS[name](path, None)
    with pytest.raises(recordings.Unusable, match="--users"):
        recordings.FORMATS["v2"](path, None)


def test_an_answer_to_what_was_never_here_is_to_nobody_known(program: Program) -> None:
    """A recording without its beginning: the post is told as it was recorded."""
    author = program.person()
    spec = {"author_id": author["id"], "text": f"@{author['username']} hi", "entities": {}}
    lost = [{"type": "replied_to", "id": "720000000000000001"}]
    told = spec | {"id": "720000000000000002", "referenced_tweets": lost}
    told |= {"created_at": "2017-11-01T00:00:00Z", "conversation_id": "720000000000000001"}
    program.control("POST", "load", posts=[told])
    fields = "in_reply_to_user_id,referenced_tweets"
    path = "/2/tweets/720000000000000002"
    post = program.get(path, program.bearer(), **{"tweet.fields": fields})["data"]
    assert post["referenced_tweets"] == lost
    assert "in_reply_to_user_id" not in post
