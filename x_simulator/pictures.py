"""Profile pictures: a small pattern of one's own for everybody, drawn from the user id."""

import colorsys
import hashlib
import struct
import zlib

CELLS, CELL_PX, MARGIN_PX = 5, 8, 4
SIZE_PX = CELLS * CELL_PX + 2 * MARGIN_PX


def png(user_id: int) -> bytes:
    """48 by 48 pixels, mirrored left to right, two colours."""
    seed = hashlib.sha256(str(user_id).encode()).digest()
    rows = b"".join(b"\x00" + bytes(_row(seed, y)) for y in range(SIZE_PX))
    header = struct.pack(">IIBBBBB", SIZE_PX, SIZE_PX, 8, 3, 0, 0, 0)
    parts = (
        (b"IHDR", header),
        (b"PLTE", _colours(seed)),
        (b"IDAT", zlib.compress(rows)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, content) for kind, content in parts)


def _row(seed: bytes, y: int) -> list[int]:
    return [_pixel(seed, x, y) for x in range(SIZE_PX)]


def _pixel(seed: bytes, x: int, y: int) -> int:
    column, row = (x - MARGIN_PX) // CELL_PX, (y - MARGIN_PX) // CELL_PX
    if not (0 <= column < CELLS and 0 <= row < CELLS):
        return 0
    mirrored = min(column, CELLS - 1 - column)
    return seed[row * CELLS + mirrored] & 1


def _colours(seed: bytes) -> bytes:
    """A pale ground and a strong figure of one hue."""
    hue = seed[-1] / 256
    pale, strong = colorsys.hls_to_rgb(hue, 0.9, 0.55), colorsys.hls_to_rgb(hue, 0.42, 0.6)
    return bytes(round(part * 255) for part in (*pale, *strong))


def _chunk(kind: bytes, content: bytes) -> bytes:
    checked = kind + content
    return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))
