"""No body of whatever making breaks `twitter_sync.payloads.parse`."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.twitter_sync.shapes import BRAND, SHAPES, activity, dm_event, read
from twitter_sync.payloads import Unreadable, parse


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


ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.floats(allow_nan=False),
    st.text(max_size=8),
    st.just([]),
    st.just({}),
    st.just([{}]),
    st.just({"data": []}),
)


@given(shape=st.sampled_from(SHAPES), data=st.data())
@settings(max_examples=400, deadline=None)
def test_no_change_of_a_shape_breaks_it(shape, data):
    """One value, anywhere in a real shape, becomes something odd, or goes."""
    body = json.loads(json.dumps(shape))
    paths = [path for path in places(body) if path]
    *way, last = data.draw(st.sampled_from(paths))
    holder = body
    for step in way:
        holder = holder[step]
    if data.draw(st.booleans()):
        holder[last] = data.draw(ODD)
    else:
        del holder[last]
    try:
        delivery = read(body)
    except Unreadable:
        return
    json.dumps([repr(event) for event in delivery.events]).encode()


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    found = [path]
    for key, one in inner:
        found += places(one, (*path, key)) if isinstance(one, dict | list) else [(*path, key)]
    return found
