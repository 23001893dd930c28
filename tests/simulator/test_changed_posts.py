"""Posts that change, come again or stand inside another: edits, reposts, quotes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.program import Json, Program
from tests.simulator.receiver import Receiver
from tests.simulator.test_posts import publish

HISTORY = {"tweet.fields": "edit_history_tweet_ids,edit_controls,conversation_id,referenced_tweets"}


@pytest.fixture
def brand(program: Program, webhook: str) -> Json:
    brand: Json = program.brand()
    kinds = ("mention.create", "quote.create", "repost.create", "delete")
    for kind in kinds:
        program.subscribe(brand, f"post.{kind}", webhook)
    return brand


def edited(program: Program, brand: Json, post_id: str, text: str) -> Any:
    return publish(program, brand, text, edit_options={"previous_post_id": post_id})


def test_an_edit_is_a_new_id_in_the_same_conversation(program: Program) -> None:
    brand = program.brand()
    first = publish(program, brand, "We ar open").json()["data"]["id"]
    answer = edited(program, brand, first, "We are open")
    assert answer.status_code == 201
    second = answer.json()["data"]
    assert second["edit_history_tweet_ids"] == [first, second["id"]]
    post = program.get(f"/2/tweets/{second['id']}", brand["token"], **HISTORY)["data"]
    assert post["conversation_id"] == first
    assert post["edit_controls"]["edits_remaining"] == 4


def test_lists_show_the_newest_form_and_its_id_the_former(program: Program) -> None:
    brand = program.brand()
    first = publish(program, brand, "pangolin one").json()["data"]["id"]
    second = edited(program, brand, first, "pangolin two").json()["data"]["id"]
    timeline = program.get(f"/2/users/{brand['id']}/tweets", brand["token"], max_results=5)
    found = program.get("/2/tweets/search/recent", program.bearer(), query="pangolin")
    assert [post["id"] for post in timeline["data"]] == [second]
    assert [post["id"] for post in found["data"]] == [second]
    former = program.get(f"/2/tweets/{first}", brand["token"], **HISTORY)["data"]
    assert (former["text"], former["edit_history_tweet_ids"]) == ("pangolin one", [first, second])


def test_who_may_change_what(program: Program) -> None:
    brand, other = program.brand(), program.brand()
    first = publish(program, brand, "one").json()["data"]["id"]
    answer = {"in_reply_to_tweet_id": first}
    below = publish(program, brand, "below", reply=answer).json()["data"]["id"]
    assert edited(program, other, first, "mine").status_code == 403
    assert edited(program, brand, below, "an answer").status_code == 403
    newest = first
    for number in range(5):
        newest = edited(program, brand, newest, f"form {number}").json()["data"]["id"]
    assert edited(program, brand, newest, "a sixth").status_code == 403
    assert edited(program, brand, first, "an old form").status_code == 403
    wrong = publish(program, brand, "x", edit_options={"post_id": first})
    assert wrong.status_code == 400


def test_a_changed_post_is_told_and_deleted_whole(
    program: Program, receiver: Receiver, brand: Json
) -> None:
    customer = program.person()
    first = program.post(customer, f"@{brand['username']} helo")
    spec = {"post_id": first, "text": f"@{brand['username']} hello"}
    second = program.control("POST", "posts/edit", **spec)["id"]
    bodies = receiver.wait_for(2)
    told = bodies[1]["data"]
    assert told["event_type"] == "post.mention.create"
    assert told["payload"]["edit_history_tweet_ids"] == [first, second]
    program.control("POST", "posts/delete", id=second)
    lost = program.get("/2/tweets", program.bearer(), ids=f"{first},{second}")
    assert len(lost["errors"]) == 2


def test_quotes_and_reposts_are_told_to_the_author(
    program: Program, receiver: Receiver, brand: Json
) -> None:
    customer = program.person()
    news = publish(program, brand, "News").json()["data"]["id"]
    quote = program.post(customer, "look at this", quoted_post_id=news)
    spec = {"post_id": news, "author_id": customer["id"]}
    repost = program.control("POST", "posts/repost", **spec)["id"]
    told = [body["data"] for body in receiver.wait_for(2)]
    assert [(one["event_type"], one["payload"]["id"]) for one in told] == [
        ("post.quote.create", quote),
        ("post.repost.create", repost),
    ]
    references = [one["payload"]["referenced_tweets"] for one in told]
    assert references == [
        [{"type": "quoted", "id": news}],
        [{"type": "retweeted", "id": news}],
    ]
    assert told[1]["payload"]["text"].startswith(f"RT @{brand['username']}: ")


def test_search_takes_alternatives(program: Program) -> None:
    ann, bob = program.person(), program.person()
    one = program.post(ann, "wombat")
    other = program.post(bob, "numbat")
    program.post(bob, "wombat too", in_reply_to_post_id=one)

    def found(query: str) -> list[str]:
        body = program.get("/2/tweets/search/recent", program.bearer(), query=query)
        return [post["id"] for post in body.get("data", [])]

    who = [f"from:{person['id']}" for person in (ann, bob)]
    assert found(f"conversation_id:{one} {who[0]} OR conversation_id:{other} {who[1]}") == [
        other,
        one,
    ]
    answer = program.call(
        "GET", "/2/tweets/search/recent", program.bearer(), params={"query": "wombat OR"}
    )
    assert answer.status_code == 400
