"""A file on its way to X, as the handle that will send it: in pieces, then X works on it
(reference: x-api §4). What comes of it is good for a day, and for that handle alone.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from inbox.media.sendable import KINDS, Kind, largest_on_x
from inbox.models.media_file import MB
from twitter_sync.answers import Answer, one_line
from twitter_sync.errors import TooLarge, Unconfirmed, XError

PIECE_BYTES = MB
DAY_SECONDS = 86_400
# X says when to ask again: never more often than this, nor much later.
SHORTEST_WAIT, LONGEST_WAIT = 1.0, 30.0
PROCESSING = timedelta(minutes=10)
# X's words for the kinds.
CATEGORIES = {Kind.PHOTO: "image", Kind.GIF: "gif", Kind.VIDEO: "video"}


class NotTaken(XError):
    """A kind of file that X does not take: no call was made."""

    default_reason = "X takes JPEG, PNG, WebP and GIF pictures, and MP4 films."


class ProcessingFailed(XError):
    """X has the file and can't use it."""

    default_reason = "X could not read this file."


class StillProcessing(XError):
    """X works on the file longer than we wait. Its upload may be asked for again."""

    default_reason = "X is still working on this file."


def kind_of(media_type: str, total_bytes: int) -> Kind:
    """Raises NotTaken and TooLarge, before a byte is sent."""
    kind = KINDS.get(media_type)
    if kind is None:
        raise NotTaken(endpoint="upload_initialize")
    most = largest_on_x(kind)
    if total_bytes > most:
        raise TooLarge(f"X takes at most {most // MB} MB of this.", endpoint="upload_initialize")
    return kind


def category(kind: Kind, *, for_dm: bool) -> str:
    return f"{'dm' if for_dm else 'tweet'}_{CATEGORIES[kind]}"


def expiry(told: dict[str, Any], since: datetime) -> datetime:
    """A day later, or sooner where X says so."""
    seconds = told.get("expires_after_secs")
    if not isinstance(seconds, int) or not 0 <= seconds <= DAY_SECONDS:
        seconds = DAY_SECONDS
    return since + timedelta(seconds=seconds)


def is_pending(told: dict[str, Any]) -> bool:
    """No word of processing means that there is none. Raises ProcessingFailed."""
    info = told.get("processing_info")
    state = info.get("state") if isinstance(info, dict) else "succeeded"
    if state == "failed":
        raise ProcessingFailed(said_of(info), endpoint="upload_status")
    return state != "succeeded"


def said_of(info: Any) -> str:
    error = info.get("error")
    words = error.get("message") if isinstance(error, dict) else ""
    return one_line(words) if isinstance(words, str) else ""


def pause_of(told: dict[str, Any]) -> timedelta:
    """Compared before it is anything: JSON can have numbers that are none, or beyond all floats."""
    asked = told["processing_info"].get("check_after_secs")
    is_longer = isinstance(asked, int | float) and asked > SHORTEST_WAIT
    return timedelta(seconds=min(asked, LONGEST_WAIT) if is_longer else SHORTEST_WAIT)


def percent_of(told: dict[str, Any]) -> int:
    info = told.get("processing_info")
    percent = info.get("progress_percent") if isinstance(info, dict) else None
    return percent if isinstance(percent, int) and 0 <= percent <= 100 else 0


def told_of(answer: Answer) -> dict[str, Any]:
    """What X tells of an upload. Raises Unconfirmed."""
    told = answer.get("data")
    if not isinstance(told, dict):
        raise Unconfirmed("X's answer does not tell of the upload.", endpoint="upload_status")
    return told
