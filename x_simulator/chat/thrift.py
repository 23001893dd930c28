"""As much of Thrift's binary protocol as X's chat events are written in."""

import struct
from collections.abc import Mapping, Sequence

BOOL, STRING, STRUCT, LIST = 2, 11, 12, 15
END = b"\0"


class Struct(bytes):
    """A whole one, its end included."""


Value = str | bytes | bool | Struct | Sequence[Struct]


def written(fields: Mapping[int, Value]) -> Struct:
    """In the given order, by their numbers."""
    return Struct(b"".join(_field(number, value) for number, value in fields.items()) + END)


def _field(number: int, value: Value) -> bytes:
    if isinstance(value, bool):
        return _head(BOOL, number) + bytes([value])
    if isinstance(value, Struct):
        return _head(STRUCT, number) + value
    if isinstance(value, str | bytes):
        raw = value.encode() if isinstance(value, str) else value
        return _head(STRING, number) + struct.pack(">i", len(raw)) + raw
    return _head(LIST, number) + struct.pack(">bi", STRUCT, len(value)) + b"".join(value)


def _head(kind: int, number: int) -> bytes:
    return struct.pack(">bh", kind, number)
