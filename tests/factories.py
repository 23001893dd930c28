"""Rows for tests, by plain functions. They write rows as they are: no deed of the product runs.

Ids on X are text and grow like snowflakes, one millisecond apart, so that order is by creation.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from io import BytesIO
from itertools import count
from typing import Any
from uuid import uuid4

from django.utils import timezone

from accounts.models import BrandAccount, Membership, Role, Team, User
from inbox.actions.enclosing import enclose
from inbox.actions.fetching import store
from inbox.models import Attachment, Contact, Conversation, Enclosure, Message, Note, Thread
from tests.pictures import picture

PASSWORD = "a long password of the cast"

_numbers = count(1)
_snowflakes = count(1_900_000_000_000_000_000, 1 << 22)


def next_number() -> int:
    return next(_numbers)


def next_x_id() -> str:
    """An id as X would give it, newer than all before."""
    return str(next(_snowflakes))


def make_brand(handle: str = "", **fields: Any) -> BrandAccount:
    handle = handle or f"brand{next_number()}"
    fields = {"x_user_id": next_x_id(), "name": handle.title(), "public_undo_seconds": 0, **fields}
    return BrandAccount.objects.create(handle=handle, **fields)


def make_user(
    name: str = "", brand: BrandAccount | None = None, role: Role = Role.AGENT, **fields: Any
) -> User:
    """Someone who can sign in with PASSWORD; with a brand, a member of it."""
    mailbox = name.split()[0].lower() if name else f"person{next_number()}"
    name = name or mailbox.title()
    fields = {"email": f"{mailbox}@example.com", "password": PASSWORD, **fields}
    user = User.objects.create_user(name=name, **fields)
    if brand is not None:
        make_membership(user, brand, role)
    return user


def make_membership(user: User, brand: BrandAccount, role: Role = Role.AGENT) -> Membership:
    return Membership.objects.create(user=user, brand=brand, role=role)


def make_team(
    brand: BrandAccount, name: str = "Front line", members: tuple[User, ...] = ()
) -> Team:
    team = Team.objects.create(brand=brand, name=name)
    team.members.set(members)
    return team


def make_contact(handle: str = "", **fields: Any) -> Contact:
    handle = handle or f"customer{next_number()}"
    fields = {"x_user_id": next_x_id(), "name": handle.title(), **fields}
    return Contact.objects.create(handle=handle, **fields)


def make_conversation(
    brand: BrandAccount, contact: Contact | None = None, **fields: Any
) -> Conversation:
    """Open, unassigned and without messages, unless `fields` say otherwise."""
    fields = {"last_activity_at": timezone.now(), **fields}
    return Conversation.objects.create(brand=brand, contact=contact or make_contact(), **fields)


def make_thread(
    conversation: Conversation, kind: str = "dm", x_conversation_id: str = ""
) -> Thread:
    """A reply path; the conversation's `has_dm` or `has_public` follows."""
    brand = conversation.brand
    named = {"dm": f"{conversation.contact.x_user_id}-{brand.x_user_id}", "public": next_x_id()}
    setattr(conversation, f"has_{kind}", True)
    conversation.save(update_fields=[f"has_{kind}"])
    return Thread.objects.create(
        conversation=conversation,
        brand=brand,
        kind=kind,
        x_conversation_id=x_conversation_id or named[kind],
    )


def make_message(
    thread: Thread, text: str = "Hello", *, ours: bool = False, **fields: Any
) -> Message:
    """A message received from the customer, or with `ours` one that X has accepted from us.

    The counters of the conversation follow: count, preview, last activity, who waits.
    """
    x_id = next_x_id()
    sent_at = fields.pop("sent_at", None) or timezone.now()
    message = Message.objects.create(
        **{
            "brand": thread.brand,
            "conversation": thread.conversation,
            "thread": thread,
            "kind": thread.kind,
            "transport": "post" if thread.is_public else "dm",
            "direction": "out" if ours else "in",
            "state": "sent" if ours else "received",
            "external_id": x_id,
            "sequence": int(x_id),
            "text": text,
            "sent_at": sent_at,
            **fields,
        }
    )
    _count(thread.conversation, message)
    return message


def _count(conversation: Conversation, message: Message) -> None:
    conversation.message_count += 1
    conversation.preview = message.plain_text[:160]
    conversation.preview_is_ours = message.is_ours
    conversation.last_activity_at = message.sent_at
    if not message.is_ours:
        conversation.unanswered_since = conversation.unanswered_since or message.sent_at
    elif message.state == "sent":
        conversation.unanswered_since = None
    conversation.save()


def make_attachment(message: Message, kind: str = "photo", **fields: Any) -> Attachment:
    """Told of by X and not fetched yet."""
    key = f"3_{next_x_id()}"
    source = f"https://pbs.twimg.com/media/{key}.jpg"
    fields = {"media_key": key, "source_url": source, **fields}
    return Attachment.objects.create(message=message, kind=kind, **fields)


def make_held(message: Message, content: bytes, kind: str = "photo", **fields: Any) -> Attachment:
    """An attachment whose files we hold, made of `content` as a worker makes them."""
    attachment = make_attachment(message, kind, **fields)
    held = store(attachment, BytesIO(content))
    attachment.state, attachment.width, attachment.height = "held", held.width, held.height
    attachment.save()
    return attachment


def make_enclosure(
    thread: Thread, author: User, content: bytes = b"", name: str = "parcel.png"
) -> Enclosure:
    """A file that `author` chose for a reply, as the pages keep it; a picture unless told."""
    return enclose(thread, by=author, name=name, content=BytesIO(content or picture()))


def make_note(
    conversation: Conversation, author: User, text: str = "Called her.", **fields: Any
) -> Note:
    fields = {"client_key": uuid4(), **fields}
    return Note.objects.create(conversation=conversation, author=author, text=text, **fields)


def minutes_ago(minutes: float) -> datetime:
    return timezone.now() - timedelta(minutes=minutes)
