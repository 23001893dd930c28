"""Posts: publishing, replies and their gate, look-up, timelines, mentions, search."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.simulator.program import Json, Program, texts

GATE = (
    "Reply to this conversation is not allowed because you have not been mentioned or otherwise"
    " engaged by the author of the post you are replying to."
)


def publish(program: Program, brand: Json, text: str, **body: Any) -> httpx.Response:
    return program.call("POST", "/2/tweets", brand["token"], json={"text": text, **body})


def reply(program: Program, brand: Json, post_id: str, text: str, **more: Any) -> httpx.Response:
    return publish(program, brand, text, reply={"in_reply_to_tweet_id": post_id, **more})


def test_a_post_can_be_published_read_and_deleted(program: Program) -> None:
    brand = program.brand()
    answer = publish(program, brand, "We are <open> & well")
    assert answer.status_code == 201
    said = answer.json()["data"]
    assert said["text"] == "We are &lt;open&gt; &amp; well"
    assert said["edit_history_tweet_ids"] == [said["id"]]
    path = f"/2/tweets/{said['id']}"
    assert program.get(path, program.bearer())["data"] == said
    assert program.call("DELETE", path, brand["token"]).json() == {"data": {"deleted": True}}
    lost = program.get(path, program.bearer())
    assert lost["errors"][0]["detail"] == f"Could not find tweet with id: [{said['id']}]."
    assert "data" not in lost


def test_nobody_deletes_someone_elses_post(program: Program) -> None:
    post_id = program.post(program.person(), "mine")
    answer = program.call("DELETE", f"/2/tweets/{post_id}", program.brand()["token"])
    assert answer.status_code == 403


def test_a_reply_names_whom_it_answers(program: Program) -> None:
    brand, customer, friend = program.brand(), program.person(), program.person()
    complaint = program.post(customer, f"@{brand['username']} @{friend['username']} it is late")
    answer = reply(program, brand, complaint, "Sorry! #late")
    names = f"@{customer['username']} @{friend['username']} "
    text = answer.json()["data"]["text"]
    assert text == f"{names}Sorry! #late"
    fields = "conversation_id,in_reply_to_user_id,referenced_tweets,display_text_range,entities"
    post_id = answer.json()["data"]["id"]
    post = program.get(f"/2/tweets/{post_id}", brand["token"], **{"tweet.fields": fields})["data"]
    assert post["conversation_id"] == complaint
    assert post["in_reply_to_user_id"] == customer["id"]
    assert post["referenced_tweets"] == [{"type": "replied_to", "id": complaint}]
    assert post["display_text_range"] == [len(names), len(text)]
    mentions, (tag,) = post["entities"]["mentions"], post["entities"]["hashtags"]
    assert [m["id"] for m in mentions] == [customer["id"], friend["id"]]
    assert [text[m["start"] : m["end"]] for m in mentions] == names.split()
    assert text[tag["start"] : tag["end"]] == "#late"


def test_names_that_were_typed_stand_once_and_excluded_ones_not_at_all(program: Program) -> None:
    brand, customer, friend = program.brand(), program.person(), program.person()
    complaint = program.post(customer, f"@{brand['username']} @{friend['username']} still late")
    typed = f"@{customer['username']} Sorry again!"
    answer = reply(program, brand, complaint, typed, exclude_reply_user_ids=[friend["id"]])
    assert answer.json()["data"]["text"] == typed


def test_the_gate_lets_in_whom_the_author_engaged(program: Program) -> None:
    brand, customer, stranger = program.brand(), program.person(), program.person()
    mention = program.post(customer, f"hey @{brand['username']}")
    first = reply(program, brand, mention, "Yes?")
    assert first.status_code == 201
    answered = program.post(
        customer, "no, still down", in_reply_to_post_id=first.json()["data"]["id"]
    )
    assert reply(program, brand, answered, "Oh.").status_code == 201
    own = publish(program, brand, "A thread:").json()["data"]["id"]
    assert reply(program, brand, own, "1/1").status_code == 201
    elsewhere = program.post(stranger, "same here", in_reply_to_post_id=answered)
    refused = reply(program, brand, elsewhere, "We see you")
    assert refused.status_code == 403
    expected = {"title": "Forbidden", "status": 403, "type": "about:blank", "detail": GATE}
    assert refused.json() == expected


def test_the_strict_gate_wants_an_explicit_mention(program: Program) -> None:
    brand, customer = program.brand(), program.person()
    own = publish(program, brand, "News!").json()["data"]["id"]
    answered = program.post(customer, "Nice", in_reply_to_post_id=own)
    program.control("POST", "reply_gate", mode="explicit")
    try:
        assert reply(program, brand, answered, "Thanks").status_code == 403
    finally:
        program.control("POST", "reply_gate", mode="engaged")
    assert reply(program, brand, answered, "Thanks").status_code == 201


def test_the_same_words_twice_are_refused(program: Program) -> None:
    brand = program.brand()
    first = publish(program, brand, "Back in service").json()["data"]["id"]
    again = publish(program, brand, "Back in service")
    assert again.status_code == 403
    detail = "You are not allowed to create a Tweet with duplicate content."
    assert again.json()["detail"] == detail
    program.call("DELETE", f"/2/tweets/{first}", brand["token"])
    assert publish(program, brand, "Back in service").status_code == 201


def test_length_is_weighed_and_names_at_the_head_weigh_nothing(program: Program) -> None:
    brand, customer = program.brand(), program.person()
    too_long = publish(program, brand, "界" * 141)
    assert too_long.status_code == 400
    assert too_long.json()["detail"].startswith("Your Tweet text is too long.")
    link = "https://example.com/" + "x" * 300
    assert publish(program, brand, f"{'a' * 256} {link}").status_code == 201
    complaint = program.post(customer, f"@{brand['username']} help")
    named = f"@{customer['username']} {'b' * 280}"
    assert reply(program, brand, complaint, named).status_code == 201


def test_a_reply_to_nothing_is_refused(program: Program) -> None:
    answer = reply(program, program.brand(), "123456789", "Hello?")
    assert answer.status_code == 403
    assert "deleted or not visible" in answer.json()["detail"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"text": "a", "colour": "red"},
        {"text": "a", "reply": {"to": "1"}},
        {"text": "a", "reply_settings": "nobody"},
    ],
)
def test_it_refuses_a_bad_body(program: Program, body: Json) -> None:
    answer = program.call("POST", "/2/tweets", program.brand()["token"], json=body)
    assert answer.status_code == 400


def test_look_up_tells_what_is_missing_and_keeps_the_rest(program: Program) -> None:
    post_id = program.post(program.person(), "still here")
    body = program.get("/2/tweets", program.bearer(), ids=f"77,{post_id}")
    assert texts(body) == ["still here"]
    assert body["errors"][0]["resource_id"] == "77"
    assert body["errors"][0]["resource_type"] == "tweet"


def test_the_post_vocabulary_is_answered_in_kind(program: Program) -> None:
    brand, customer = program.brand(), program.person()
    mention = program.post(customer, f"@{brand['username']} hm")
    answer_id = reply(program, brand, mention, "Hm?").json()["data"]["id"]
    asked = {"post.fields": "public_metrics,author_id,note_post,nonsense"}
    asked["expansions"] = "referenced_posts,author_id"
    body = program.get(f"/2/tweets/{answer_id}", brand["token"], **asked)
    post = body["data"]
    assert post["edit_history_post_ids"] == [answer_id]
    assert post["referenced_posts"] == [{"type": "replied_to", "id": mention}]
    assert post["author_id"] == brand["id"]
    assert "repost_count" in post["public_metrics"]
    assert [included["id"] for included in body["includes"]["posts"]] == [mention]
    fields_alone = program.get(
        f"/2/tweets/{answer_id}", brand["token"], **{"post.fields": "author_id"}
    )
    assert "author_id" not in fields_alone["data"]


def test_a_deleted_parent_is_a_partial_error(program: Program) -> None:
    brand, customer = program.brand(), program.person()
    mention = program.post(customer, f"@{brand['username']} oops")
    answer_id = reply(program, brand, mention, "Yes?").json()["data"]["id"]
    program.control("POST", "posts/delete", id=mention)
    asked = {"expansions": "referenced_tweets.id,author_id"}
    body = program.get(f"/2/tweets/{answer_id}", brand["token"], **asked)
    assert body["data"]["referenced_tweets"] == [{"type": "replied_to", "id": mention}]
    assert body["errors"][0]["parameter"] == "referenced_tweets.id"
    assert [person["id"] for person in body["includes"]["users"]] == [brand["id"]]


def test_people_are_included_once(program: Program) -> None:
    brand, customer = program.brand(), program.person()
    for number in range(3):
        program.post(customer, f"@{brand['username']} number {number}")
    asked = {"expansions": "author_id,in_reply_to_user_id,entities.mentions.username"}
    body = program.get(f"/2/users/{brand['id']}/mentions", brand["token"], **asked)
    people = [person["id"] for person in body["includes"]["users"]]
    assert people == [customer["id"], brand["id"]]


def test_the_mentions_timeline_holds_implicit_ones_too(program: Program) -> None:
    brand, customer, friend = program.brand(), program.person(), program.person()
    first = program.post(customer, f"@{brand['username']} hello?")
    second = program.post(friend, "same here", in_reply_to_post_id=first)
    program.post(customer, "nothing to do with it")
    body = program.get(f"/2/users/{brand['id']}/mentions", brand["token"])
    assert [post["id"] for post in body["data"]] == [second, first]
    assert body["meta"] == {"result_count": 2, "newest_id": second, "oldest_id": first}
    since = program.get(f"/2/users/{brand['id']}/mentions", brand["token"], since_id=first)
    assert [post["id"] for post in since["data"]] == [second]
    none = program.get(f"/2/users/{brand['id']}/mentions", brand["token"], since_id=second)
    assert none == {"meta": {"result_count": 0}}


def test_a_long_post_shows_its_beginning_and_has_the_rest_in_its_note(program: Program) -> None:
    brand, friend = program.brand(long_posts=True), program.person()
    words = "word " * 70 + f"and @{friend['username']} see https://example.com/hours"
    said = publish(program, brand, words).json()["data"]
    assert len(said["text"]) <= 280
    assert said["text"].endswith("word…")
    path = f"/2/tweets/{said['id']}"
    assert "note_tweet" not in program.get(path, brand["token"])["data"]
    asked = {"tweet.fields": "note_tweet,entities,display_text_range"}
    told = program.get(path, brand["token"], **asked)["data"]
    assert "entities" not in told
    assert told["display_text_range"] == [0, len(said["text"])]
    (link,) = told["note_tweet"]["entities"]["urls"]
    assert told["note_tweet"]["text"] == words.replace("https://example.com/hours", link["url"])
    newer = program.get(path, brand["token"], **{"post.fields": "note_post"})["data"]
    assert newer["note_post"] == told["note_tweet"]
    mentions = program.get(f"/2/users/{friend['id']}/mentions", brand["token"])["data"]
    assert [post["id"] for post in mentions] == [said["id"]]
    assert publish(program, program.brand(), words).status_code == 400
    assert publish(program, brand, "x" * 25_001).status_code == 400


def test_a_long_post_is_not_cut_within_an_escape(program: Program) -> None:
    writer = program.person(long_posts=True)
    post_id = program.post(writer, "x" * 276 + "&" + "y" * 50)
    token = program.token(writer)
    assert program.get(f"/2/tweets/{post_id}", token)["data"]["text"] == "x" * 276 + "…"


def test_protected_posts_are_for_followers_alone(program: Program) -> None:
    brand, customer, friend = program.brand(), program.person(protected=True), program.person()
    post_id = program.post(customer, f"@{brand['username']} between us, narwhal")
    follow = {"source_id": friend["id"], "target_id": customer["id"], "kind": "following"}
    program.control("POST", "relations", **follow, on=True)
    answer = program.post(friend, f"@{brand['username']} and me", in_reply_to_post_id=post_id)
    ids = f"{post_id},{answer}"
    seen = program.get("/2/tweets", program.token(friend), ids=ids)
    assert [post["id"] for post in seen["data"]] == [post_id, answer]
    asked = {"ids": ids, "expansions": "referenced_tweets.id"}
    for token in (brand["token"], program.bearer()):
        told = program.get("/2/tweets", token, **asked)
        assert [post["id"] for post in told["data"]] == [answer]
        assert [error["parameter"] for error in told["errors"]] == ["ids", "referenced_tweets.id"]
        assert {error["title"] for error in told["errors"]} == {"Authorization Error"}
        assert "data" not in program.get("/2/tweets/search/recent", token, query="narwhal")
        timeline = program.get(f"/2/users/{customer['id']}/tweets", token)
        assert timeline["errors"][0]["resource_type"] == "user"
    mentions = program.get(f"/2/users/{brand['id']}/mentions", brand["token"])["data"]
    assert [post["id"] for post in mentions] == [answer]
    assert program.get(f"/2/users/{customer['id']}/tweets", program.token(customer))["data"]


def test_the_same_words_with_a_link_are_the_same_words(program: Program) -> None:
    brand = program.brand()
    assert publish(program, brand, "See https://example.com/a").status_code == 201
    assert publish(program, brand, "See https://example.com/b").status_code == 201
    assert publish(program, brand, "See https://example.com/a").status_code == 403


def test_only_the_latest_mentions_are_listed_unless_loaded(program: Program) -> None:
    brand, customer = program.brand(), program.person()
    name = {"start": 0, "end": 1 + len(brand["username"]), "username": brand["username"]}
    told = {"author_id": customer["id"], "text": f"@{brand['username']} again"}
    told["entities"] = {"mentions": [{**name, "id": brand["id"]}]}
    first = 900000000000001000
    loaded = [{**told, "id": str(first + n)} for n in range(803)]
    program.control("POST", "load", posts=loaded)
    path, oldest = f"/2/users/{brand['id']}/mentions", {"until_id": str(first + 5)}
    assert len(program.get(path, brand["token"], **oldest)["data"]) == 5
    program.pretend("UPDATE posts SET source = 'app' WHERE author_id = ?", (int(customer["id"]),))
    listed = program.get(path, brand["token"], **oldest)["data"]
    assert [int(post["id"]) - first for post in listed] == [4, 3]


def test_the_own_timeline_pages_and_can_leave_replies_out(program: Program) -> None:
    brand = program.brand()
    ids = [publish(program, brand, f"post {n}").json()["data"]["id"] for n in range(7)]
    answer_id = reply(program, brand, ids[0], "and another thing").json()["data"]["id"]
    path = f"/2/users/{brand['id']}/tweets"
    first = program.get(path, brand["token"], max_results=5)
    assert [post["id"] for post in first["data"]] == [answer_id, *ids[:2:-1]]
    token = first["meta"]["next_token"]
    rest = program.get(path, brand["token"], max_results=5, pagination_token=token)
    assert [post["id"] for post in rest["data"]] == ids[2::-1]
    before = program.get(path, brand["token"], until_id=ids[2], exclude="replies")
    assert [post["id"] for post in before["data"]] == ids[1::-1]
    assert program.call("GET", f"{path}?max_results=4", brand["token"]).status_code == 400


def test_search_finds_a_conversation_and_words(program: Program) -> None:
    brand, customer, other = program.brand(), program.person(), program.person()
    root = program.post(customer, f"@{brand['username']} my Zebra lamp broke")
    answer_id = program.post(other, "mine too", in_reply_to_post_id=root)
    program.post(customer, "unrelated")

    def found(query: str, **more: Any) -> list[str]:
        body = program.get("/2/tweets/search/recent", program.bearer(), query=query, **more)
        return [post["id"] for post in body.get("data", [])]

    assert found(f"conversation_id:{root}") == [answer_id, root]
    assert found(f"conversation_id:{root}", since_id=root) == [answer_id]
    assert found(f"conversation_id:{root} -from:{customer['username']}") == [answer_id]
    assert found(f"zebra @{brand['username']}") == [root]
    assert found(f"to:{customer['username']}") == [answer_id]
    assert found(f'"zebra lamp" from:{other["username"]}') == []
    for query in ("", "colour:red", "x" * 513):
        answer = program.call(
            "GET", "/2/tweets/search/recent", program.bearer(), params={"query": query}
        )
        assert answer.status_code == 400


@pytest.mark.parametrize(
    "moment", ["0001-01-01T00:00:00+14:00", "2010-01-01T00:00:00Z", "9999-12-31T23:59:59Z"]
)
def test_a_time_that_no_id_has_is_no_accident(program: Program, moment: str) -> None:
    path, token = f"/2/users/{program.person()['id']}/mentions", program.bearer()
    for bound in ("start_time", "end_time"):
        answer = program.call("GET", path, token, params={bound: moment})
        assert answer.status_code in (200, 400)


def test_search_looks_back_seven_days_unless_loaded(program: Program) -> None:
    customer = program.person()
    old = program.post(customer, "quokka", created_at="2024-01-01T00:00:00Z")
    spec = {"author_id": customer["id"], "text": "quokka too", "id": "900000000000000002"}
    program.control("POST", "load", posts=[{**spec, "created_at": "2017-11-01T00:00:00Z"}])
    body = program.get("/2/tweets/search/recent", program.bearer(), query="quokka")
    assert [post["id"] for post in body["data"]] == ["900000000000000002"]
    assert program.get(f"/2/tweets/{old}", program.bearer())["data"]["text"] == "quokka"
