"""Pictures drawn anew: what was seen stays, what was hidden in the file does not (trust F4).

Where somebody was when they took it, comments and whatever else can stand behind a picture's pixels
are left behind. A picture that would take too much memory is refused by its header.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

from PIL import Image, ImageOps

MOST_PIXELS = 24_000_000
# The still of a bubble, at twice the size in which it is shown there.
STILL_WIDTH, STILL_HEIGHT = 768, 384
FORMATS = {
    "image/jpeg": "JPEG",
    "image/png": "PNG",
    "image/webp": "WEBP",
    "image/gif": "GIF",
}
QUALITY = 90
STILL_QUALITY = 82
# What the library raises at files that are none, or not whole.
UNREADABLE = (
    *(OSError, SyntaxError, ValueError, TypeError, IndexError, EOFError),
    *(struct.error, zlib.error),
)


class BadPicture(Exception):
    """We don't show this; the words say why."""


@dataclass(frozen=True, slots=True)
class Picture:
    content: bytes
    media_type: str
    width: int
    height: int


def drawn(file: BinaryIO, media_type: str) -> Image.Image:
    """The pixels and nothing else, upright; of an animation its first moment. Raises BadPicture."""
    with opened(file, media_type) as image:
        ImageOps.exif_transpose(image, in_place=True)
        mode = "RGBA" if image.has_transparency_data else "RGB"
        plain = image if image.mode == mode else image.convert(mode)
        plain.load()
        # Comments and profiles stand in here, and some formats write them out again.
        plain.info = {}
    return plain


def whole(image: Image.Image, media_type: str) -> Picture:
    """In the form in which it came: `image/jpeg`, `image/png` or `image/webp`."""
    return written(image, media_type, QUALITY)


def still(image: Image.Image) -> Picture:
    """Small enough for a bubble; one that is smaller keeps its size."""
    scale = min(1.0, STILL_WIDTH / image.width, STILL_HEIGHT / image.height)
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    shown = image if scale == 1 else image.resize(size, Image.Resampling.LANCZOS)
    return written(shown, "image/png" if image.mode == "RGBA" else "image/jpeg", STILL_QUALITY)


@contextmanager
def opened(file: BinaryIO, media_type: str) -> Iterator[Image.Image]:
    """An image of which only the header is read. Raises BadPicture, also for what goes wrong later
    while its pixels are."""
    file.seek(0)
    try:
        with Image.open(file, formats=[FORMATS[media_type]]) as image:
            if image.width * image.height > MOST_PIXELS:
                raise BadPicture(too_many(image.width, image.height))
            yield image
    except Image.DecompressionBombError:
        raise BadPicture("This picture is too large to be shown.") from None
    except UNREADABLE:
        raise BadPicture("This picture is damaged.") from None


def too_many(width: int, height: int) -> str:
    return f"This picture is too large to be shown: {width} by {height} points."


def written(image: Image.Image, media_type: str, quality: int) -> Picture:
    content = io.BytesIO()
    seen = image.convert("RGB") if media_type == "image/jpeg" else image
    seen.save(content, FORMATS[media_type], quality=quality)
    return Picture(content.getvalue(), media_type, image.width, image.height)
