"""Bodies that X did send, read whole."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path

import pytest

from tests.twitter_sync.shapes import read
from twitter_sync.payloads import (
    Delivery,
    DirectMessage,
    EncryptedMessage,
    Post,
    PostDeletion,
    Revocation,
    Signal,
    parse,
)

FILES = sorted(Path(os.environ.get("SHARED_DATA", "/nowhere")).glob("webhooks/*_activity/*.json"))
# What X's own samples leave out, or what is broken in a sample on purpose.
INCOMPLETE = {"courier_invalidTwitterID", "post.create"}


@pytest.mark.shared_data
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_it_reads_real_deliveries(file):
    delivery = parse(file.read_bytes())
    assert bool(delivery.unreadable) == (file.stem in INCOMPLETE)
    assert delivery.events or delivery.unreadable


@pytest.mark.shared_data
def test_it_reads_real_messages_with_their_ornaments():
    """Of every kind at least one, with its entities, media and people."""
    events = [event for file in FILES for event in parse(file.read_bytes()).events]
    kinds = Counter(type(event) for event in events)
    assert kinds[DirectMessage] >= 11
    assert kinds[Post] >= 13
    assert {PostDeletion, Revocation, EncryptedMessage, Signal} <= kinds.keys()
    said = [event for event in events if isinstance(event, DirectMessage | Post)]
    assert all(event.text for event in said)
    assert any(event.entities.get("urls") for event in said)
    assert any(event.media for event in said)


@pytest.mark.shared_data
def test_it_reads_real_pages():
    """Pages with our fields are read whole; those with X's default fields miss the author."""
    shared = Path(os.environ["SHARED_DATA"], "api_v2")
    posts = [json.loads(line) for line in (shared / "real_v2_posts.jsonl").open()]
    delivery = read({"data": posts, "meta": {}})
    assert (len(delivery.events), delivery.unreadable) == (len(posts), ())
    for line in (shared / "tweepy_responses.jsonl").open():
        body = json.loads(line)["body"]
        if isinstance(body, dict):
            assert isinstance(read(body), Delivery)
    for line in (shared / "x_docs_samples.jsonl").open():
        body = json.loads(line)["json"]
        if isinstance(body, dict):
            assert isinstance(read(body), Delivery)


@pytest.mark.shared_data
def test_entities_of_real_posts_point_at_what_they_name():
    """Offsets count code points of the escaped text, in 28 languages."""
    shared = Path(os.environ["SHARED_DATA"], "api_v2")
    checked = 0
    for line in (shared / "real_v2_posts.jsonl").open():
        [post] = read({"data": json.loads(line)}).events
        for mention in post.entities.get("mentions", []):
            shown = post.text[mention["start"] : mention["end"]]
            checked += shown[1:].casefold() == mention["username"].casefold()
    assert checked > 1000
