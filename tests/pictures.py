"""Pictures and films for tests, drawn here: small, and of whatever kind and content is asked."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

from PIL import Image

WIDTH, HEIGHT = 64, 48
# Points that a bomb really has; the widest line there may be would take gigabytes to make.
LINE = 50_000
# As much of a film as a look at its first bytes takes.
FILM = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom" + b"\x00\x00\x00\x08free" * 500


def picture(
    form: str = "PNG", size: tuple[int, int] = (WIDTH, HEIGHT), mode: str = "RGB", **extra: Any
) -> bytes:
    """Its left half is red, its right half blue."""
    image = Image.new("RGB", size, "blue")
    image.paste("red", (0, 0, size[0] // 2, size[1]))
    content = io.BytesIO()
    image.convert(mode).save(content, form, **extra)
    return content.getvalue()


def animation(frames: int = 3) -> bytes:
    images = [Image.new("P", (40, 30), colour) for colour in range(frames)]
    content = io.BytesIO()
    images[0].save(content, "GIF", save_all=True, append_images=images[1:], duration=80)
    return content.getvalue()


def bomb(width: int, height: int) -> bytes:
    """A small PNG that says it has so many points; what it holds is the beginning of a line."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    line = zlib.compress(bytes(min(width, LINE) * 3 + 1), 9)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", line) + chunk(b"IEND", b"")
    )


def chunk(kind: bytes, content: bytes) -> bytes:
    checked = kind + content
    return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))


def seen(content: bytes) -> Image.Image:
    """As whoever looks at it sees it."""
    return Image.open(io.BytesIO(content))
