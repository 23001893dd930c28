"""A file on its way to X: in pieces, then until X has worked on it."""

from __future__ import annotations

import io
from datetime import timedelta
from email import message_from_bytes

import pytest
from django.utils import timezone

from tests.twitter_sync.small_x import Said
from twitter_sync import budgets, uploads
from twitter_sync.client import Client
from twitter_sync.errors import NotSent, RateLimited, TooLarge, Unconfirmed
from twitter_sync.uploads import MB, NotTaken, ProcessingFailed, Step, StillProcessing

pytestmark = pytest.mark.django_db
ID = "1880028106020515840"
BEGUN = {"data": {"id": ID, "media_key": f"13_{ID}", "expires_after_secs": 1_295_999}}
READY = {"data": {"id": ID, "media_key": f"3_{ID}", "size": 5, "expires_after_secs": 86_400}}


def working(state: str, **more: object) -> dict[str, object]:
    info = {"state": state, "check_after_secs": 5, **more}
    return {"data": {"id": ID, "media_key": f"13_{ID}", "processing_info": info}}


@pytest.fixture
def acme() -> Client:
    return Client("token-of-acme", scope=budgets.user_scope("2244994945"))


@pytest.fixture
def uploading(small_x):
    small_x.answer("POST /2/media/upload/initialize", BEGUN)
    small_x.answer(f"POST /2/media/upload/{ID}/append", Said(b"", 204))
    small_x.answer(f"POST /2/media/upload/{ID}/finalize", READY)
    return small_x


def send(client: Client, content: bytes, media_type: str = "image/png", **more):
    more = {"for_dm": True, "total_bytes": len(content), **more}
    return uploads.upload(client, io.BytesIO(content), media_type=media_type, **more)


def test_a_picture_is_sent_in_pieces_that_make_it_whole_again(acme, uploading):
    content = bytes(range(256)) * 4 * 1024 * 2 + b"end"
    steps = list[Step]()
    made = send(acme, content, progress=steps.append)
    assert (made.id, made.key) == (ID, f"3_{ID}")
    assert abs(made.expires_at - timezone.now() - timedelta(days=1)) < timedelta(minutes=1)
    begun, *appended, ended = uploading.calls
    assert begun.json == {
        "media_type": "image/png",
        "media_category": "dm_image",
        "total_bytes": len(content),
    }
    parts = [fields(call) for call in appended]
    assert [part["segment_index"] for part in parts] == [b"0", b"1", b"2"]
    assert b"".join(part["media"] for part in parts) == content
    assert ended.body == b""
    assert steps == [Step(sent, len(content)) for sent in (MB, 2 * MB, len(content))]


def test_x_is_asked_until_it_has_worked_on_a_film(acme, uploading):
    uploading.answer(f"POST /2/media/upload/{ID}/finalize", working("pending"))
    uploading.answer(
        "GET /2/media/upload",
        working("in_progress", progress_percent=40, check_after_secs=900),
        working("in_progress", progress_percent=80, check_after_secs=0),
        working("succeeded", progress_percent=100),
    )
    waits, steps = list[float](), list[Step]()
    send(acme, b"film", "video/mp4", for_dm=False, progress=steps.append, wait=waits.append)
    assert uploading.calls[0].json["media_category"] == "tweet_video"
    assert uploading.calls[-1].query == {"command": "STATUS", "media_id": ID}
    assert waits == [5, 30, 1]
    assert [step.percent for step in steps] == [0, 40, 80, 100]


def test_a_film_that_x_can_not_read_is_named_in_x_words(acme, uploading):
    error = {"code": 1, "name": "InvalidMedia", "message": "Unsupported video\nformat"}
    uploading.answer(f"POST /2/media/upload/{ID}/finalize", working("pending"))
    uploading.answer("GET /2/media/upload", working("failed", error=error))
    with pytest.raises(ProcessingFailed) as caught:
        send(acme, b"film", "video/mp4", wait=lambda seconds: None)
    assert caught.value.reason == "Unsupported video format"


def test_x_is_not_waited_for_for_ever(acme, uploading):
    uploading.answer(f"POST /2/media/upload/{ID}/finalize", working("pending"))
    uploading.answer("GET /2/media/upload", working("in_progress", check_after_secs=30))
    waits = list[float]()
    with pytest.raises(StillProcessing):
        send(acme, b"film", "video/mp4", wait=waits.append)
    assert 500 < sum(waits) <= uploads.PROCESSING_SECONDS


@pytest.mark.parametrize(
    ("told", "waited"), [("NaN", 1), ("Infinity", 30), ("1" + "0" * 400, 30), ("-5", 1), ('"5"', 1)]
)
def test_no_number_of_x_upsets_the_wait(acme, uploading, told, waited):
    odd = f'{{"data": {{"id": "{ID}", "expires_after_secs": {told}, "processing_info":'
    odd += f' {{"state": "pending", "check_after_secs": {told}}}}}}}'
    uploading.answer(f"POST /2/media/upload/{ID}/finalize", Said(odd.encode()))
    uploading.answer("GET /2/media/upload", working("succeeded"))
    waits = list[float]()
    made = send(acme, b"film", "video/mp4", wait=waits.append)
    assert waits == [waited]
    assert abs(made.expires_at - timezone.now() - timedelta(days=1)) < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("media_type", "most"),
    [("image/jpeg", 5 * MB), ("image/gif", 15 * MB), ("video/mp4", 512 * MB)],
)
def test_what_is_too_large_is_not_even_begun(acme, small_x, media_type, most):
    uploads.kind_of(media_type, most)
    with pytest.raises(TooLarge) as caught:
        send(acme, b"", media_type, total_bytes=most + 1)
    assert f"{most // MB} MB" in caught.value.reason
    assert small_x.calls == []


@pytest.mark.parametrize("media_type", ["application/pdf", "", "image/svg+xml", "text/vtt"])
def test_what_x_does_not_take_is_not_even_begun(acme, small_x, media_type):
    with pytest.raises(NotTaken):
        send(acme, b"x", media_type)
    assert small_x.calls == []


def test_a_file_that_is_not_as_long_as_was_said_is_not_finished(acme, uploading):
    with pytest.raises(ValueError, match="3 bytes, not 5"):
        send(acme, b"abc", total_bytes=5)
    assert not any("finalize" in call.path for call in uploading.calls)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Said({"errors": [{"code": 88, "message": "Rate limit exceeded"}]}, 429), RateLimited),
        (Said(b"busy", 503), Unconfirmed),
        (Said({"data": {}}), Unconfirmed),
        (Said({}), Unconfirmed),
    ],
    ids=["too many", "busy", "no id", "nothing"],
)
def test_an_upload_that_did_not_begin_is_named(acme, uploading, answer, kind):
    uploading.answer("POST /2/media/upload/initialize", answer)
    with pytest.raises(kind):
        send(acme, b"x")


def test_a_piece_that_got_lost_ends_the_upload(acme, uploading, settings):
    def goes_away(step: Step) -> None:
        settings.X_API_URL = "http://127.0.0.1:9"

    with pytest.raises(NotSent):
        send(acme, b"x" * (MB + 1), progress=goes_away)


def fields(call) -> dict[str, bytes]:
    """Of a multipart body, by name."""
    head = b"Content-Type: " + call.headers["Content-Type"].encode() + b"\r\n\r\n"
    parts = message_from_bytes(head + call.body).get_payload()
    return {
        part.get_param("name", header="content-disposition"): part.get_payload(decode=True)
        for part in parts
    }
