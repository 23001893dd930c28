"""Media of a message, as X tells of them."""

from __future__ import annotations

from accounts.doorbell import ring
from inbox import rows
from inbox.models import Attachment, Message
from inbox.text.plain import storable
from inbox.utterance import Utterance


def keep_media(message: Message, utterance: Utterance) -> None:
    write_media(media_of(message, utterance))


def media_of(message: Message, utterance: Utterance) -> list[Attachment]:
    """Not written yet: of many messages they are written at once."""
    return [
        Attachment(
            message=message,
            kind=media.kind,
            media_key=media.media_key,
            source_url=media.source_url,
            alt_text=storable(media.alt_text),
            preview_url=media.preview_url,
            width=media.width,
            height=media.height,
        )
        for media in utterance.media
    ]


def write_media(attachments: list[Attachment]) -> None:
    """Of one that is there already, nothing changes."""
    rows.written(attachments, "ON CONFLICT DO NOTHING")
    if attachments:
        ring("twitter_sync.fetch_media", queue="media")
