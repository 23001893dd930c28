"""Deliveries beside X's own documented samples: the same keys, level by level."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.simulator.program import Json, Program
from tests.simulator.receiver import Receiver

pytestmark = pytest.mark.shared_data

# A person may have these or not; so may a post.
OPTIONAL = {
    "affiliation",
    "entities",
    "location",
    "pinned_tweet_id",
    "most_recent_tweet_id",
    "profile_geo_enrichment",
    "in_reply_to_user_id",
}


def sample(name: str) -> Json:
    path = Path(os.environ["SHARED_DATA"], "webhooks/x_activity", f"{name}.json")
    body: Json = json.loads(path.read_text())
    return body


def differences(ours: Any, theirs: Any, at: str = "") -> list[str]:
    """Keys that one has and the other has not; types that differ."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        if at.endswith("payload.users"):  # by user id
            ours, theirs = ({"any": next(iter(one.values()))} for one in (ours, theirs))
        found = [f"{at}.{key}" for key in sorted((ours.keys() ^ theirs.keys()) - OPTIONAL)]
        for key in sorted((ours.keys() & theirs.keys()) - OPTIONAL):
            found += differences(ours[key], theirs[key], f"{at}.{key}")
        return found
    if isinstance(ours, list) and isinstance(theirs, list):
        return differences(ours[0], theirs[0], f"{at}[]") if ours and theirs else []
    return [] if type(ours) is type(theirs) else [f"{at}: {type(ours).__name__}"]


SAMPLES = {
    "dm.received": "dm.received",
    "dm.sent": "dm.sent",
    "post.create": "post.create_2",
    "post.delete": "post.delete",
    "post.mention.create": "post.mention.create",
    "post.reply.create": "post.reply.create",
    "post.quote.create": "post.quote.create",
    "post.repost.create": "post.repost.create",
    "chat.received": "chat.received",
    "chat.sent": "chat.sent",
    "oauth.revoke": "oauth.revoke",
}


def test_deliveries_have_the_documented_keys(
    program: Program, receiver: Receiver, webhook: str
) -> None:
    brand, customer = program.brand(), program.person()
    for kind in SAMPLES.keys() - {"oauth.revoke"}:
        program.subscribe(brand, kind, webhook, tag="t")
    program.dm(customer, brand)
    program.dm(brand, customer)
    program.chat(customer, brand)
    program.chat(brand, customer)
    own = program.post(brand, "Hello from the Activity API")
    program.post(customer, f"hey @{brand['username']}")
    program.post(customer, "Great post", in_reply_to_post_id=own)
    program.post(customer, "Look at this", quoted_post_id=own)
    program.control("POST", "posts/repost", post_id=own, author_id=customer["id"])
    program.control("POST", "posts/delete", id=own)
    program.control("POST", "revoke", user_id=brand["id"])
    delivered = {body["data"]["event_type"]: body for body in receiver.wait_for(len(SAMPLES))}
    assert delivered.keys() == SAMPLES.keys()
    wrong = {kind: differences(delivered[kind], sample(name)) for kind, name in SAMPLES.items()}
    assert not any(wrong.values()), wrong


def test_rest_answers_have_the_recorded_keys(program: Program) -> None:
    """Recorded from the real API: a send, a list, an empty list, oneself."""
    path = Path(os.environ["SHARED_DATA"], "api_v2/tweepy_responses.jsonl")
    recorded = {}
    for line in path.read_text().splitlines():
        call = json.loads(line)
        if "/dm_conversations/with/" in call["uri"] or call["uri"].endswith("/users/me"):
            recorded[call["method"], call["uri"].rpartition("/")[2]] = call["body"]
    brand, customer = program.brand(), program.person()
    with_customer = f"/2/dm_conversations/with/{customer['id']}"
    text = {"text": "Testing 1"}
    sent = program.call("POST", f"{with_customer}/messages", brand["token"], json=text)
    page = program.get(f"{with_customer}/dm_events", brand["token"])
    # X gives page tokens even when there is no other page.
    assert set(differences(page, recorded["GET", "dm_events"])) <= {
        ".meta.next_token",
        ".meta.previous_token",
    }
    assert differences(sent.json(), recorded["POST", "messages"]) == []
    me = program.get("/2/users/me", brand["token"])
    assert differences(me, recorded["GET", "me"]) == []
