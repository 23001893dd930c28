"""What would give somebody away in a text: `inbox.text.personal` and `inbox.text.repeated`."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox.text.personal import Kind, find_personal
from inbox.text.repeated import find_repeated

LONG = 100_000
# Seconds of this process. It takes a thirtieth where nothing else runs; what goes wrong takes many.
IN_TIME = 0.15


def found(text: str) -> list[tuple[str, str]]:
    return [(one.kind.name, text[one.start : one.end]) for one in find_personal(text)]


@pytest.mark.parametrize(
    ("text", "kind", "part"),
    [
        ("write to bob.o+x@mail.example.co.uk.", "EMAIL", "bob.o+x@mail.example.co.uk"),
        ("(ana@bücher.example)", "EMAIL", "ana@bücher.example"),
        ("call +49 (0)30 123456-78 today", "PHONE", "+49 (0)30 123456-78"),
        ("call 555-123-4567", "PHONE", "555-123-4567"),
        ("01.23.45.67.89", "PHONE", "01.23.45.67.89"),
        ("030 1234567", "PHONE", "030 1234567"),
        ("4111 1111 1111 1111, right?", "CARD", "4111 1111 1111 1111"),
        ("5500-0055-5555-5559", "CARD", "5500-0055-5555-5559"),
        ("378282246310005", "CARD", "378282246310005"),
        ("DE89 3704 0044 0532 0130 00 is it", "IBAN", "DE89 3704 0044 0532 0130 00"),
        ("gb82west12345698765432", "IBAN", "gb82west12345698765432"),
        ("to 12 Baker Street, please", "ADDRESS", "12 Baker Street"),
        ("to 221b baker street", "ADDRESS", "221b baker street"),
        ("1600 Pennsylvania Ave", "ADDRESS", "1600 Pennsylvania Ave"),
        ("NW1 6XE", "ADDRESS", "NW1 6XE"),
        ("Hauptstraße 5a", "ADDRESS", "Hauptstraße 5a"),
        ("Herengracht 12", "ADDRESS", "Herengracht 12"),
        ("12 bis rue de Rivoli", "ADDRESS", "12 bis rue de Rivoli"),
        ("Calle Mayor 12", "ADDRESS", "Calle Mayor 12"),
        ("via Roma, 7", "ADDRESS", "via Roma, 7"),
    ],
)
def test_it_is_found_where_it_stands(text, kind, part):
    assert found(text) == [(kind, part)]


@pytest.mark.parametrize(
    "text",
    [
        "order 12345678 of 2026-11-30 14:00",
        "on 30.11.2026, 14:00-18:00",
        "@acme 2 people on the street",
        "30 days on the way",
        "we are open 24/7, version 3.11.4",
        "https://x.com/acme/status/1993000000000000000",
        "x.com/acme/status/4111111111111111",
        "4111 1111 1111 1112",
        "DE88 3704 0044 0532 0130 00",
        "me@acme and @acme.",
        "",
    ],
)
def test_what_gives_nobody_away_is_left_alone(text):
    assert found(text) == []


def test_one_account_is_not_two_things():
    text = "DE89370400440532013000 bob@example.com"
    assert found(text) == [("IBAN", text[:22]), ("EMAIL", text[23:])]


def test_whatever_stands_around_it_an_address_is_found():
    @given(st.text("aB7 .@-+/\n中é", max_size=60), st.text("aB7 .-/\n中é", max_size=60))
    def holds(before: str, after: str) -> None:
        text = f"{before} bob@example.com {after}"
        places = {(one.start, one.end) for one in find_personal(text)}
        start = len(before) + 1
        assert any(first <= start and start + 15 <= last for first, last in places)

    holds()


@given(st.text(max_size=200))
def test_nothing_found_lies_outside_the_text_or_in_another(text):
    places = [(one.start, one.end) for one in find_personal(text)]
    assert all(0 <= start < end <= len(text) for start, end in places)
    assert all(one[1] <= following[0] for one, following in pairwise(places))


def repeated(text: str, private: str, public: str = "") -> list[tuple[Kind, str]]:
    told = find_repeated(text, [private], [public])
    return [(one.kind, text[one.start : one.end]) for one in told]


@pytest.mark.parametrize(
    ("text", "private", "part"),
    [
        ("Order 47110815 is here", "it is 4711-0815, code 99", "47110815"),
        ("Order 4711-0815 is here", "it is 47110815", "4711-0815"),
        ("the one with 0815", "it is 47110815", "0815"),
        ("４７１１", "4711", "４７１１"),
        ("4711", "٤٧١١", "4711"),
    ],
)
def test_four_digits_in_a_row_are_found_however_they_are_written(text, private, part):
    assert repeated(text, private) == [(Kind.NUMBER, part)]


@pytest.mark.parametrize(
    ("text", "private", "part"),
    [
        ("so I never ever got it!", "I NEVER ever got it", "I never ever got it"),
        ("don’t tell him that, ok?", "Don't tell him: that OK", "don’t tell him that, ok"),
        ("号码是一二三四五六七八吗", "我的号码是一二三四五六七八。", "号码是一二三四五六七八"),
    ],
)
def test_five_words_in_a_row_are_found_in_any_case(text, private, part):
    assert repeated(text, private) == [(Kind.WORDS, part)]


@pytest.mark.parametrize(
    ("text", "private"),
    [
        ("471 and 815", "4711 0815 is it"),
        ("I never ever got", "I never ever got it"),
        ("一二三四五六七八九", "一二三四五六七八九十"),
        ("4711", ""),
    ],
)
def test_what_is_shorter_is_nobodys(text, private):
    assert repeated(text, private) == []


def test_what_the_customer_said_in_public_is_no_secret():
    assert repeated("since 2026", "in 2026", "it was 2026") == []
    told = repeated("order 12345678", "12345678", "my order 12345")
    assert told == [(Kind.NUMBER, "345678")]


# Over and over these lead a careless pattern astray.
TEDIOUS = [
    "a", "1", "1 ", "a.", "a.b", "a@", "a.a@a.a.", "+", "(", "DE12", "DE12 ", "1.1.1.",
    "1-1-1-", "Aa ", "12 Aa ", "rue a ", "1 rue a ", "calle a a a a ", "via.via ", "x-", "a-a ",
    "12 A.A.A.", "str. 1", "中", "٤", "é", "ab cd ",
]  # fmt: skip


@pytest.mark.parametrize("piece", TEDIOUS)
def test_a_long_text_is_read_in_time(piece):
    text = (piece * LONG)[:LONG]
    assert cpu_seconds(lambda: find_personal(text)) < IN_TIME
    assert cpu_seconds(lambda: find_personal(text[:12_500])) < IN_TIME
    assert cpu_seconds(lambda: find_repeated("Order 4711 is not here yet", [text])) < IN_TIME


def cpu_seconds(act) -> float:
    """The best of three: what else runs on the machine doesn't count."""

    def once() -> float:
        began = time.process_time()
        act()
        return time.process_time() - began

    return min(once() for _ in range(3))
