"""Cases of posts, timelines and search."""

from __future__ import annotations

from tests.simulator.driving.cases import drives
from tests.simulator.driving.stage import NOBODY, Stage


@drives("POST /2/tweets")
def publish(stage: Stage) -> None:
    made = stage.made("/2/tweets", {"text": "We are open"})
    edit = {"text": "We are open again", "edit_options": {"previous_post_id": made["id"]}}
    assert len(stage.made("/2/tweets", edit)["edit_history_tweet_ids"]) == 2
    stage.refused(403, "POST", "/2/tweets", json=edit)
    stage.refused(403, "POST", "/2/tweets", json={"text": "We are open again"})
    stage.refused(400, "POST", "/2/tweets", json={"text": "界" * 141})
    for body in ({}, {"text": 5}, {"text": "a", "mood": "b"}, {"text": "a", "reply": {}}):
        stage.refused(400, "POST", "/2/tweets", json=body)
    stage.refused(400, "POST", "/2/tweets", json={"text": "a", "quote_tweet_id": "x"})
    stranger = stage.program.post(stage.customer, "Nothing to do with it")
    for parent in (stranger, NOBODY):
        said = {"text": "We see you", "reply": {"in_reply_to_tweet_id": parent}}
        stage.refused(403, "POST", "/2/tweets", json=said)


@drives("GET /2/tweets")
def posts(stage: Stage) -> None:
    known = (stage.long, stage.picture, stage.mention, stage.answer, stage.quote, stage.orphan)
    ids = ",".join([*known, NOBODY])
    for token in (stage.token, stage.bearer):
        for body in stage.read("/2/tweets", token, ids=ids):
            assert len(body["data"]) == len(known)
            assert body["errors"]
    stage.refused(400, "GET", "/2/tweets")


@drives("GET /2/tweets/{id}")
def post(stage: Stage) -> None:
    stage.read(f"/2/tweets/{stage.answer}")
    assert stage.call("GET", f"/2/tweets/{NOBODY}").json().keys() == {"errors"}
    stage.refused(400, "GET", "/2/tweets/x")


@drives("DELETE /2/tweets/{id}")
def delete_post(stage: Stage) -> None:
    post_id = stage.made("/2/tweets", {"text": "Not for long"})["id"]
    assert stage.call("DELETE", f"/2/tweets/{post_id}").json() == {"data": {"deleted": True}}
    stage.refused(403, "DELETE", f"/2/tweets/{stage.mention}")
    stage.refused(400, "DELETE", "/2/tweets/x")


@drives("PUT /2/tweets/{id}/hidden")
def hide(stage: Stage) -> None:
    own = stage.made("/2/tweets", {"text": "What do you think?"})["id"]
    below = stage.program.post(stage.customer, "Not much", in_reply_to_post_id=own)
    for hidden in (True, False):
        answer = stage.call("PUT", f"/2/tweets/{below}/hidden", json={"hidden": hidden})
        assert answer.json() == {"data": {"hidden": hidden}}
    stage.refused(403, "PUT", f"/2/tweets/{stage.mention}/hidden", json={"hidden": True})
    stage.refused(404, "PUT", f"/2/tweets/{NOBODY}/hidden", json={"hidden": True})
    stage.refused(400, "PUT", f"/2/tweets/{below}/hidden", json={})


@drives("GET /2/users/{id}/mentions", "GET /2/users/{id}/tweets")
def timelines(stage: Stage) -> None:
    for path in (f"/2/users/{stage.brand['id']}/mentions", f"/2/users/{stage.brand['id']}/tweets"):
        stage.read(path, max_results=100)
        stage.refused(400, "GET", f"{path}?max_results=4")
        stage.refused(400, "GET", f"{path}?since_id=x")
        stage.refused(400, "GET", f"{path}?until_id=x")
        stage.refused(400, "GET", f"{path}?start_time=yesterday")
        stage.refused(400, "GET", f"{path}?end_time=tomorrow")
    own = f"/2/users/{stage.brand['id']}/tweets"
    stage.call("GET", f"{own}?exclude=replies,retweets")
    stage.refused(400, "GET", f"{own}?exclude=everything")
    mentions = f"/2/users/{stage.brand['id']}/mentions"
    token = stage.call("GET", f"{mentions}?max_results=5").json()["meta"]["next_token"]
    second = stage.call("GET", f"{mentions}?max_results=5&pagination_token={token}").json()
    assert second["meta"]["previous_token"]
    assert stage.call("GET", f"/2/users/{NOBODY}/mentions").json().keys() == {"errors"}


@drives("GET /2/tweets/search/recent")
def search(stage: Stage) -> None:
    path = "/2/tweets/search/recent"
    for token in (stage.token, stage.bearer):
        stage.read(path, token, query=f"conversation_id:{stage.mention}")
    body = stage.call("GET", path, params={"query": f"@{stage.brand['username']}"}).json()
    token = body["meta"]["next_token"]
    stage.call("GET", path, params={"query": f"@{stage.brand['username']}", "next_token": token})
    stage.refused(400, "GET", path)
    stage.refused(400, "GET", path, params={"query": "colour:red"})
    stage.refused(400, "GET", path, params={"query": "a", "sort_order": "random"})
    stage.refused(400, "GET", path, params={"query": "a", "next_token": "nonsense"})
