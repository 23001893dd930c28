"""Writing files and deleting them. The row comes first and goes last: whatever breaks off in
between, no file lies anywhere that nobody knows of."""

from __future__ import annotations

import time
from collections.abc import Iterator
from io import SEEK_END
from typing import Any, BinaryIO

import structlog
from django.core.files import File
from django.core.files.storage import storages
from django.db import IntegrityError, transaction

from accounts import clock
from accounts.doorbell import ring_now
from inbox.models import Attachment, Enclosure, MediaFile

# A worker gives way after this, well before its task is ended (CELERY_TASK_TIME_LIMIT).
GIVE_WAY_AFTER_SECONDS = 20.0

Owner = Attachment | Enclosure
log = structlog.get_logger(__name__)


class Vanished(Exception):
    """What the file was for is gone: its message was deleted or changed meanwhile."""


def storage() -> Any:
    """Of media; `storages.Folder` and what else can do as much."""
    return storages["media"]


def write(
    owner: Owner,
    role: MediaFile.Role,
    content: BinaryIO,
    media_type: str,
    *,
    width: int = 0,
    height: int = 0,
) -> MediaFile:
    """Not inside a transaction: the row must be there when the writing breaks off.

    What an earlier try has left of the same role is let go. Raises Vanished.
    """
    MediaFile.objects.filter(**held_by(owner), role=role).update(attachment=None, enclosure=None)
    size = size_of(content)
    file = add_row(owner, role=role, media_type=media_type, size=size, width=width, height=height)
    storage().save(file.name, File(content))
    file.written_at = clock.now()
    MediaFile.objects.filter(pk=file.pk).update(written_at=file.written_at)
    return file


def held_by(owner: Owner) -> dict[str, Owner]:
    return {"attachment" if isinstance(owner, Attachment) else "enclosure": owner}


def size_of(content: BinaryIO) -> int:
    """In bytes. Leaves the file at its start."""
    content.seek(0, SEEK_END)
    size = content.tell()
    content.seek(0)
    return size


def add_row(owner: Owner, **facts: Any) -> MediaFile:
    """Raises Vanished."""
    try:
        return MediaFile.objects.create(**held_by(owner), **facts)
    except IntegrityError:
        raise Vanished from None


def part(file: MediaFile, first: int, count: int) -> Iterator[bytes]:
    """`count` bytes from the byte `first` on. Raises FileNotFoundError."""
    found: Iterator[bytes] = storage().part(file.name, first, count)
    return found


def delete_left_behind() -> int:
    """Deletes the files that nothing shows any more; rings again when more are left. Returns how
    many went."""
    ends_at, deleted = time.monotonic() + GIVE_WAY_AFTER_SECONDS, 0
    while delete_one():
        deleted += 1
        if time.monotonic() >= ends_at:
            ring_now("inbox.delete_media", queue="media")
            break
    if deleted:
        log.info("media deleted", files=deleted)
    return deleted


@transaction.atomic
def delete_one() -> bool:
    """Deleting a file that is gone already is no error, so that a worker may die in between."""
    rows = MediaFile.objects.left_behind().select_for_update(skip_locked=True)
    file = rows.order_by("id").first()
    if file is None:
        return False
    storage().delete(file.name)
    file.delete()
    return True
