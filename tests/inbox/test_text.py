"""Texts as X gives them, shown as people read them: `inbox.text`."""

from __future__ import annotations

import pytest

from inbox.text.asked import Term
from inbox.text.excerpt import excerpt
from inbox.text.names import safe_name
from inbox.text.render import render
from inbox.text.sameness import same_utterance
from twitter_sync.payloads.posts import read_post


def shown(text: str, **entities: list[dict[str, object]]) -> list[tuple[str, str, str]]:
    return [(part.kind, part.text, part.href) for part in render(text, entities)]


def test_it_cuts_by_code_points_of_the_escaped_text_and_unescapes_after():
    text = "👍 A &amp; B https://t.co/x end"
    url = {
        "start": 12,
        "end": 26,
        "url": "https://t.co/x",
        "expanded_url": "https://a.example/?b=1",
    }
    url["display_url"] = "a.example/?b=1"
    assert shown(text, urls=[url]) == [
        ("text", "👍 A & B ", ""),
        ("link", "a.example/?b=1", "https://a.example/?b=1"),
        ("text", " end", ""),
    ]


def test_it_unescapes_once():
    assert shown("&amp;lt;script&amp;gt;") == [("text", "&lt;script&gt;", "")]


@pytest.mark.parametrize(("start", "end"), [(-1, 3), (3, 3), (2, 99), (5, 1)])
def test_an_entity_that_points_nowhere_is_text(start, end):
    mention = {"start": start, "end": end, "username": "acme"}
    assert shown("@acme", mentions=[mention]) == [("text", "@acme", "")]


def test_a_link_that_stands_elsewhere_is_found_there_and_costs_no_letters():
    text = "A &amp; B https://t.co/x end"
    url = {"start": 0, "end": 14, "url": "https://t.co/x", "expanded_url": "https://a.example/"}
    assert shown(text, urls=[url | {"display_url": "a.example"}]) == [
        ("text", "A & B ", ""),
        ("link", "a.example", "https://a.example/"),
        ("text", " end", ""),
    ]
    assert shown(text, urls=[url | {"url": "https://t.co/other"}]) == [
        ("text", "A & B https://t.co/x end", "")
    ]


@pytest.mark.parametrize(
    "entities",
    [
        {"mentions": [{"start": 0, "end": 5, "username": "acme"}]},
        {"hashtags": [{"start": 3, "end": 9, "tag": "help"}]},
    ],
)
def test_a_name_or_tag_that_is_not_what_stands_there_is_text(entities):
    assert shown("Hi @acme #help", **entities) == [("text", "Hi @acme #help", "")]


@pytest.mark.parametrize(
    "address", ["https://a.example/?b=1&c=2", "https://a.example/?b=1&amp;c=2"]
)
def test_an_address_with_an_escaped_letter_is_a_link(address):
    text = "😀 https://a.example/?b=1&amp;c=2 &lt;3"
    url = {"start": 2, "end": 32, "url": address, "expanded_url": "https://a.example/?b=1&c=2"}
    assert shown(text, urls=[url | {"display_url": "a.example/?b=1&c=2"}]) == [
        ("text", "😀 ", ""),
        ("link", "a.example/?b=1&c=2", "https://a.example/?b=1&c=2"),
        ("text", " <3", ""),
    ]


def test_a_wide_sign_before_a_name_is_one():
    mention = {"start": 0, "end": 5, "username": "Acme"}
    assert shown("＠acme", mentions=[mention]) == [("mention", "＠acme", "https://x.com/Acme")]


def test_overlapping_entities_lose_nothing():
    mentions = [{"start": 0, "end": 5, "username": "acme"}, {"start": 3, "end": 8, "username": "x"}]
    assert "".join(text for _, text, _ in shown("@acme hi", mentions=mentions)) == "@acme hi"


def test_an_echo_is_recognised_behind_mentions_escapes_and_short_links():
    link = {"start": 14, "end": 28, "url": "https://t.co/x", "expanded_url": "https://a.example/"}
    assert same_utterance(
        "A &amp; B https://a.example/",
        {},
        "@carla A &amp; B https://t.co/x",
        {"urls": [link | {"start": 17, "end": 31}]},
    )
    assert not same_utterance("ok", {}, "okay", {})


def test_names_lose_what_could_disguise_them():
    assert safe_name("Ana\u202egnp.exe\x00\n Lee") == "Anagnp.exe Lee"
    assert safe_name("👩‍💻 Dev") == "👩‍💻 Dev"


def test_a_long_post_is_shown_whole_with_its_own_entities():
    words = "🥁 " + "long " * 70 + "&amp; @acme #hilfe"
    place = words.index("@acme")
    told = {
        "id": "1992000000000000200",
        "author_id": "7",
        "created_at": "2026-11-21T10:20:00.000Z",
        "text": words[:276] + "… https://t.co/more",
        "entities": {"urls": [{"start": 278, "end": 297, "url": "https://t.co/more"}]},
        "note_tweet": {
            "text": words,
            "entities": {
                "mentions": [{"start": place, "end": place + 5, "username": "acme", "id": "1"}],
                "hashtags": [{"start": place + 6, "end": place + 12, "tag": "hilfe"}],
            },
        },
    }
    post = read_post(told, {})
    assert shown(post.text, **post.entities) == [
        ("text", "🥁 " + "long " * 70 + "& ", ""),
        ("mention", "@acme", "https://x.com/acme"),
        ("text", " ", ""),
        ("hashtag", "#hilfe", ""),
    ]


def test_an_address_keeps_what_only_looks_escaped():
    assert shown("https://a.example/?a=1&copy=2") == [("text", "https://a.example/?a=1&copy=2", "")]


def test_right_to_left_text_is_cut_by_code_points_too():
    text = "مرحبا 😀 @acme &lt;3 שלום https://t.co/x"
    start = text.index("https")
    link = {"url": "https://t.co/x", "expanded_url": "https://a.example/שלום"}
    link |= {"display_url": "a.example/שלום"}
    assert shown(
        text,
        mentions=[{"start": 8, "end": 13, "username": "acme"}],
        urls=[link | {"start": start, "end": start + 14}],
    ) == [
        ("text", "مرحبا 😀 ", ""),
        ("mention", "@acme", "https://x.com/acme"),
        ("text", " <3 שלום ", ""),
        ("link", "a.example/שלום", "https://a.example/שלום"),
    ]


@pytest.mark.parametrize(
    "before", ["so it goes on and on " * 5, "word " * 13, "a" * 300 + " ", "é" * 90 + " "]
)
def test_an_excerpt_begins_so_near_that_the_match_is_seen(before):
    pieces = excerpt(f"{before}voucher and more", [Term("voucher")])
    [match] = [number for number, piece in enumerate(pieces) if piece.is_match]
    assert pieces[match].text == "voucher"
    assert len("".join(piece.text for piece in pieces[:match])) <= 40


def test_an_excerpt_begins_at_the_beginning_where_the_match_is_seen_there():
    assert excerpt("Where is my voucher?", [Term("voucher")])[0].text == "Where is my "
