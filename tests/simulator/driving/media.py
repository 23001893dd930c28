"""Cases of pictures and films."""

from __future__ import annotations

from tests.simulator.driving.cases import drives
from tests.simulator.driving.stage import FILM, GIF, NOBODY, PICTURE, PNG, SCOPES, Stage, coded
from tests.simulator.program import Json


@drives(
    "POST /2/media/upload/initialize",
    "POST /2/media/upload/{id}/append",
    "POST /2/media/upload/{id}/finalize",
    "GET /2/media/upload",
    "POST /2/media/upload",
)
def upload(stage: Stage) -> None:
    path = "/2/media/upload"
    film = {"media_type": "video/mp4", "media_category": "tweet_video", "total_bytes": len(FILM)}
    wrong: tuple[Json, ...] = (
        {},
        film | {"media_type": "image/png"},
        film | {"media_category": "tweet_sound"},
        film | {"total_bytes": 0},
    )
    for body in wrong:
        stage.refused(400, "POST", f"{path}/initialize", json=body)
    film_id = stage.made(f"{path}/initialize", film)["id"]
    stage.refused(400, "POST", f"{path}/{film_id}/finalize")
    piece = {"segment_index": 0, "media": coded(FILM)}
    for body in ({**piece, "segment_index": 1000}, {**piece, "media": "?"}, {}):
        stage.refused(400, "POST", f"{path}/{film_id}/append", json=body)
    assert stage.made(f"{path}/{film_id}/append", piece)["expires_at"]
    done = stage.made(f"{path}/{film_id}/finalize", {})
    assert done["processing_info"]["state"] == "pending"
    stage.refused(400, "POST", f"{path}/{film_id}/append", json=piece)
    assert stage.call("GET", path, params={"media_id": film_id}).status_code == 200
    stage.refused(400, "GET", path)
    stage.refused(400, "GET", f"{path}?media_id=x")
    stage.refused(400, "GET", f"{path}?media_id={film_id}&command=START")
    stage.refused(404, "GET", f"{path}?media_id={NOBODY}")
    other = stage.program.token(stage.customer, SCOPES)
    stage.refused(404, "POST", f"{path}/{film_id}/finalize", token=other)
    at_once = {"media": coded(GIF), "media_category": "dm_gif"}
    assert stage.made(path, at_once)["processing_info"]
    picture = {"media": PICTURE["content"], "media_category": "dm_image"}
    stage.refused(400, "POST", path, json=picture | {"media": coded(b"no picture")})
    attached = {"attachments": [{"media_id": stage.made(path, picture)["id"]}]}
    there = f"/2/dm_conversations/with/{stage.customer['id']}/messages"
    assert stage.call("POST", there, json=attached).status_code == 201
    said = {"text": "See", "media": {"media_ids": [attached["attachments"][0]["media_id"]]}}
    stage.refused(400, "POST", "/2/tweets", json=said)


@drives("POST /2/media/metadata")
def describe(stage: Stage) -> None:
    path = "/2/media/metadata"
    media_id = stage.made(
        "/2/media/upload", {"media": PICTURE["content"], "media_category": "dm_image"}
    )["id"]
    described = {"id": media_id, "metadata": {"alt_text": {"text": "A cup"}}}
    answer = stage.made(path, described)
    assert answer == {"id": media_id, "associated_metadata": described["metadata"]}
    for metadata in ({"alt_text": {}}, {"alt_text": {"text": "x" * 1_001}}, {"mood": {}}, "A cup"):
        stage.refused(400, "POST", path, json=described | {"metadata": metadata})
    stage.refused(400, "POST", path, json={})
    stage.refused(404, "POST", path, json=described | {"id": NOBODY})


@drives("GET /2/dm_conversations/media/{dm_id}/{media_id}/{resource_id}")
def medium_of_message(stage: Stage) -> None:
    asked = {"expansions": "attachments.media_keys", "media.fields": "url"}
    event = stage.call("GET", f"/2/dm_events/{stage.seen}", params=asked).json()
    address = event["includes"]["media"][0]["url"].partition("/dm/")[2]
    path = f"/2/dm_conversations/media/{address}"
    answer = stage.call("GET", path)
    assert (answer.content, answer.headers["content-type"]) == (PNG, "image/png")
    stage.refused(404, "GET", path, token=stage.program.token(stage.closed, SCOPES))
    stage.refused(404, "GET", f"{path}x")
    stage.refused(400, "GET", "/2/dm_conversations/media/x/1/a")
    stage.refused(400, "GET", f"/2/dm_conversations/media/{stage.seen}/x/a")
