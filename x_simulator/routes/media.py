"""Uploading pictures and films; reading those of one's direct messages."""

import base64
import binascii
from typing import Any

from x_simulator import clock, errors, ids
from x_simulator.api import Answer, Call, Endpoint, checked, checked_body
from x_simulator.media import CATEGORIES, MOST_SEGMENTS, TO_ATTACH_S, TO_UPLOAD_S, Medium
from x_simulator.quotas import Limits
from x_simulator.routes.dms import READ

WRITE = frozenset({"media.write"})
LONGEST_ALT_TEXT = 1_000
METADATA = (
    *("allow_download_status", "alt_text", "audience_policy", "content_expiration"),
    *("domain_restrictions", "found_media_origin", "geo_restrictions", "management_info"),
    *("preview_image", "sensitive_media_warning", "shared_info", "sticker_info", "upload_source"),
)
BEGINNINGS = (
    *((b"\x89PNG", "image/png"), (b"GIF8", "image/gif"), (b"RIFF", "image/webp")),
    *((b"BM", "image/bmp"), (b"II*\0", "image/tiff"), (b"MM\0*", "image/tiff")),
)
_INITIALIZE: dict[str, type | tuple[type, ...]] = {
    "media_type": str,
    "media_category": str,
    "total_bytes": int,
    "shared": bool,
    "additional_owners": list,
}


async def initialize(call: Call) -> Answer:
    body = checked_body(call, _INITIALIZE, ("media_type", "media_category", "total_bytes"))
    types, most = _category(body["media_category"])
    if body["media_type"] not in types:
        raise errors.invalid(f"$.media_type: is not one of [{','.join(types)}]")
    if not 1 <= body["total_bytes"] <= most:
        raise errors.invalid(f"$.total_bytes: is not between 1 and {most}")
    medium = call.world.media.begin(
        call.caller.viewer, body["media_category"], body["media_type"], body["total_bytes"]
    )
    told = {"id": str(medium.id), "media_key": medium.key, "expires_after_secs": TO_UPLOAD_S}
    return Answer({"data": told})


def _category(given: str) -> tuple[tuple[str, ...], int]:
    if given not in CATEGORIES:
        raise errors.invalid(f"$.media_category: is not one of [{','.join(CATEGORIES)}]")
    return CATEGORIES[given]


