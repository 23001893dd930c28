"""Links are found where X's pattern has them, without trying it at every letter."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox.text import links
from inbox.text.links import find_links, link_pattern, matches

LENGTH = 10_000
PARTS = (
    *("https://", "HTTP://", "t.co/a", "a.com", "co.uk", "net", "рф", "xn--p1ai", "b_", "-a.", "_"),
    *("a.", "字", "字.", ".", "-", "/", "(", ")", "?", "=", "@", "#", "$", " ", "\u3000", "\u3002"),
    *("a." * 124, "a." * 126, "字" * 70, "😀"),
)  # fmt: skip


@given(st.lists(st.sampled_from(PARTS), max_size=14).map("".join))
def test_they_are_those_that_the_pattern_finds_from_left_to_right(text):
    found = [match.span() for match in link_pattern().finditer(text)]
    assert [match.span() for match in matches(text)] == found


class Tried:
    """The pattern, and how often it was tried."""

    def __init__(self) -> None:
        self.pattern, self.times = link_pattern(), 0

    def match(self, text: str, at: int):
        self.times += 1
        return self.pattern.match(text, at)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("1." * (LENGTH // 2), id="numbers"),
        pytest.param("字" * (LENGTH - 1) + ".", id="no spaces"),
        pytest.param("字." * (LENGTH // 2), id="many names"),
        pytest.param("." + "a-" * (LENGTH // 2), id="hyphens"),
    ],
)
def test_what_has_no_top_level_is_never_tried(text, monkeypatch):
    tried = Tried()
    monkeypatch.setattr(links, "link_pattern", lambda: tried)
    assert not list(find_links(text))
    assert tried.times == 0


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("字" * LENGTH + ".com", id="one long name"),
        pytest.param("字" * LENGTH + "_b.com", id="after a low line"),
        pytest.param("1." * (LENGTH // 2) + "com", id="many labels"),
        pytest.param("a.com" + ".1" * (LENGTH // 2), id="labels after it"),
        pytest.param("字" * (LENGTH // 2) + "-. a.com", id="beside it"),
    ],
)
def test_one_name_in_a_long_text_is_tried_where_it_is(text, monkeypatch):
    tried = Tried()
    monkeypatch.setattr(links, "link_pattern", lambda: tried)
    list(find_links(text))
    assert 0 < tried.times <= links.BEFORE_A_NAME + 2


def test_labels_that_are_too_long_are_not_written_in_punycode(monkeypatch):
    monkeypatch.setattr(links, "ascii_length", lambda label: pytest.fail("It was."))
    assert not links.is_label("".join(chr(0x4E00 + number) for number in range(LENGTH)))
