"""What a file is, by its bytes: names and headers are believed of nobody (trust R15)."""

from __future__ import annotations

from typing import BinaryIO

LOOKED_AT = 16
# Shown to nobody but as a file to keep.
UNKNOWN = "application/octet-stream"
FILM = "video/mp4"
GIF = "image/gif"
BEGINNINGS = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF87a": GIF,
    b"GIF89a": GIF,
}
EXTENSIONS = {
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/webp": ".webp",
    GIF: ".gif",
    FILM: ".mp4",
}
# Of the files that begin like a film these are: others are pictures of phones, or Apple's own.
FILM_BRANDS = {b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"M4V "}


def kind_of(file: BinaryIO) -> str:
    """The media type; UNKNOWN for everything that we don't show. Leaves the file at its start."""
    file.seek(0)
    beginning = file.read(LOOKED_AT)
    file.seek(0)
    for told, kind in BEGINNINGS.items():
        if beginning.startswith(told):
            return kind
    if beginning[:4] == b"RIFF" and beginning[8:12] == b"WEBP":
        return "image/webp"
    if beginning[4:8] == b"ftyp" and beginning[8:12] in FILM_BRANDS:
        return FILM
    return UNKNOWN


def extension_of(media_type: str) -> str:
    """With its dot, for who saves the file; "" for what has no kind."""
    return EXTENSIONS.get(media_type, "")
