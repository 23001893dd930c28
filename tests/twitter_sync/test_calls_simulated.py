"""Calls of the client that little of the product makes yet, as the simulator answers them."""

from __future__ import annotations

import base64
import io
import json
import time
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import BrandAccount
from tests.x import Simulator
from twitter_sync import uploads
from twitter_sync.client import Client
from twitter_sync.errors import Forbidden, NotFound, Refused
from twitter_sync.safe_fetch import STORES, safe_fetch, safe_put
from twitter_sync.uploads import ProcessingFailed

WITHIN_SECONDS = 60.0
PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)
FILM = b"\0\0\0\x18ftypmp42" + bytes(40)


# Webhooks


def finished(simulator: Simulator, job_id: str) -> dict[str, Any]:
    """The job, once it is done."""
    deadline = time.monotonic() + WITHIN_SECONDS
    while time.monotonic() < deadline:
        (job,) = [
            one for one in simulator.get("webhooks/replays")["replays"] if one["id"] == job_id
        ]
        if job["state"] != "running":
            told: dict[str, Any] = job
            return told
        time.sleep(0.02)
    raise AssertionError("the replay did not end")


def test_what_was_sent_to_us_is_sent_again(
    simulator: Simulator, webhook_url: str, client_of_acme: Client, brand: BrandAccount
) -> None:
    app = Client.for_app()
    webhook_id = app.register_webhook(webhook_url)["data"]["id"]
    client_of_acme.subscribe("dm.received", webhook_id=webhook_id, tag="acme")
    carla = simulator.person()
    people = {"sender_id": carla["id"], "recipient_id": brand.x_user_id}
    for words in ("Hello?", "Anybody there?"):
        simulator.post("dms", text=words, **people)
    now = timezone.now()
    span = {"since": now - timedelta(minutes=5), "until": now}
    job = finished(simulator, app.replay_webhook(webhook_id, **span)["data"]["job_id"])
    assert (job["state"], job["delivered"]) == ("complete", 2)


@pytest.mark.parametrize("ago", [timedelta(0), timedelta(hours=24)])
def test_x_takes_every_span_that_we_ask_for(
    webhook_url: str, client_of_acme: Client, simulator: Simulator, ago: timedelta
) -> None:
    app, now = Client.for_app(), timezone.now()
    webhook_id = app.register_webhook(webhook_url)["data"]["id"]
    job = app.replay_webhook(webhook_id, since=now - ago, until=now)["data"]
    assert finished(simulator, job["job_id"])["state"] == "complete"


def test_a_replay_of_no_webhook_is_refused(simulator: Simulator, db: None) -> None:
    now = timezone.now()
    with pytest.raises(Refused) as caught:
        Client.for_app().replay_webhook("999", since=now, until=now)
    assert "WebhookIdInvalid" in caught.value.reason


# Direct messages and their files


def test_a_message_of_ours_is_deleted_for_us(simulator: Simulator, client_of_acme: Client) -> None:
    carla = simulator.person()
    sent = client_of_acme.send_dm("Not this.", to=carla["id"])["data"]["dm_event_id"]
    assert client_of_acme.delete_dm(sent) == {"data": {"deleted": True}}
    assert "data" not in client_of_acme.dm_event(sent)
    with pytest.raises(Forbidden):
        client_of_acme.delete_dm(sent)


def test_a_picture_of_a_customer_is_fetched(
    simulator: Simulator, client_of_acme: Client, brand: BrandAccount
) -> None:
    carla = simulator.person()
    picture = {"media_type": "image/png", "content": base64.b64encode(PNG).decode()}
    people = {"sender_id": carla["id"], "recipient_id": brand.x_user_id}
    dm_id = simulator.post("dms", text="Broken", media=[picture], **people)["id"]
    (medium,) = client_of_acme.dm_event(dm_id)["includes"]["media"]
    into = io.BytesIO()
    assert client_of_acme.download_dm_media(medium["url"], into) == "image/png"
    assert into.getvalue() == PNG
    with pytest.raises(NotFound):
        client_of_acme.download_dm_media(medium["url"] + "x", io.BytesIO())


# Uploads


