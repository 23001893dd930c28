"""How long X counts a post: by X's own cases and by real texts, here and in the simulator."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from inbox.text import weight_rules
from inbox.text.links import find_links
from inbox.text.weight import POST_LIMIT, reply_weight, weighted_length
from x_simulator import links as simulated_links
from x_simulator import text as simulated
from x_simulator import weight_rules as simulated_rules

ROOT = Path(__file__).parents[2]
# The sections that today's rules (config v3) answer to. `tweets` and WeightedTweetsCounterTest's
# two cases about emoji are of the rules before.
COUNTED = (
    "WeightedTweetsCounterTest",
    "WeightedTweetsWithDiscountedEmojiCounterTest",
    "UnicodeDirectionalMarkerCounterTest",
)
BEFORE_EMOJI_WERE_DISCOUNTED = {
    "Count a mix of single byte single word, and double word unicode characters",
    "Count unicode emoji chars outside the basic multilingual plane with skin tone modifiers",
}
PARTS = (
    *("http://", "https://t.co/Ab1", "example", ".com", ".co.uk", ".рф", "www.x.com/a?b", "/(a)"),
    *(
        "@",
        "#",
        "-",
        "_",
        "/",
        ".",
        "。",
        " ",
        "\n",
        "é",
        "e\u0301",
        "字",
        "日本語",
        "ไทย",
        "\u200d",
    ),
    *("😀", "👍🏽", "👨‍👩‍👧", "❤️", "1️⃣", "🇩🇪", "\ufe0f", "\ufeff", "a", "Z9", "@carla "),
)


def shared(path: str) -> str:
    return Path(os.environ["SHARED_DATA"], "text", path).read_text()


def counted_cases() -> list[dict[str, Any]]:
    sections = yaml.safe_load(shared("conformance/validate.yml"))["tests"]
    return [
        case
        for section in COUNTED
        for case in sections[section]
        if section != COUNTED[0] or case["description"] not in BEFORE_EMOJI_WERE_DISCOUNTED
    ]


def real_texts() -> list[dict[str, Any]]:
    return [json.loads(line) for line in shared("weighted_lengths.jsonl").splitlines()]


@pytest.mark.shared_data
def test_every_case_of_the_conformance_suite_weighs_what_it_says():
    cases = counted_cases()
    wrong = [
        case["description"]
        for case in cases
        if weighted_length(case["text"]) != case["expected"]["weightedLength"]
    ]
    assert (len(cases), wrong) == (42, [])


@pytest.mark.shared_data
def test_every_case_of_the_conformance_suite_fills_the_limit_as_it_says():
    for case in counted_cases():
        share = weighted_length(case["text"]) * 1000 // POST_LIMIT
        assert share == case["expected"]["permillage"], case["description"]


@pytest.mark.shared_data
def test_every_real_text_weighs_what_the_reference_says():
    cases = real_texts()
    wrong = [
        case["id"] for case in cases if weighted_length(case["text"]) != case["weightedLength"]
    ]
    assert (len(cases), wrong) == (2034, [])


@pytest.mark.shared_data
def test_a_text_is_within_the_limit_exactly_when_the_reference_calls_it_valid():
    for case in real_texts():
        assert (0 < weighted_length(case["text"]) <= POST_LIMIT) == case["valid"], case["id"]


@pytest.mark.shared_data
@pytest.mark.parametrize("section", ["urls", "tco_urls_with_params"])
def test_links_are_found_where_the_conformance_suite_has_them(section):
    for case in yaml.safe_load(shared("conformance/extract.yml"))["tests"][section]:
        found = [case["text"][start:end] for start, end in find_links(case["text"])]
        assert found == case["expected"], case["description"]


@pytest.mark.shared_data
@pytest.mark.parametrize("section", ["urls_with_indices", "urls_with_directional_markers"])
def test_links_stand_where_the_conformance_suite_has_them(section):
    for case in yaml.safe_load(shared("conformance/extract.yml"))["tests"][section]:
        expected = [tuple(link["indices"]) for link in case["expected"]]
        assert list(find_links(case["text"])) == expected, case["description"]


@pytest.mark.shared_data
def test_every_top_level_domain_of_the_conformance_suite_makes_a_link():
    kinds = yaml.safe_load(shared("conformance/tlds.yml"))["tests"]
    for case in [*kinds["country"], *kinds["generic"]]:
        found = [case["text"][start:end] for start, end in find_links(case["text"])]
        assert found == case["expected"], case["description"]


@pytest.mark.parametrize(
    ("text", "weight"),
    [
        ("", 0),
        ("hello", 5),
        ("字字", 4),
        ("https://example.com/a/very/long/path/indeed", 23),
        ("see example.com/a/very/long/path.", 4 + 23 + 1),
        ("write to me@example.com", 23),
        ("no.such-domain and 3.5.", 23),
        ("👨‍👩‍👧", 2),
        ("⚡️", 2),
        ("👍🏽", 2),
        ("🇩🇪 1️⃣ ❤️", 8),
        ("é", 1),
        ("e\u0301", 1),
        ("“quoted” – it’s", 15),
    ],
)
def test_it_weighs_as_x_does(text, weight):
    assert weighted_length(text) == simulated.weighted_length(text) == weight


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("@carla @ben hello @ana", "hello @ana"),
        ("@carla\nhello", "hello"),
        ("＠carla\u3000字", "字"),
        ("@carla, hello", "@carla, hello"),
        ("hello @carla", "hello @carla"),
        ("@carla", "@carla"),
    ],
)
def test_leading_mentions_of_a_reply_weigh_nothing(text, rest):
    assert reply_weight(text) == weighted_length(rest)


@given(st.lists(st.sampled_from(PARTS) | st.text(max_size=3), max_size=12).map("".join))
def test_the_simulator_counts_the_same(text):
    assert simulated.weighted_length(text) == weighted_length(text)
    assert list(simulated_links.find_links(text)) == list(find_links(text))


@given(st.lists(st.sampled_from(PARTS), max_size=12).map("".join))
def test_a_text_never_weighs_more_than_twice_its_letters_beside_its_links(text):
    links = sum(1 for _ in find_links(text))
    assert weighted_length(text) <= 2 * len(text) + 23 * links


def test_a_text_beyond_all_limits_is_too_long_at_once():
    assert weighted_length("a." * 50_000 + "com") > POST_LIMIT


def test_the_rules_are_the_same_everywhere():
    """Three files of one generator: `make vendor` writes them all."""
    script = (ROOT / "static/js/lib/weight_rules.js").read_text()
    in_python = {name: value for name, value in vars(weight_rules).items() if name.isupper()}
    assert in_python == {n: v for n, v in vars(simulated_rules).items() if n.isupper()}
    assert re.findall(r"^export const (\w+)", script, re.MULTILINE) == list(in_python)


def test_the_rules_are_of_the_packages_that_the_lock_pins():
    lock = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    for package in ("twitter-text", "twemoji-parser"):
        origin = f"{package}@{lock[f'node_modules/{package}']['version']}"
        assert origin in (weight_rules.__doc__ or "")
        assert origin in (ROOT / "static/js/lib/weight_rules.js").read_text()


def test_the_simulator_finds_links_by_the_same_code():
    """It imports nothing of ours, so it has a copy; only where the rules come from differs."""
    ours, copy = (
        [
            line
            for line in (ROOT / path).read_text().splitlines()
            if line and not line.startswith("from ")
        ]
        for path in ("inbox/text/links.py", "x_simulator/links.py")
    )
    assert ours == copy
