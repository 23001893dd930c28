"""Media of a message: wanted, fetched by a worker, and held, or why they are not.

What fetches them is another part of the house: it takes a row, brings the bytes or a reason, and
settles it here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO
from typing import BinaryIO

from django.db import transaction

from accounts import clock
from accounts.access import require_role
from accounts.doorbell import ring
from accounts.models import Role, User
from inbox.actions.recording import keep, locked_around
from inbox.media import pictures
from inbox.media.files import Owner, write
from inbox.media.kinds import FILM, GIF, UNKNOWN, kind_of
from inbox.media.pictures import BadPicture, Picture
from inbox.models import Attachment, MediaFile
from inbox.models.attachment import AttachmentQuerySet
from inbox.text.plain import storable
from inbox.utterance import Media

State = Attachment.State
Part = MediaFile.Role

# Longer than it takes to fetch a film, and its still, and to store both.
LEASE = timedelta(minutes=3)
# Over an hour, as the pauses between them grow.
MOST_ATTEMPTS = 12


@dataclass(frozen=True, slots=True)
class Held:
    """The files are stored. Sizes are of the whole, 0 where nobody knows."""

    width: int = 0
    height: int = 0


@dataclass(frozen=True, slots=True)
class Gone:
    """X has it no more."""


@dataclass(frozen=True, slots=True)
class Refused:
    """It is not to be had, or we don't take it; `reason` is for people."""

    reason: str


@dataclass(frozen=True, slots=True)
class Later:
    """To be tried again at `until`. `counts`: as one of the tries that a row has."""

    until: datetime
    reason: str
    counts: bool = True


Fate = Held | Gone | Refused | Later


def describe(rows: AttachmentQuerySet, told: Media) -> None:
    """What X tells later of media of which it first told no more than a key."""
    rows.update(
        kind=told.kind,
        source_url=told.source_url,
        preview_url=told.preview_url,
        alt_text=storable(told.alt_text),
        width=told.width,
        height=told.height,
    )


@transaction.atomic
def take(rows: AttachmentQuerySet) -> Attachment | None:
    """The newest that is due among `rows`, leased to the caller; None when there is none.

    Commit this before anything is fetched.
    """
    due = rows.due().select_for_update(skip_locked=True, of=("self",))
    attachment = due.order_by("-id").first()
    if attachment is None:
        return None
    attachment.attempts += 1
    attachment.lease_until = clock.now() + LEASE
    attachment.save(update_fields=["attempts", "lease_until"])
    return attachment


def store(owner: Owner, fetched: BinaryIO, preview: BinaryIO | None = None) -> Held:
    """Makes harmless and writes what was fetched; `preview` is the still of a film.

    Raises BadPicture, and Vanished when the message is gone. Not inside a transaction.
    """
    kind = kind_of(fetched)
    if kind == UNKNOWN:
        write(owner, Part.WHOLE, fetched, UNKNOWN)
        return Held()
    if kind == FILM:
        write(owner, Part.WHOLE, fetched, FILM)
        return store_still_of_film(owner, preview)
    image = pictures.drawn(fetched, kind)
    if kind == GIF:
        write(owner, Part.WHOLE, fetched, GIF, width=image.width, height=image.height)
    else:
        write_picture(owner, Part.WHOLE, pictures.whole(image, kind))
    write_picture(owner, Part.STILL, pictures.still(image))
    return Held(image.width, image.height)


def store_still_of_film(owner: Owner, preview: BinaryIO | None) -> Held:
    """A film whose still can't be used is shown without."""
    known = Held(owner.width, owner.height)
    if preview is None or (kind := kind_of(preview)) not in pictures.FORMATS:
        return known
    try:
        image = pictures.drawn(preview, kind)
    except BadPicture:
        return known
    write_picture(owner, Part.STILL, pictures.still(image))
    return known if known.width else Held(image.width, image.height)


def write_picture(owner: Owner, role: MediaFile.Role, picture: Picture) -> None:
    content, size = BytesIO(picture.content), (picture.width, picture.height)
    write(owner, role, content, picture.media_type, width=size[0], height=size[1])


@transaction.atomic
def settle(attachment: Attachment, fate: Fate) -> None:
    """What became of a try. One whose message was deleted or changed meanwhile is gone, and its
    files are left behind."""
    rows = Attachment.objects.filter(pk=attachment.pk)
    named = rows.select_related("message").first()
    if named is None:
        return
    conversation = locked_around(named.message)
    current = rows.select_for_update().first()
    if current is None:
        return
    is_news = settled(current, fate)
    current.lease_until = None
    current.save()
    if is_news:
        keep(conversation, what="message")


def settled(attachment: Attachment, fate: Fate) -> bool:
    """Writes `fate` down. Whether the desk has anything else to show than before."""
    if isinstance(fate, Later):
        attachment.attempts -= 0 if fate.counts else 1
        attachment.due_at = fate.until
        if attachment.attempts < MOST_ATTEMPTS:
            return False
        fate = Refused(fate.reason)
    if isinstance(fate, Held):
        attachment.state, attachment.reason = State.HELD, ""
        attachment.width, attachment.height = fate.width, fate.height
    elif isinstance(fate, Gone):
        attachment.state, attachment.reason = State.GONE, ""
    else:
        attachment.state, attachment.reason = State.REFUSED, fate.reason[:300]
    return True


@transaction.atomic
def try_again(attachment: Attachment, *, by: User) -> None:
    """What could not be had is wanted once more. Twice is once. Agents."""
    require_role(by, attachment.message.brand_id, Role.AGENT)
    conversation = locked_around(attachment.message)
    refused = Attachment.objects.filter(pk=attachment.pk, state=State.REFUSED)
    asked = refused.update(state=State.WANTED, reason="", attempts=0, due_at=clock.now())
    if asked:
        keep(conversation, what="message")
        ring("twitter_sync.fetch_media", queue="media")
