"""Media of a message in X's two forms, as the same records with the same keys."""

from __future__ import annotations

from typing import Any

from twitter_sync.payloads.reading import (
    Record,
    either,
    optional_id,
    optional_record,
    records,
    text,
)
from twitter_sync.payloads.records import Media

KINDS = {"photo": "photo", "animated_gif": "gif", "video": "video"}
# X makes a media key of a media id with these; the older payloads have the id alone.
KEY_PREFIXES = {"photo": "3", "animated_gif": "16", "video": "7"}


def read_attached(attachments: Any, includes: Record) -> tuple[Media, ...]:
    """`{"media_keys": […]}`, looked up in the includes; a key that isn't there is kept bare."""
    keys = optional_record(attachments).get("media_keys")
    told = {text(item.get("media_key")): item for item in records(includes.get("media"))}
    named = [text(key) for key in keys] if isinstance(keys, list) else []
    return tuple(read_media(key, told.get(key, {})) for key in dict.fromkeys(named) if key)


def read_media(key: str, source: Record) -> Media:
    return Media(
        key=key,
        kind=KINDS.get(text(source.get("type")), "other"),
        url=web_address(either(source, "url", "preview_image_url")),
        alt_text=text(source.get("alt_text")),
    )


def read_older(items: Any) -> tuple[Media, ...]:
    """Objects of the older form: `{"id_str", "type", "media_url_https"}`."""
    found = {media.key: media for item in records(items) if (media := older(item))}
    return tuple(found.values())


def older(source: Record) -> Media | None:
    media_id, kind = optional_id(either(source, "id_str", "id")), text(source.get("type"))
    if media_id is None:
        return None
    return Media(
        key=f"{KEY_PREFIXES.get(kind, '0')}_{media_id}",
        kind=KINDS.get(kind, "other"),
        url=web_address(either(source, "media_url_https", "media_url")),
        alt_text=text(source.get("ext_alt_text")),
    )


def web_address(value: Any) -> str:
    """An address that fits our column, else nothing."""
    address = text(value)
    return address if address.startswith("https://") and len(address) <= 500 else ""
