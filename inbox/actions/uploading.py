"""How far the files of a reply are on their way to X: told by whoever brings them, kept here, and
shown at the desk. The reply itself waits, and can be taken back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.db import transaction

from accounts.doorbell import ring
from inbox.actions.recording import keep, locked_around
from inbox.actions.sending import fail_unsent
from inbox.models import Attachment, Conversation, Message

Upload = Attachment.Upload


def report(attachment: Attachment, upload: Attachment.Upload, *, percent: int = 0) -> None:
    """`percent` of its bytes, or of X's work on it."""
    write(attachment, {"upload": upload, "upload_percent": percent})


def pause(attachment: Attachment, *, reason: str) -> None:
    """It waits for `reason`, and goes on by itself."""
    write(attachment, {"reason": reason[:300]})


@transaction.atomic
def ready(attachment: Attachment, *, media_key: str, usable_until: datetime) -> None:
    """X has it, under a key of its own; once it has all, the message is due."""
    facts = {"media_key": media_key, "usable_until": usable_until}
    if write(attachment, {"upload": Upload.READY, "upload_percent": 100, **facts}):
        conversation_id = attachment.message.conversation_id
        ring("twitter_sync.send", queue="send", conversation_id=conversation_id)


@transaction.atomic
def refuse(attachment: Attachment, *, reason: str) -> None:
    """X takes it neither now nor later: the message fails, with its words and files kept."""
    if write(attachment, {"upload": Upload.REFUSED, "upload_percent": 0}):
        name = f"“{attachment.name}”" if attachment.name else "A file"
        fail_unsent(attachment.message_id, f"{name} was not taken by X. {reason}")


@transaction.atomic
def write(attachment: Attachment, facts: Mapping[str, Any]) -> bool:
    """False when it is the message's no more, as when that was taken back. What it waited for is
    over, unless `facts` say otherwise."""
    conversation = hold(attachment)
    if conversation is None:
        return False
    if not Attachment.objects.filter(pk=attachment.pk).update(**{"reason": "", **facts}):
        return False
    keep(conversation, what="send")
    return True


def hold(attachment: Attachment) -> Conversation | None:
    """The conversation of a file, locked; None when no message has the file any more.

    Whoever takes a file back or erases a conversation locks that first, then what hangs on it. So
    must whoever writes of a file in several rows, or the two wait in a circle (trust G7).
    """
    message = Message.objects.filter(attachments=attachment).first()
    try:
        return locked_around(message) if message is not None else None
    except ObjectDoesNotExist:
        return None


def start_over(message: Message, *, also_ready: bool = False) -> None:
    """What X refused is uploaded once more; `also_ready`: what it had, too. Call with the
    conversation locked."""
    refused = [Upload.REFUSED, Upload.READY] if also_ready else [Upload.REFUSED]
    files = message.attachments.filter(upload__in=refused)
    if files.update(upload=Upload.WAITING, upload_percent=0, usable_until=None):
        ring("twitter_sync.upload_media", queue="media")
