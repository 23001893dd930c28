"""No body of whatever making breaks `twitter_sync.payloads.parse`."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.twitter_sync.shapes import BRAND, SHAPES, activity, dm_event, read
from twitter_sync.payloads import Delivery, Unreadable, parse


def test_text_that_nothing_can_store_keeps_its_length():
    message = dm_event()
    message["message_create"]["message_data"]["text"] = "a\x00b\ud83dc \u202e👍"
    [read_message] = read(activity("dm.sent", {"direct_message_events": [message]})).events
    assert read_message.text == "a\ufffdb\ufffdc \u202e👍"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"null",
        b"[]",
        b'{"data": NaN}',
        b"\xff\xfe{}",
        b'{"a":' * 5000 + b"1" + b"}" * 5000,
        b'{"id": ' + b"9" * 100_000 + b"}",
    ],
    ids=["empty", "null", "list", "NaN", "not UTF-8", "deep", "long number"],
)
def test_what_is_no_object_is_unreadable(raw):
    with pytest.raises(Unreadable):
        parse(raw)


@pytest.mark.parametrize(
    "x_id", ["9223372036854775808", "-1", "١٢٣", "", 1.5, True, None, [], "1 "]
)
def test_an_id_is_digits_that_fit_64_bits(x_id):
    delivery = read({"for_user_id": BRAND, "direct_message_events": [dm_event(id=x_id)]})
    assert (delivery.events, len(delivery.unreadable)) == ((), 1)


# What nothing can store, what turns lines around, what piles up, what takes four bytes, nothing.
WORDS = st.sampled_from(
    [
        "",
        "\x00",
        "\ud83d",
        "a\udc00b",
        "\u202eabc",
        "e" + "\u0301" * 10_000,
        "👩‍👩‍👧‍👦",
        "\u2028",
        "&lt;",
    ]
)
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.floats(allow_nan=False),
    st.text(max_size=8),
    WORDS,
    st.just([]),
    st.just({}),
    st.just([{}]),
    st.just({"data": []}),
    st.just({"data": {"id": "1", "username": None}}),
)


@pytest.mark.parametrize("examples", [300, pytest.param(5_000, marks=pytest.mark.deep)])
def test_no_change_of_a_shape_breaks_it(examples):
    """Up to three values, anywhere in a real shape, become something odd, go, or come twice (trust
    I12)."""

    @given(shape=st.sampled_from(SHAPES), data=st.data())
    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
    def holds(shape: dict[str, Any], data: st.DataObject) -> None:
        body = deepcopy(shape)
        for _ in range(data.draw(st.integers(1, 3))):
            change(body, data)
        reads_or_refuses(body)

    holds()


@given(shape=st.sampled_from(SHAPES), words=WORDS | st.text(max_size=40))
@settings(max_examples=300, deadline=None)
def test_whatever_people_write_is_read_as_something_that_can_be_kept(shape, words):
    body = deepcopy(shape)
    for *way, last in [path for path in places(body) if path]:
        holder = at(body, way)
        if last in ("text", "full_text", "name", "description"):
            holder[last] = words
    delivery = reads_or_refuses(body)
    assert delivery is not None
    for event in delivery.events:
        kept = getattr(event, "text", "")
        assert "\x00" not in kept
        kept.encode()
    for person in delivery.people.values():
        assert "\x00" not in person.name
        person.name.encode()


def change(body: Any, data: st.DataObject) -> None:
    paths = [path for path in places(body) if path]
    if not paths:
        return
    *way, last = data.draw(st.sampled_from(paths))
    holder = at(body, way)
    deed = data.draw(st.sampled_from(["replace", "remove", "repeat"]))
    if deed == "replace":
        holder[last] = deepcopy(data.draw(ODD))
    elif deed == "remove":
        del holder[last]
    elif isinstance(holder, list):
        holder.append(deepcopy(holder[last]))
    else:
        holder[last] = [holder[last], deepcopy(holder[last])]


def reads_or_refuses(body: Any) -> Delivery | None:
    """Any other error than the one that is named fails the test."""
    try:
        delivery = read(body)
    except Unreadable:
        return None
    stored = [repr(event) for event in delivery.events] + list(delivery.unreadable)
    json.dumps(stored).encode()
    assert all(len(reason) <= 80 for reason in delivery.unreadable)
    return delivery


def at(body: Any, way: list[Any]) -> Any:
    for step in way:
        body = body[step]
    return body


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    found = [path]
    for key, one in inner:
        found += places(one, (*path, key)) if isinstance(one, dict | list) else [(*path, key)]
    return found
