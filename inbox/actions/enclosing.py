"""Files for a reply: chosen, described, removed, sent with it, and taken out again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, BinaryIO

import structlog
from django.core.exceptions import PermissionDenied

from accounts.access import require_role
from accounts.doorbell import ring
from accounts.models import Role, User
from inbox.actions.fetching import store
from inbox.media.files import Vanished, size_of
from inbox.media.kinds import kind_of
from inbox.media.pictures import BadPicture
from inbox.media.sendable import NotSendable, check_size, check_together, kind_to_send
from inbox.models import Attachment, Conversation, Enclosure, MediaFile, Message, Thread
from inbox.models.enclosure import LONGEST_ALT_TEXT
from inbox.text.plain import writable

LONGEST_NAME = 60

log = structlog.get_logger(__name__)


def enclose(thread: Thread, *, by: User, name: str, content: BinaryIO) -> Enclosure:
    """Keeps a file for the next reply of `by`, without what was hidden in it. What it is, its bytes
    say. Not inside a transaction: its row must be there when the writing breaks off.

    Raises NotSendable, TooManyFiles, EnclosureGone.
    """
    require_role(by, thread.brand_id, Role.AGENT)
    name = short(name)
    kind = kind_to_send(kind_of(content), name)
    check_size(kind, size_of(content), name)
    before = Enclosure.objects.visible_to(by).whole().on_path_of(thread)
    kinds = [*before.values_list("kind", flat=True), kind]
    check_together(kinds, is_public=thread.is_public)
    enclosure = Enclosure.objects.create(thread=thread, author=by, name=name, kind=kind)
    try:
        fill(enclosure, content)
    except Exception:
        enclosure.delete()
        raise
    return enclosure


def fill(enclosure: Enclosure, content: BinaryIO) -> None:
    """A picture that is drawn anew may become larger than it came. Raises NotSendable, and
    EnclosureGone where it was erased with the conversation meanwhile."""
    try:
        held = store(enclosure, content)
    except BadPicture as bad:
        raise NotSendable(f"“{enclosure.name}” can’t be sent. {bad} Choose another.") from bad
    except Vanished as gone:
        raise EnclosureGone from gone
    whole = enclosure.files.filter(role=MediaFile.Role.WHOLE).first()
    if whole is None:
        raise EnclosureGone
    check_size(Attachment.Kind(enclosure.kind), whole.size, enclosure.name)
    enclosure.width, enclosure.height = held.width, held.height
    write(enclosure, width=held.width, height=held.height)


def write(enclosure: Enclosure, **facts: Any) -> None:
    """Raises EnclosureGone for what has become an attachment, or is no more."""
    if not Enclosure.objects.filter(pk=enclosure.pk).update(**facts):
        raise EnclosureGone


def short(name: str) -> str:
    """One line that fits beside a picture, its end with it: there is the kind of file."""
    line = " ".join(writable(name).split()) or "The file"
    half = LONGEST_NAME // 2
    return line if len(line) <= LONGEST_NAME else f"{line[:half]}…{line[1 - half :]}"


def describe(enclosure: Enclosure, *, by: User, alt_text: str) -> None:
    """What is to be seen, for those who can't see it. Raises EnclosureGone."""
    require_own(enclosure, by)
    enclosure.alt_text = described(alt_text)
    write(enclosure, alt_text=enclosure.alt_text)


def require_own(enclosure: Enclosure, by: User) -> None:
    """Raises PermissionDenied."""
    require_role(by, enclosure.thread.brand_id, Role.AGENT)
    if enclosure.author_id != by.pk:
        raise PermissionDenied("This file is a colleague's.")


def described(alt_text: str) -> str:
    return writable(alt_text)[:LONGEST_ALT_TEXT]


def remove(enclosure: Enclosure, *, by: User) -> None:
    """Its files are left behind, and deleted by a worker."""
    require_own(enclosure, by)
    enclosure.delete()


# With a reply


class EnclosureGone(Exception):
    """A file that was to go with a reply is not there any more, or is another conversation's."""

    def __init__(self) -> None:
        super().__init__(
            "A file is not here any more; after a day it is let go. Attach it again, then send."
        )


def chosen_for(
    thread: Thread, conversation: Conversation, *, by: User, described_as: Mapping[int, str]
) -> list[Enclosure]:
    """What goes with a reply of `by`, in their order, each with its alt text; nothing is saved yet.

    Raises EnclosureGone, TooManyFiles.
    """
    own = Enclosure.objects.visible_to(by).whole().select_for_update(of=("self",))
    rows = own.filter(thread__conversation=conversation, thread__kind=thread.kind)
    found = rows.in_bulk(list(described_as))
    if len(found) < len(described_as):
        raise EnclosureGone
    enclosures = [found[pk] for pk in described_as]
    for enclosure in enclosures:
        enclosure.alt_text = described(described_as[enclosure.pk])
    check_together([one.kind for one in enclosures], is_public=thread.is_public)
    return enclosures


def attach(message: Message, enclosures: Iterable[Enclosure]) -> None:
    """They are the message's from now on, to be uploaded to X before it is sent."""
    for enclosure in enclosures:
        attachment = Attachment.objects.create(
            message=message,
            kind=enclosure.kind,
            # Until X has given it one.
            media_key=f"ours_{enclosure.pk}",
            name=enclosure.name,
            alt_text=enclosure.alt_text,
            width=enclosure.width,
            height=enclosure.height,
            state=Attachment.State.HELD,
            upload=Attachment.Upload.WAITING,
        )
        enclosure.files.update(attachment=attachment, enclosure=None)
        enclosure.delete()
        # For each of them, so that as many workers bring them at once.
        ring("twitter_sync.upload_media", queue="media")


def take_out(message: Message, *, by: User) -> None:
    """The files of a message that was taken back: they are of the next reply of `by`."""
    for attachment in message.attachments.exclude(upload=Attachment.Upload.NONE):
        enclosure = Enclosure.objects.create(
            thread_id=message.thread_id,
            author=by,
            name=attachment.name,
            kind=attachment.kind,
            alt_text=attachment.alt_text,
            width=attachment.width,
            height=attachment.height,
        )
        attachment.files.update(enclosure=enclosure, attachment=None)
        attachment.delete()


# From the clock


def let_go_abandoned() -> int:
    """What was chosen a day ago and never sent. Returns how many."""
    _, told = Enclosure.objects.abandoned().delete()
    count = told.get(Enclosure._meta.label, 0)
    if count:
        log.info("files never sent are let go", files=count)
    return count
