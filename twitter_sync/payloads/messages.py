"""Direct messages: X's older form (in activity events of both products) and that of the pages."""

from __future__ import annotations

from twitter_sync.payloads.entities import read_entities
from twitter_sync.payloads.gathering import one_or_many
from twitter_sync.payloads.media import read_attached, read_older
from twitter_sync.payloads.reading import (
    Record,
    Unreadable,
    either,
    moment,
    optional_moment,
    optional_record,
    record,
    text,
    x_id,
)
from twitter_sync.payloads.records import DirectMessage, EncryptedMessage, Event, Signal, Unknown

ENVELOPE = (
    "conversation_token",
    "conversation_key_version",
    "encoded_event",
    "conversation_key_change_event",
)
SIGNATURE = ("public_key_version", "signature", "signature_version", "signing_public_key")


def read_older_message(source: Record, for_user_id: str | None) -> Event:
    """One of `direct_message_events`. It has no conversation id: that is made of the two ids."""
    if source.get("type") != "message_create":
        return Unknown(for_user_id, f"direct_message_events {text(source.get('type'))[:40]}")
    message_id = x_id(source.get("id"), "id of a direct message")
    create = record(source.get("message_create"), "message_create")
    said = record(create.get("message_data"), "message_data")
    sender = x_id(create.get("sender_id"), "sender_id")
    target = optional_record(create.get("target"))
    recipient = x_id(target.get("recipient_id"), "recipient_id")
    attachment = optional_record(said.get("attachment"))
    return DirectMessage(
        for_user_id=for_user_id,
        id=message_id,
        sender_id=sender,
        recipient_id=recipient,
        conversation_id=conversation_between(sender, recipient),
        text=text(said.get("text")),
        created_at=moment(source.get("created_timestamp"), message_id, "created_timestamp"),
        entities=read_entities(said.get("entities")),
        media=read_older(one_or_many(attachment.get("media"))),
    )


def conversation_between(one: str, other: str) -> str:
    """X's name of the conversation of two people: the smaller id first."""
    return "-".join(sorted((one, other), key=int))


def read_page_message(source: Record, includes: Record) -> Event:
    """One item of a page of DM events. Joining and leaving a group are only signals."""
    kind = text(source.get("event_type"))
    if kind in ("ParticipantsJoin", "ParticipantsLeave"):
        return Signal(None, kind)
    if kind != "MessageCreate":
        return Unknown(None, f"dm_events {kind[:40]}")
    message_id = x_id(source.get("id"), "id of a direct message")
    sender = x_id(source.get("sender_id"), "sender_id")
    conversation_id = text(source.get("dm_conversation_id"))
    return DirectMessage(
        for_user_id=None,
        id=message_id,
        sender_id=sender,
        recipient_id=other_side(conversation_id, sender),
        conversation_id=conversation_id,
        text=text(source.get("text")),
        created_at=moment(source.get("created_at"), message_id, "created_at"),
        entities=read_entities(source.get("entities")),
        media=read_attached(source.get("attachments"), includes),
    )


def other_side(conversation_id: str, sender: str) -> str | None:
    """The other one of two; None in a group. Raises Unreadable for what is neither."""
    one, dash, other = conversation_id.partition("-")
    if not dash:
        x_id(conversation_id or None, "dm_conversation_id")
        return None
    pair = (x_id(one, "dm_conversation_id"), x_id(other, "dm_conversation_id"))
    if sender not in pair:
        raise Unreadable("sender_id is not in dm_conversation_id")
    return pair[1] if sender == pair[0] else pair[0]


def read_encrypted(source: Record, for_user_id: str | None) -> EncryptedMessage:
    """`chat.received` and `chat.sent`. Path ids are `A-B`, events say `A:B`, groups `g…`."""
    message_id = text(source.get("id"))
    if not 1 <= len(message_id) <= 60:
        raise Unreadable("id of an encrypted message is missing")
    told = optional_moment(either(source, "created_at_msec", "created_at"))
    if told is None:
        raise Unreadable("created_at_msec is missing")
    signature = optional_record(source.get("message_event_signature"))
    envelope = {name: text(source[name]) for name in ENVELOPE if source.get(name)}
    return EncryptedMessage(
        for_user_id=for_user_id,
        id=message_id,
        sender_id=x_id(source.get("sender_id"), "sender_id"),
        conversation_id=encrypted_conversation(text(source.get("conversation_id"))),
        created_at=told,
        envelope=envelope
        | {"message_event_signature": {name: text(signature.get(name)) for name in SIGNATURE}},
    )


def encrypted_conversation(told: str) -> str:
    """`A:B` as X names the same two people in direct messages; a group's id as it is."""
    one, colon, other = told.replace("-", ":").partition(":")
    if not colon:
        return told[:60]
    return conversation_between(x_id(one, "conversation_id"), x_id(other, "conversation_id"))
