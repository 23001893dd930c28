"""Replies with files, and what X has of them."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from accounts import clock
from accounts.models import BrandAccount, User
from inbox.actions.replies import Said, reply
from inbox.models import Message, Thread
from inbox.models.attachment import first_to_upload
from tests.factories import make_enclosure
from tests.pictures import picture
from tests.stack import until
from tests.x import Simulator
from twitter_sync.actions.sending import send_next
from twitter_sync.actions.uploading import upload_due
from twitter_sync.models import MediaUpload

WITHIN_SECONDS = 60.0


def say(
    thread: Thread, by: User, text: str = "Here it is.", files: tuple[bytes, ...] = (picture(),)
) -> Message:
    enclosed = {make_enclosure(thread, by, content).pk: "A parcel" for content in files}
    return reply(thread, Said(text, uuid4(), enclosed=enclosed), by=by)


def bring(message: Message) -> Message:
    """All of its files to X, however long X works on them, or until it is known that they can't."""

    def is_done() -> Message | None:
        MediaUpload.objects.update(due_at=clock.now())
        upload_due()
        fresh = Message.objects.get(pk=message.pk)
        is_waiting = fresh.state == "queued" and first_to_upload(fresh.attachments.all())
        return None if is_waiting else fresh

    found: Message = until(is_done, within=WITHIN_SECONDS)
    return found


def send(message: Message) -> Message:
    send_next(message.conversation_id)
    return Message.objects.get(pk=message.pk)


def on_x(simulator: Simulator, brand: BrandAccount, kind: str) -> list[dict[str, Any]]:
    who = "sender_id" if kind == "dms" else "author_id"
    return [one for one in simulator.get("ledger")[kind] if one[who] == brand.x_user_id]
