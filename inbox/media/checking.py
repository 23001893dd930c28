"""Rows and files beside each other, as after a restore of one and not of the other.

A file that a row tells of and that is nowhere is wanted of X again. A file of which no row knows is
somebody's whose message was deleted or erased since, and goes.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from accounts import clock
from accounts.doorbell import ring
from inbox.media.files import storage
from inbox.models import Attachment, MediaFile
from inbox.models.media_file import SHELVES


@dataclass(frozen=True, slots=True)
class Checked:
    """How many attachments are wanted again, and how many files were deleted."""

    wanted: int = 0
    deleted: int = 0

    def __add__(self, other: Checked) -> Checked:
        return Checked(self.wanted + other.wanted, self.deleted + other.deleted)


def check() -> Checked:
    """Shelf by shelf: each holds one in so many of the files."""
    return sum((check_shelf(shelf) for shelf in SHELVES), Checked())


def check_shelf(shelf: str) -> Checked:
    """Files are looked at before rows: whoever writes one has made its row before."""
    begun = clock.now()
    there = set(storage().names(shelf))
    rows = MediaFile.objects.filter(key__startswith=shelf)
    known = {row.name: row for row in rows}
    strays = there - known.keys()
    for name in strays:
        storage().delete(name)
    missing = [
        row.attachment_id
        for name, row in known.items()
        if name not in there and row.written_at and row.written_at < begun and row.attachment_id
    ]
    return Checked(want_again(missing), len(strays))


@transaction.atomic
def want_again(attachment_ids: list[int]) -> int:
    if not attachment_ids:
        return 0
    held = Attachment.objects.filter(pk__in=attachment_ids, state=Attachment.State.HELD)
    MediaFile.objects.filter(attachment__in=held).update(attachment=None)
    wanted = held.update(state=Attachment.State.WANTED, attempts=0, due_at=clock.now())
    ring("twitter_sync.fetch_media", queue="media")
    return wanted