async def append(call: Call) -> Answer:
    body = checked_body(
        call, {"media": (str, bytes), "segment_index": (int, str)}, ("media", "segment_index")
    )
    medium = _own(call, call.path_id("id"))
    index = ids.parse(str(body["segment_index"]))
    if index is None or index >= MOST_SEGMENTS:
        raise errors.invalid(f"$.segment_index: is not between 0 and {MOST_SEGMENTS - 1}")
    if medium.finalized_ms is not None:
        raise errors.invalid("The upload is finalized already.")
    call.world.media.append(medium, index, _content(body["media"]))
    expires_ms = medium.created_ms + TO_UPLOAD_S * clock.SECOND_MS
    return Answer({"data": {"expires_at": expires_ms // clock.SECOND_MS}})


def _content(given: str | bytes) -> bytes:
    """Bytes as they are, from a form; base64 in JSON."""
    try:
        return given if isinstance(given, bytes) else base64.b64decode(given, validate=True)
    except (binascii.Error, ValueError) as error:
        raise errors.invalid("$.media: is not valid base64") from error


async def finalize(call: Call) -> Answer:
    medium = _own(call, call.path_id("id"))
    if len(call.world.media.content(medium.id)) != medium.total_bytes:
        raise errors.invalid("Segments do not add up to provided total file size.")
    return Answer({"data": _told(_whole(call.world.media.finalize(medium)))})


def _whole(medium: Medium) -> Medium:
    """A picture is looked at during the call; a film that is none fails when it is worked on."""
    if medium.kind == "image" and not medium.is_whole:
        raise errors.invalid("$.media: is not a picture that can be read")
    return medium


async def status(call: Call) -> Answer:
    call.query_choices("command", ("STATUS",))
    (media_id,) = call.query_ids("media_id", most=1)
    return Answer({"data": _told(_own(call, media_id))})


async def upload(call: Call) -> Answer:
    """A picture at once."""
    allowed: dict[str, type | tuple[type, ...]] = {
        "media": (str, bytes),
        "media_category": str,
        "media_type": str,
        "additional_owners": (str, list),
    }
    body = checked_body(call, allowed, ("media", "media_category"))
    types, most = _category(body["media_category"])
    content = _content(body["media"])
    if not 1 <= len(content) <= most:
        raise errors.invalid(f"$.media: is not between 1 and {most} bytes")
    medium = call.world.media.upload(
        call.caller.viewer, body["media_category"], _type_of(content, types), content
    )
    return Answer({"data": _told(_whole(medium))})


def _type_of(content: bytes, types: tuple[str, ...]) -> str:
    begun = (kind for beginning, kind in BEGINNINGS if content.startswith(beginning))
    told = next(begun, types[0])
    return told if told in types else types[0]


def _own(call: Call, media_id: int) -> Medium:
    """An upload is known to whoever began it alone."""
    medium = call.world.media.get(media_id)
    if medium is None or medium.owner_id != call.caller.viewer or medium.is_forgotten:
        raise errors.not_found()
    return medium


def _told(medium: Medium) -> dict[str, Any]:
    told: dict[str, Any] = {
        "id": str(medium.id),
        "media_key": medium.key,
        "size": medium.total_bytes,
        "expires_after_secs": TO_ATTACH_S,
    }
    if medium.kind == "image":
        picture = {"image_type": medium.media_type, "w": medium.width, "h": medium.height}
        return {**told, "image": picture} if medium.finalized_ms else told
    state = medium.state()
    progress: dict[str, Any] = {"state": state}
    if state in ("pending", "in_progress"):
        progress |= {"check_after_secs": 1, "progress_percent": 0 if state == "pending" else 50}
    if state == "succeeded":
        progress["progress_percent"] = 100
        told["video"] = {"video_type": medium.media_type}
    return {**told, "processing_info": progress}


async def describe(call: Call) -> Answer:
    """Of all that X lets one say of a medium, the description is kept."""
    body = checked_body(call, {"id": str, "metadata": dict}, ("id",))
    medium = _own(call, ids.parse(body["id"]) or 0)
    metadata = checked(body.get("metadata", {}), dict.fromkeys(METADATA, dict))
    if "alt_text" in metadata:
        text = checked(metadata["alt_text"], {"text": str}, ("text",))["text"]
        if len(text) > LONGEST_ALT_TEXT:
            raise errors.invalid(f"$.text: is not between 0 and {LONGEST_ALT_TEXT}")
        call.world.media.describe(medium.id, text)
    return Answer({"data": {"id": str(medium.id), "associated_metadata": metadata}})


async def of_message(call: Call) -> Answer:
    """The bytes, for those two who can see the message."""
    message = call.world.messages.seen_by(call.caller.viewer, call.path_id("dm_id"))
    media_id = call.path_id("media_id")
    medium = call.world.media.get(media_id)
    if message is None or medium is None or media_id not in message.media_ids:
        raise errors.not_found()
    if call.path["resource_id"] != medium.resource:
        raise errors.not_found()
    return Answer(call.world.media.content(media_id), kind=medium.media_type)


_A_PIECE = Limits(user=1_875, app_day=180_000)
_WHOLE = Limits(user=500, app_day=50_000)
_UPLOAD = "/2/media/upload"
ENDPOINTS = (
    Endpoint("POST", f"{_UPLOAD}/initialize", initialize, _A_PIECE, WRITE),
    Endpoint("POST", f"{_UPLOAD}/{{id}}/append", append, _A_PIECE, WRITE),
    Endpoint("POST", f"{_UPLOAD}/{{id}}/finalize", finalize, _A_PIECE, WRITE),
    Endpoint(
        "GET",
        _UPLOAD,
        status,
        Limits(user=1_000, app_day=100_000),
        WRITE,
        parameters=frozenset({"command", "media_id"}),
    ),
    Endpoint("POST", _UPLOAD, upload, _WHOLE, WRITE),
    Endpoint("POST", "/2/media/metadata", describe, _WHOLE, WRITE),
    Endpoint(
        "GET",
        "/2/dm_conversations/media/{dm_id}/{media_id}/{resource_id}",
        of_message,
        Limits(),
        READ,
    ),
)
