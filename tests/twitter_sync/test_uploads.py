"""What X says of an upload, and what it means: `twitter_sync.uploads`."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from accounts import clock
from twitter_sync import uploads
from twitter_sync.errors import TooLarge, Unconfirmed
from twitter_sync.uploads import MB, NotTaken, ProcessingFailed

DAY = timedelta(days=1)


def working(state: str, **more: object) -> dict[str, object]:
    return {"processing_info": {"state": state, "check_after_secs": 5, **more}}


@pytest.mark.parametrize(
    ("media_type", "most"),
    [("image/jpeg", 5 * MB), ("image/gif", 15 * MB), ("video/mp4", 512 * MB)],
)
def test_what_is_too_large_is_not_even_begun(media_type, most):
    uploads.kind_of(media_type, most)
    with pytest.raises(TooLarge) as caught:
        uploads.kind_of(media_type, most + 1)
    assert f"{most // MB} MB" in caught.value.reason


@pytest.mark.parametrize("media_type", ["application/pdf", "", "image/svg+xml", "text/vtt"])
def test_what_x_does_not_take_is_not_even_begun(media_type):
    with pytest.raises(NotTaken):
        uploads.kind_of(media_type, 1)


@pytest.mark.parametrize(
    ("media_type", "for_dm", "named"),
    [
        ("image/webp", True, "dm_image"),
        ("image/gif", False, "tweet_gif"),
        ("video/mp4", True, "dm_video"),
    ],
)
def test_x_is_told_what_it_is_for(media_type, for_dm, named):
    assert uploads.category(uploads.kind_of(media_type, 1), for_dm=for_dm) == named


def test_a_film_that_x_can_not_read_is_named_in_x_words():
    error = {"code": 1, "name": "InvalidMedia", "message": "Unsupported video\nformat"}
    with pytest.raises(ProcessingFailed) as caught:
        uploads.is_pending(working("failed", error=error))
    assert caught.value.reason == "Unsupported video format"


def test_x_works_on_it_until_it_says_otherwise():
    assert uploads.is_pending(working("pending"))
    assert uploads.is_pending(working("in_progress"))
    assert not uploads.is_pending(working("succeeded"))
    assert not uploads.is_pending({})


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        *[("5", 5), ("900", 30), ("0", 1), ("NaN", 1), ("Infinity", 30)],
        *[("1" + "0" * 400, 30), ("-5", 1), ('"5"', 1), ("null", 1)],
    ],
)
def test_no_number_of_x_upsets_the_wait(told, seconds):
    odd = json.loads(f'{{"processing_info": {{"state": "pending", "check_after_secs": {told}}}}}')
    assert uploads.pause_of(odd) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("told", "kept"), [(60, timedelta(minutes=1)), (None, DAY), (-1, DAY), (10**9, DAY), ("x", DAY)]
)
def test_it_is_good_for_a_day_or_less(told, kept):
    now = clock.now()
    assert uploads.expiry({"expires_after_secs": told}, now) == now + kept


@pytest.mark.parametrize("told", [0, 55, 100])
def test_x_says_how_far_it_is(told):
    assert uploads.percent_of(working("in_progress", progress_percent=told)) == told
    assert uploads.percent_of(working("in_progress", progress_percent=told + 101)) == 0
    assert uploads.percent_of({}) == 0


def test_an_answer_that_does_not_tell_of_it_is_none():
    with pytest.raises(Unconfirmed):
        uploads.told_of({"data": []})
