"""The signatures of X, and that nothing we sign could pass for an event (trust R3, W1)."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as quick
from hypothesis import strategies as st

from twitter_sync.signatures import TokenRefused, answer_crc, is_signed_event, signature

SECRET = "consumer secret"


@pytest.mark.shared_data
def test_it_agrees_with_known_vectors():
    vectors = json.loads(
        Path(os.environ["SHARED_DATA"], "webhooks/signed/vectors.json").read_text()
    )
    assert len(vectors) == 5
    for vector in vectors:
        if vector["kind"] == "crc":
            answer = answer_crc(vector["crc_token"], secret=vector["secret"])
            assert answer == vector["response_token"]
        else:
            body = vector["text"].encode()
            assert is_signed_event(body, vector["value"], secret=vector["secret"])


@pytest.mark.parametrize("token", ["", "{}", ' {"a":1}', "[1]", "\ufeff{}", "a\nb", "é", "x" * 513])
def test_it_signs_no_token_that_x_would_not_send(token):
    with pytest.raises(TokenRefused):
        answer_crc(token, secret=SECRET)


JSON_LIKE = st.one_of(
    st.builds(json.dumps, st.dictionaries(st.text(max_size=5), st.integers(), max_size=3)),
    st.builds(lambda pad, body: pad + body, st.sampled_from([" ", "\t", "\ufeff"]), st.just("{}")),
    st.text(max_size=30),
    st.text('{}[]":, abc', max_size=30),
)


@given(token=JSON_LIKE)
@quick(max_examples=500, deadline=None)
def test_no_answer_of_ours_signs_an_event(token):
    try:
        answer = answer_crc(token, secret=SECRET)
    except TokenRefused:
        return
    assert not is_signed_event(token.encode(), answer, secret=SECRET)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda good: "",
        lambda good: good.removeprefix("sha256="),
        lambda good: good[:-1],
        lambda good: good.upper(),
        lambda good: good * 2,
        lambda good: good + " ",
        lambda good: signature(b'{"a": 1}', secret="the old secret"),
        lambda good: "sha256=\u00e9",
    ],
    ids=["missing", "bare", "truncated", "upper", "doubled", "padded", "old secret", "not ASCII"],
)
def test_it_refuses_every_other_signature(spoil):
    body = b'{"a": 1}'
    good = signature(body, secret=SECRET)
    assert is_signed_event(body, good, secret=SECRET)
    assert not is_signed_event(body, spoil(good), secret=SECRET)


def test_an_event_begins_with_a_brace():
    body = b' {"a": 1}'
    assert not is_signed_event(body, signature(body, secret=SECRET), secret=SECRET)


def test_without_a_secret_nothing_is_signed():
    assert not is_signed_event(b"{}", signature(b"{}", secret=""), secret="")
