"""What happens to a text on its way to the wire."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from x_simulator.text import prepare, unescape, weighted_length


def find(username: str) -> tuple[str, int] | None:
    return ("acme", 42) if username.lower() == "acme" else None


def test_offsets_count_code_points_of_the_escaped_text() -> None:
    prepared = prepare("🥁 <b> & @Acme #Hilfe für $TSLA, see www.example.com/a?b=1&c=2.", find)
    assert prepared.text.startswith("🥁 &lt;b&gt; &amp; @Acme #Hilfe für $TSLA, see https://t.co/")
    cut = {
        kind: [prepared.text[item["start"] : item["end"]] for item in items]
        for kind, items in prepared.entities.items()
    }
    link = prepared.entities["urls"][0]
    assert cut == {
        "mentions": ["@Acme"],
        "hashtags": ["#Hilfe"],
        "cashtags": ["$TSLA"],
        "urls": [link["url"]],
    }
    assert (len(link["url"]), prepared.text[-1]) == (23, ".")
    assert link["expanded_url"] == "http://www.example.com/a?b=1&c=2"
    assert link["display_url"] == "example.com/a?b=1&c=2"
    assert prepared.entities["mentions"][0]["id"] == "42"


def test_nothing_inside_a_link_is_an_entity() -> None:
    prepared = prepare("see https://example.com/@acme/#help?x=$TSLA", find)
    assert prepared.entities.keys() == {"urls"}


def test_what_only_looks_like_an_entity_is_none() -> None:
    assert prepare("me@acme.com, #1, $5, iOS 11.1, end.Thanks, @nobody", find).entities == {}


@pytest.mark.parametrize(
    ("typed", "weight"),
    [
        ("abc", 3),
        ("界", 2),
        ("👨‍👩‍👧‍👦", 2),
        ("🇩🇪 1️⃣ ❤️", 8),
        ("https://example.com/a/very/long/path/indeed", 23),
        ("cafe\u0301", 4),
    ],
)
def test_it_weighs_as_x_does(typed: str, weight: int) -> None:
    assert weighted_length(typed) == weight


@pytest.mark.shared_data
def test_real_texts_weigh_what_the_reference_says() -> None:
    path = Path(os.environ["SHARED_DATA"], "text/weighted_lengths.jsonl")
    cases = [json.loads(line) for line in path.read_text().splitlines()]
    wrong = [
        case["id"] for case in cases if weighted_length(case["text"]) != case["weightedLength"]
    ]
    assert (len(cases), wrong) == (2034, [])


def test_unescape_undoes_escape() -> None:
    assert unescape(prepare("a &amp; <b>", find).text) == "a &amp; <b>"


@pytest.mark.parametrize("words", [".@acme why", "w/@acme", "(@acme)", "look: @acme!"])
def test_a_name_is_one_after_most_signs(words: str) -> None:
    """A dot before the name is how people write to everyone who reads along."""
    prepared = prepare(words, find)
    assert [mention["username"] for mention in prepared.entities["mentions"]] == ["acme"]


@pytest.mark.parametrize("words", ["me@acme.com", "see https://x.com/@acme", "@acme@b", "@@acme"])
def test_an_address_is_no_name(words: str) -> None:
    prepared = prepare(words, find)
    assert "mentions" not in prepared.entities
