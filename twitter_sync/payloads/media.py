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
FILM = "video/mp4"
# Good enough to see what a customer means, at a size that is fetched in seconds.
BIT_RATE = 2_500_000
LONGEST_SIDE = 100_000


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
        url=film_of(source.get("variants"))
        or web_address(either(source, "url", "preview_image_url")),
        alt_text=text(source.get("alt_text")),
        preview_url=web_address(source.get("preview_image_url")),
        width=side(source.get("width")),
        height=side(source.get("height")),
    )


def read_older(items: Any) -> tuple[Media, ...]:
    """Objects of the older form: `{"id_str", "type", "media_url_https"}`."""
    found = {media.key: media for item in records(items) if (media := older(item))}
    return tuple(found.values())


def older(source: Record) -> Media | None:
    """Of a film the older form has the still where a picture has itself."""
    media_id, kind = optional_id(either(source, "id_str", "id")), text(source.get("type"))
    if media_id is None:
        return None
    film = film_of(optional_record(source.get("video_info")).get("variants"))
    shown = web_address(either(source, "media_url_https", "media_url"))
    large = optional_record(optional_record(source.get("sizes")).get("large"))
    return Media(
        key=f"{KEY_PREFIXES.get(kind, '0')}_{media_id}",
        kind=KINDS.get(kind, "other"),
        url=film or shown,
        alt_text=text(source.get("ext_alt_text")),
        preview_url=shown if film else "",
        width=side(large.get("w")),
        height=side(large.get("h")),
    )


def film_of(variants: Any) -> str:
    """Where the film is in the best form that isn't too large, else in the smallest; "" if none."""
    rated = {
        bit_rate(item): address
        for item in records(variants)
        if item.get("content_type") == FILM and (address := web_address(item.get("url")))
    }
    if not rated:
        return ""
    fitting = [rate for rate in rated if rate <= BIT_RATE]
    return rated[max(fitting) if fitting else min(rated)]


def bit_rate(variant: Record) -> int:
    told = either(variant, "bit_rate", "bitrate")
    return told if isinstance(told, int) else 0


def side(value: Any) -> int:
    """Of a picture in pixels; 0 where nothing sensible is told."""
    return value if isinstance(value, int) and 0 < value <= LONGEST_SIDE else 0


def web_address(value: Any) -> str:
    """An address that fits our column, else nothing. The simulator's have no https; what may be
    fetched is for `safe_fetch` to say."""
    address = text(value)
    return address if address.startswith(("https://", "http://")) and len(address) <= 500 else ""
