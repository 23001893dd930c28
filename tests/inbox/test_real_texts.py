"""Three thousand real posts in many languages, read by us and shown as people see them on X."""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from inbox.text.render import as_read, render
from twitter_sync.payloads.posts import read_post
from twitter_sync.payloads.records import Post

pytestmark = pytest.mark.shared_data

ESCAPES = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))
SHOWN_AS = {"urls": "link", "mentions": "mention", "hashtags": "hashtag"}


@cache
def real_posts() -> list[tuple[dict[str, Any], Post]]:
    path = Path(os.environ["SHARED_DATA"], "api_v2/real_v2_posts.jsonl")
    told = [json.loads(line) for line in path.read_text().splitlines()]
    return [(one, read_post(one, {})) for one in told]


def named(told: dict[str, Any], kind: str) -> dict[tuple[int, int], dict[str, Any]]:
    """By place: a post with four pictures names the one link to them four times."""
    entities = told.get("entities", {}).get(kind, [])
    return {(entity["start"], entity["end"]): entity for entity in entities}


def unescaped(text: str) -> str:
    for escape, letter in ESCAPES:
        text = text.replace(escape, letter)
    return text


def as_x_shows(told: dict[str, Any]) -> str:
    """The whole text unescaped, each t.co address in it exchanged for what it is displayed as."""
    text = told["text"]
    for link in named(told, "urls").values():
        assert link["url"] in text
        text = text.replace(link["url"], link["display_url"])
    return unescaped(text)


def test_there_are_posts_of_many_languages():
    posts = real_posts()
    assert (len(posts), len({told["lang"] for told, _ in posts})) == (3350, 25)


def test_every_post_reads_as_on_x():
    for told, post in real_posts():
        assert as_read(post.text, post.entities) == as_x_shows(told), told["id"]


def test_everything_that_x_names_stands_at_its_place():
    for told, post in real_posts():
        segments = render(post.text, post.entities)
        for kind, shown_as in SHOWN_AS.items():
            found = [part.text for part in segments if part.kind == shown_as]
            assert found == words_of(told, kind), told["id"]


def words_of(told: dict[str, Any], kind: str) -> list[str]:
    if kind == "urls":
        links = named(told, "urls")
        return [links[place]["display_url"] for place in sorted(links)]
    return [unescaped(told["text"][start:end]) for start, end in sorted(named(told, kind))]


def test_a_name_and_a_tag_are_the_ones_that_x_tells():
    for told, post in real_posts():
        segments = render(post.text, post.entities)
        mentions = named(told, "mentions")
        names = [mentions[place]["username"] for place in sorted(mentions)]
        shown = [part.text[1:] for part in segments if part.kind == "mention"]
        assert [name.lower() for name in shown] == [name.lower() for name in names], told["id"]
        hashtags = named(told, "hashtags")
        tags = [hashtags[place]["tag"] for place in sorted(hashtags)]
        assert [part.text[1:] for part in segments if part.kind == "hashtag"] == tags, told["id"]


def test_every_link_leads_where_x_says():
    for told, post in real_posts():
        links = named(told, "urls")
        leads = [
            link.get("unwound_url") or link["expanded_url"]
            for link in (links[place] for place in sorted(links))
        ]
        parts = render(post.text, post.entities)
        assert [part.href for part in parts if part.kind == "link"] == leads, told["id"]


def test_letters_of_every_direction_keep_their_order():
    """Nothing is added, dropped or turned outside the links."""
    for told, post in real_posts():
        bare = "".join(part.text for part in render(post.text, {}))
        assert bare == unescaped(told["text"]), told["id"]
