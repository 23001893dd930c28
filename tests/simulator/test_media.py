"""Pictures and films: uploading them in pieces, attaching them, and who may read them."""

from __future__ import annotations

import base64

import httpx
import pytest

from tests.simulator.driving.stage import FILM, PICTURE, PNG, SCOPES
from tests.simulator.program import Json, Program
from tests.simulator.receiver import Receiver

UPLOAD = "/2/media/upload"
EXPANDED = {
    "expansions": "attachments.media_keys",
    "media.fields": "type,url,width,height,preview_image_url,variants",
}


@pytest.fixture
def brand(program: Program) -> Json:
    brand = program.brand()
    return brand | {"token": program.token(brand, SCOPES)}


def upload(program: Program, brand: Json, content: bytes, category: str, kind: str) -> Json:
    """In two pieces, as a form, the second piece first."""
    asked = {"media_type": kind, "media_category": category, "total_bytes": len(content)}
    begun = program.call("POST", f"{UPLOAD}/initialize", brand["token"], json=asked)
    media_id = begun.json()["data"]["id"]
    half = len(content) // 2
    for index, piece in ((1, content[half:]), (0, content[:half])):
        answer = program.call(
            "POST",
            f"{UPLOAD}/{media_id}/append",
            brand["token"],
            data={"segment_index": str(index)},
            files={"media": ("piece", piece, "application/octet-stream")},
        )
        assert answer.status_code == 200, answer.text
    answer = program.call("POST", f"{UPLOAD}/{media_id}/finalize", brand["token"])
    assert answer.status_code == 200, answer.text
    done: Json = answer.json()["data"]
    return done


def send(program: Program, brand: Json, customer: Json, media_id: str) -> httpx.Response:
    path = f"/2/dm_conversations/with/{customer['id']}/messages"
    body = {"text": "Here", "attachments": [{"media_id": media_id}]}
    return program.call("POST", path, brand["token"], json=body)


def test_a_picture_goes_out_with_a_message(program: Program, brand: Json) -> None:
    customer = program.person()
    picture = upload(program, brand, PNG, "dm_image", "image/png")
    assert picture["image"] == {"image_type": "image/png", "w": 48, "h": 48}
    assert "processing_info" not in picture
    dm_id = send(program, brand, customer, picture["id"]).json()["data"]["dm_event_id"]
    asked = {**EXPANDED, "dm_event.fields": "attachments,entities"}
    told = program.get(f"/2/dm_events/{dm_id}", program.token(customer), **asked)
    event, (medium,) = told["data"], told["includes"]["media"]
    (link,) = event["entities"]["urls"]
    assert event["text"] == f"Here {link['url']}"
    assert event["attachments"] == {"media_keys": [picture["media_key"]]}
    assert (medium["type"], medium["width"]) == ("photo", 48)
    there = medium["url"].removeprefix("https://ton.twitter.com/1.1/ton/data/dm/")
    path = f"/2/dm_conversations/media/{there}"
    for person in (brand["token"], program.token(customer)):
        assert program.call("GET", path, person).content == PNG
    assert program.call("GET", path, program.brand()["token"]).status_code == 404
    stranger = program.http.get(f"{program.url}/media/{picture['id']}/{there.split('/')[-1]}")
    assert stranger.status_code == 404


def test_a_film_is_worked_on_before_it_can_be_attached(program: Program, brand: Json) -> None:
    film = upload(program, brand, FILM, "tweet_video", "video/mp4")
    assert film["processing_info"] == {
        "state": "pending",
        "check_after_secs": 1,
        "progress_percent": 0,
    }
    said = {"text": "See", "media": {"media_ids": [film["id"]]}}
    assert program.call("POST", "/2/tweets", brand["token"], json=said).status_code == 400
    status = {"command": "STATUS", "media_id": film["id"]}

    def finished(ms_ago: int) -> Json:
        program.pretend(
            "UPDATE media SET finalized_ms = CAST(strftime('%s') AS INTEGER) * 1000 - ?"
            " WHERE id = ?",
            (ms_ago, int(film["id"])),
        )
        told: Json = program.get(UPLOAD, brand["token"], **status)["data"]["processing_info"]
        return told

    assert finished(5_000) == {"state": "succeeded", "progress_percent": 100}
    assert program.call("POST", "/2/tweets", brand["token"], json=said).status_code == 201
    finished(86_401_000)
    assert program.call("POST", "/2/tweets", brand["token"], json=said).status_code == 400


def test_what_is_not_a_film_fails(program: Program, brand: Json) -> None:
    film = upload(program, brand, b"no film at all", "tweet_video", "video/mp4")
    assert film["processing_info"] == {"state": "failed"}


def test_an_upload_belongs_to_whoever_began_it(program: Program, brand: Json) -> None:
    other, customer = program.brand(), program.person()
    other |= {"token": program.token(other, SCOPES)}
    picture = upload(program, brand, PNG, "dm_image", "image/png")
    refused = send(program, other, customer, picture["id"])
    assert refused.status_code == 403
    detail = "You are not permitted to attach this media to a DM event."
    assert refused.json()["detail"] == detail
    answer = program.call("GET", UPLOAD, other["token"], params={"media_id": picture["id"]})
    assert answer.status_code == 404