def sent_file(client: Client, content: bytes, media_type: str, *, for_dm: bool) -> dict[str, Any]:
    """What X tells of it once it has worked on it. Raises ProcessingFailed."""
    category = uploads.category(uploads.kind_of(media_type, len(content)), for_dm=for_dm)
    begun = client.initialize_upload(media_type, category=category, total_bytes=len(content))
    upload_id = begun["data"]["id"]
    for index, first in enumerate(range(0, len(content), uploads.PIECE_BYTES)):
        piece = content[first : first + uploads.PIECE_BYTES]
        client.append_upload(upload_id, index=index, piece=piece)
    told = uploads.told_of(client.finalize_upload(upload_id))
    deadline = time.monotonic() + WITHIN_SECONDS
    while uploads.is_pending(told):
        assert time.monotonic() < deadline
        time.sleep(0.02)
        told = uploads.told_of(client.upload_status(upload_id))
    return told


def test_a_picture_goes_out_with_a_message_and_with_a_post(
    simulator: Simulator, client_of_acme: Client
) -> None:
    carla, padded = simulator.person(), PNG + bytes(uploads.PIECE_BYTES)
    for_dm = sent_file(client_of_acme, padded, "image/png", for_dm=True)
    sent = client_of_acme.send_dm("Here", to=carla["id"], media_id=for_dm["id"])["data"]
    (medium,) = client_of_acme.dm_event(sent["dm_event_id"])["includes"]["media"]
    into = io.BytesIO()
    client_of_acme.download_dm_media(medium["url"], into)
    assert (into.getvalue() == padded, medium["media_key"]) == (True, for_dm["media_key"])
    for_post = sent_file(client_of_acme, PNG, "image/png", for_dm=False)
    client_of_acme.create_post("See", media_ids=[for_post["id"]])
    with pytest.raises(Forbidden):
        client_of_acme.send_dm("Here", to=carla["id"], media_id=for_post["id"])


def test_a_picture_is_described(simulator: Simulator, client_of_acme: Client) -> None:
    picture = sent_file(client_of_acme, PNG, "image/png", for_dm=True)
    told = client_of_acme.describe_upload(picture["id"], alt_text="A broken cup")["data"]
    assert told["associated_metadata"] == {"alt_text": {"text": "A broken cup"}}
    with pytest.raises(Refused):
        client_of_acme.describe_upload(picture["id"], alt_text="x" * 1_001)
    with pytest.raises(NotFound):
        client_of_acme.describe_upload("999", alt_text="A broken cup")


def test_a_film_is_waited_for(simulator: Simulator, client_of_acme: Client) -> None:
    film = sent_file(client_of_acme, FILM, "video/mp4", for_dm=True)
    assert film["processing_info"]["state"] == "succeeded"
    client_of_acme.send_dm("", to=simulator.person()["id"], media_id=film["id"])


def test_a_film_that_is_none_is_named(client_of_acme: Client) -> None:
    with pytest.raises(ProcessingFailed):
        sent_file(client_of_acme, b"no film at all", "video/mp4", for_dm=True)


# Compliance jobs


def test_ids_are_handed_in_and_what_must_go_is_told(simulator: Simulator, db: None) -> None:
    app, carla = Client.for_app(), simulator.person()
    there, gone = (
        simulator.post("posts", author_id=carla["id"], text=text, deliver=False)["id"]
        for text in ("here", "gone")
    )
    simulator.post("posts/delete", id=gone)
    job = app.create_compliance_job()["data"]
    assert job["status"] == "created"
    safe_put(job["upload_url"], f"{there}\n{gone}\n".encode())
    deadline = time.monotonic() + WITHIN_SECONDS
    while app.compliance_job(job["id"])["data"]["status"] != "complete":
        assert time.monotonic() < deadline
        time.sleep(0.02)
    results = io.BytesIO()
    safe_fetch(job["download_url"], results, max_bytes=10_000, hosts=STORES)
    [told] = map(json.loads, results.getvalue().splitlines())
    assert (told["id"], told["reason"]) == (gone, "deleted")
    with pytest.raises(NotFound):
        app.compliance_job("999")
