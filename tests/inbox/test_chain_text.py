"""Cutting a long text into numbered posts: nothing is lost, nothing torn, everything fits."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inbox.text.chain import MOST_POSTS, TooLongToCut, parts_of
from inbox.text.links import find_links
from inbox.text.weight import EMOJI, POST_LIMIT, weighted_length

SENTENCE = "We looked into it, and the parcel left our house on Monday."
LINK = "https://example.com/where/is/my/parcel?number=12&lang=en"
PIECES = (
    *("word", "Monday.", "Really?", "(so!)", "x.com", LINK, "@carla", "#late", "a" * 90),
    *("字字字", "そうです。", "ไทย", "e\u0301", "한국", "\u1112\u1161\u11ab"),
    *(LINK.join(["see "] * 3), "a word and another, " * 6),
    *("👩‍👩‍👧", "👍🏽", "🇩🇪🇫🇷", "1️⃣", "❤️"),
)
texts = st.lists(
    st.tuples(st.sampled_from(PIECES), st.sampled_from([" ", "  ", "\n", "\n\n", ""])),
    min_size=1,
    max_size=60,
).map(lambda pieces: "".join(map("".join, pieces)).strip())
tails = st.sampled_from(["", "https://twitter.com/messages/compose?recipient_id=1&text=Ref%20a"])


# Of any speed: how long a text takes on a loaded machine is nothing that is tested here.
many = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def whole(parts):
    return "".join(part.joint + part.words for part in parts)


@many
@given(texts, tails)
def test_the_parts_are_the_text_and_each_fits(text, tail):
    try:
        parts = parts_of(text, tail=tail)
    except TooLongToCut:
        assert weighted_length(text) > POST_LIMIT * MOST_POSTS / 2
        return
    assert whole(parts) == text
    assert len(parts) <= MOST_POSTS
    for number, part in enumerate(parts, start=1):
        assert (part.number, part.of) == (number, len(parts))
        assert part.words == part.words.strip() != ""
        assert part.joint == "" or part.joint.isspace()
        assert len(parts) == 1 or weighted_length(part.text) <= POST_LIMIT
    assert [part.tail for part in parts] == [""] * (len(parts) - 1) + [tail]


@many
@given(texts)
def test_no_link_emoji_or_letter_is_torn(text):
    try:
        parts = parts_of(text)
    except TooLongToCut:
        return
    ends, place = [], 0
    for part in parts:
        place += len(part.joint)
        ends += [place, place + len(part.words)]
        place = ends[-1]
    kept_whole = [*find_links(text), *(found.span() for found in EMOJI.finditer(text))]
    assert not [end for end in ends for start, stop in kept_whole if start < end < stop]
    assert not any(unicodedata.combining(part.words[0]) for part in parts)
    assert not any(part.words[0] in "\u200d\ufe0f\u1161\u11ab" for part in parts)


def test_what_fits_is_one_post_without_a_number():
    (only,) = parts_of("@carla " + "a" * POST_LIMIT)
    assert only.text == "@carla " + "a" * POST_LIMIT


def test_it_is_cut_behind_a_sentence():
    parts = parts_of(" ".join([SENTENCE] * 6))
    assert [part.text for part in parts] == [
        " ".join([SENTENCE] * 4) + " 1/2",
        " ".join([SENTENCE] * 2) + " 2/2",
    ]


def test_a_number_with_a_stop_begins_what_it_counts():
    parts = parts_of(" ".join(f"{number}. {SENTENCE}" for number in range(1, 13)))
    assert len(parts) == 3
    assert all(part.words[0].isdigit() and part.words.endswith("Monday.") for part in parts)


def test_a_line_that_ends_is_a_better_place_than_a_sentence():
    parts = parts_of(f"{SENTENCE} {SENTENCE} {SENTENCE}\n\n{SENTENCE} {SENTENCE}")
    assert [part.words.count("Monday") for part in parts] == [3, 2]
    assert parts[1].joint == "\n\n"


def test_without_sentences_it_is_cut_behind_a_word():
    parts = parts_of("word " * 80 + "end")
    assert all(part.words.endswith(("word", "end")) for part in parts)


def test_without_spaces_it_is_cut_between_letters():
    assert [len(part.words) for part in parts_of("字" * 300)] == [137, 137, 26]
    families = parts_of("👩‍👩‍👧" * 200)
    assert {part.words.replace("👩‍👩‍👧", "") for part in families} == {""}


def test_a_link_at_the_edge_goes_over_whole():
    parts = parts_of("word " * 51 + LINK + " word" * 20)
    assert parts[1].words.startswith(LINK)


def test_a_tail_that_fits_no_more_gets_company():
    text = " ".join([SENTENCE] * 4) + " and so on and so on"
    assert len(parts_of(text)) == 1
    parts = parts_of(text, tail=LINK)
    assert [part.text.endswith(LINK) for part in parts] == [False, True]
    assert parts[1].words


@pytest.mark.parametrize(
    "text", ["word " * 1000, "a" + "\u0301" * 3000, "x" * 20_000], ids=["many", "one", "huge"]
)
def test_what_no_chain_can_hold_is_refused(text):
    with pytest.raises(TooLongToCut):
        parts_of(text.strip())