def test_a_post_takes_only_what_was_uploaded_for_posts(program: Program, brand: Json) -> None:
    for_message = upload(program, brand, PNG, "dm_image", "image/png")
    for_post = upload(program, brand, PNG, "tweet_image", "image/png")
    wrong = {"media": {"media_ids": [for_post["id"], for_message["id"]]}}
    refused = program.call("POST", "/2/tweets", brand["token"], json=wrong)
    assert refused.json()["errors"][0]["message"] == "Your media IDs are invalid."
    said = {"media": {"media_ids": [for_post["id"]]}}
    made = program.call("POST", "/2/tweets", brand["token"], json=said).json()["data"]
    body = program.get(f"/2/tweets/{made['id']}", brand["token"], **EXPANDED)
    (medium,) = body["includes"]["media"]
    assert program.http.get(medium["url"]).content == PNG
    assert send(program, brand, program.person(), for_post["id"]).status_code == 403


def test_a_customers_picture_is_delivered_in_the_older_form(
    program: Program, receiver: Receiver, webhook: str
) -> None:
    brand, customer = program.brand(), program.person()
    program.subscribe(brand, "dm.received", webhook)
    program.dm(customer, brand, "Broken", media=[PICTURE])
    (delivered,) = receiver.wait_for(1)
    (event,) = delivered["data"]["payload"]["direct_message_events"]
    told = event["message_create"]["message_data"]
    medium = told["attachment"]["media"]
    start, end = medium["indices"]
    assert told["text"][start:end] == medium["url"]
    there = medium["media_url_https"].removeprefix("https://ton.twitter.com/1.1/ton/data/dm/")
    answer = program.call("GET", f"/2/dm_conversations/media/{there}", brand["token"])
    assert answer.content == PNG


def test_a_picture_is_described_by_whoever_uploaded_it(program: Program, brand: Json) -> None:
    picture = upload(program, brand, PNG, "dm_image", "image/png")
    described = {"id": picture["id"], "metadata": {"alt_text": {"text": "A broken cup"}}}
    other = program.brand()
    other |= {"token": program.token(other, SCOPES)}
    path = "/2/media/metadata"
    assert program.call("POST", path, other["token"], json=described).status_code == 404
    told = program.call("POST", path, brand["token"], json=described).json()["data"]
    assert told["associated_metadata"] == described["metadata"]
    customer = program.person()
    dm_id = send(program, brand, customer, picture["id"]).json()["data"]["dm_event_id"]
    asked = {"expansions": "attachments.media_keys", "media.fields": "alt_text"}
    told = program.get(f"/2/dm_events/{dm_id}", program.token(customer), **asked)
    assert told["includes"]["media"][0]["alt_text"] == "A broken cup"


def test_the_address_of_a_message_s_picture_answers_nobody(program: Program, brand: Json) -> None:
    dm_id = program.dm(program.person(), brand, "Broken", media=[PICTURE])
    told = program.get(f"/2/dm_events/{dm_id}", brand["token"], **EXPANDED)
    address = told["includes"]["media"][0]["url"]
    there = address.replace("https://ton.twitter.com", program.url)
    for headers in ({}, {"authorization": f"Bearer {brand['token']}"}):
        assert program.http.get(there, headers=headers).status_code == 401


def test_pieces_that_do_not_add_up_are_refused(program: Program, brand: Json) -> None:
    asked = {"media_type": "image/png", "media_category": "dm_image", "total_bytes": 99}
    begun = program.call("POST", f"{UPLOAD}/initialize", brand["token"], json=asked).json()
    path = f"{UPLOAD}/{begun['data']['id']}/finalize"
    assert program.call("POST", path, brand["token"]).status_code == 400


def test_a_piece_s_number_of_any_length_is_refused(program: Program, brand: Json) -> None:
    told = {"media_type": "video/mp4", "media_category": "tweet_video", "total_bytes": 9}
    begun = program.call("POST", "/2/media/upload/initialize", brand["token"], json=told)
    piece = {"segment_index": "9" * 5_000, "media": "eA=="}
    path = f"/2/media/upload/{begun.json()['data']['id']}/append"
    answer = program.call("POST", path, brand["token"], json=piece)
    assert (answer.status_code, "segment_index" in answer.text) == (400, True)


def test_what_is_not_a_picture_is_refused_during_the_call(program: Program, brand: Json) -> None:
    content = b"no picture at all"
    at_once = {"media_category": "dm_image", "media": base64.b64encode(content).decode()}
    refused = program.call("POST", UPLOAD, brand["token"], json=at_once)
    assert (refused.status_code, "picture" in refused.text) == (400, True)
    with pytest.raises(AssertionError, match="is not a picture"):
        upload(program, brand, content, "dm_image", "image/png")


@pytest.mark.parametrize("beginning", [b"BM", b"II*\0", b"MM\0*", b"\xff\xd8\xff"])
def test_a_picture_of_any_kind_that_x_takes_goes_up_at_once(
    program: Program, brand: Json, beginning: bytes
) -> None:
    body = {"media_category": "dm_image", "media": base64.b64encode(beginning + b"...").decode()}
    assert program.call("POST", UPLOAD, brand["token"], json=body).status_code == 200
