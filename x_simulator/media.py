"""Pictures and films that people upload, piece by piece, to attach them to what they write.

An upload belongs to whoever began it, may be attached for 24 hours after its end, and is worked on
for a moment first when it is a film or an animation.
"""

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from x_simulator import clock, ids
from x_simulator.store import Row, Store, marks

State = Literal["pending", "in_progress", "succeeded", "failed"]
MOST_SEGMENTS = 1_000
TO_UPLOAD_S = 1_295_999
TO_ATTACH_S = 86_400
PENDING_MS, WORKED_ON_MS = 300, 900
MEGABYTE = 1024 * 1024
IMAGES = ("image/jpeg", "image/pjpeg", "image/png", "image/webp", "image/bmp", "image/tiff")
FILMS = ("video/mp4", "video/webm", "video/mp2t", "video/quicktime")
# What each category takes, and how much of it.
CATEGORIES: dict[str, tuple[tuple[str, ...], int]] = {
    "tweet_image": (IMAGES, 5 * MEGABYTE),
    "dm_image": (IMAGES, 5 * MEGABYTE),
    "tweet_gif": (("image/gif",), 15 * MEGABYTE),
    "dm_gif": (("image/gif",), 15 * MEGABYTE),
    "tweet_video": (FILMS, 512 * MEGABYTE),
    "dm_video": (FILMS, 512 * MEGABYTE),
    "amplify_video": (FILMS, 512 * MEGABYTE),
}
_KEYS = {"image": "3", "gif": "16", "video": "7"}
_BEGINNINGS: dict[str, tuple[int, bytes]] = {
    "image/jpeg": (0, b"\xff\xd8\xff"),
    "image/png": (0, b"\x89PNG\r\n\x1a\n"),
    "image/gif": (0, b"GIF8"),
    "image/webp": (8, b"WEBP"),
    "video/mp4": (4, b"ftyp"),
}


@dataclass(frozen=True, slots=True)
class Medium:
    id: int
    owner_id: int
    category: str
    media_type: str
    total_bytes: int
    created_ms: int
    finalized_ms: int | None
    width: int
    height: int
    is_whole: bool  # its bytes are what its type says
    alt_text: str = ""  # what is to be seen, in words

    @property
    def kind(self) -> str:
        """image, gif or video"""
        return self.category.rpartition("_")[2]

    @property
    def key(self) -> str:
        prefix = "13" if self.category == "amplify_video" else _KEYS[self.kind]
        return f"{prefix}_{self.id}"

    @property
    def resource(self) -> str:
        """The last part of its address."""
        return f"{ids.resource_of(self.id)}.{self.media_type.rpartition('/')[2]}"

    @property
    def is_forgotten(self) -> bool:
        """Begun, and not finished in time."""
        due_ms = self.created_ms + TO_UPLOAD_S * clock.SECOND_MS
        return self.finalized_ms is None and clock.now_ms() >= due_ms

    def state(self) -> State:
        if self.finalized_ms is None:
            return "pending"
        if not self.is_whole:
            return "failed"
        since = clock.now_ms() - self.finalized_ms
        if self.kind == "image" or since >= WORKED_ON_MS:
            return "succeeded"
        return "pending" if since < PENDING_MS else "in_progress"

    def may_be_attached_by(self, user_id: int, to: Literal["dm", "tweet"]) -> bool:
        fits = self.category.startswith(to) or (to, self.category) == ("tweet", "amplify_video")
        return (
            fits
            and self.owner_id == user_id
            and self.state() == "succeeded"
            and clock.now_ms() < (self.finalized_ms or 0) + TO_ATTACH_S * clock.SECOND_MS
        )


def _medium(row: Row) -> Medium:
    values: dict[str, Any] = {name: row[name] for name in row.keys()}  # noqa: SIM118 (a Row)
    return Medium(**{**values, "is_whole": bool(values["is_whole"])})


_COLUMNS = (
    "id, owner_id, category, media_type, total_bytes, created_ms, finalized_ms, width, height,"
    " is_whole, alt_text"
)


class Media:
    def __init__(self, store: Store, minter: ids.Minter) -> None:
        self._store = store
        self._minter = minter

    def begin(self, owner_id: int, category: str, media_type: str, total_bytes: int) -> Medium:
        media_id = self._minter.mint()
        self._store.write(
            "INSERT INTO media (id, owner_id, category, media_type, total_bytes, created_ms)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (media_id, owner_id, category, media_type, total_bytes, clock.now_ms()),
        )
        return self.by_ids([media_id])[media_id]

    def get(self, media_id: int) -> Medium | None:
        return self.by_ids([media_id]).get(media_id)

    def by_ids(self, media_ids: Iterable[int]) -> dict[int, Medium]:
        wanted = list(dict.fromkeys(media_ids))
        rows = self._store.rows(
            f"SELECT {_COLUMNS} FROM media WHERE id IN ({marks(len(wanted))})",  # noqa: S608 (placeholders only)
            wanted,
        )
        return {row["id"]: _medium(row) for row in rows}

    def append(self, medium: Medium, index: int, content: bytes) -> None:
        """A piece that comes again takes the place of the first."""
        self._store.write(
            "INSERT INTO media_segments (media_id, segment_index, content) VALUES (?, ?, ?)"
            " ON CONFLICT (media_id, segment_index) DO UPDATE SET content = excluded.content",
            (medium.id, index, content),
        )

    def content(self, media_id: int) -> bytes:
        rows = self._store.rows(
            "SELECT content FROM media_segments WHERE media_id = ? ORDER BY segment_index",
            (media_id,),
        )
        return b"".join(row["content"] for row in rows)

    def finalize(self, medium: Medium) -> Medium:
        """Twice is as good as once."""
        content = self.content(medium.id)
        at, beginning = _BEGINNINGS.get(medium.media_type, (0, b""))
        width, height = _size(content)
        self._store.write(
            "UPDATE media SET finalized_ms = ?, is_whole = ?, width = ?, height = ?"
            " WHERE id = ? AND finalized_ms IS NULL",
            (clock.now_ms(), int(content[at:].startswith(beginning)), width, height, medium.id),
        )
        return self.by_ids([medium.id])[medium.id]

    def describe(self, media_id: int, alt_text: str) -> None:
        described = "UPDATE media SET alt_text = ? WHERE id = ?"
        self._store.write(described, (alt_text, media_id))

    def upload(self, owner_id: int, category: str, media_type: str, content: bytes) -> Medium:
        """All at once."""
        with self._store.transaction():
            medium = self.begin(owner_id, category, media_type, len(content))
            self.append(medium, 0, content)
            return self.finalize(medium)


def _size(content: bytes) -> tuple[int, int]:
    """Width and height where they are easily read; otherwise those of an ordinary picture."""
    if content.startswith(b"\x89PNG\r\n\x1a\n") and len(content) >= 24:
        return struct.unpack(">II", content[16:24])
    if content.startswith(b"GIF8") and len(content) >= 10:
        return struct.unpack("<HH", content[6:10])
    return 1200, 675
