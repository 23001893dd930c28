"""From public to private: an answer that invites to direct messages, and the one that closes it."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from accounts.access import require_role
from accounts.models import BrandAccount, Role, User
from inbox.actions.blocking import is_blocked
from inbox.actions.chaining import last_of
from inbox.actions.recording import record
from inbox.actions.replies import EmptyReply, PersonBlocked, Said, home_of, reply
from inbox.channel import channel
from inbox.models import Conversation, ConversationEvent, Handoff, Message, Thread
from inbox.text.chain import Part

Kinds = ConversationEvent.Kind


class NotInPublic(Exception):
    """Invitations and closings are public answers; this is a private thread."""


class SentOtherwise(Exception):
    """With this key a plain answer was sent: it invites nobody, and closes nothing."""

    def __init__(self) -> None:
        super().__init__(
            "This was sent already, as a plain answer. Nothing was sent now; write it anew."
        )


class NothingToClose(Exception):
    """Nobody came by an invitation, or a public word of ours said so already."""


@transaction.atomic
def invite(thread: Thread, said: Said, *, by: User) -> Message:
    """Answers in public, with a link to write to the brand in private. Twice is once.

    Of a chain, the last post has the link and is the invitation.

    Raises NotInPublic, SentOtherwise, and what `reply` raises.
    """
    require_role(by, thread.brand_id, Role.AGENT)
    check_public(thread)
    conversation = home_of(thread)
    if is_blocked(conversation.brand_id, conversation.contact_id):
        raise PersonBlocked
    if not said.words:
        raise EmptyReply
    is_new = not was_sent(said.client_key, by)
    message = reply(thread, said, by=by, tail=invitation_link(conversation))
    if is_new:
        remember_invitation(last_of(message), conversation.reference_code, by=by)
    elif not Handoff.objects.filter(invitation=last_of(message)).exists():
        raise SentOtherwise
    return message


def was_sent(client_key: UUID, by: User) -> bool:
    """Whether `reply` would find it. Call with the conversation locked, or it may come between."""
    return Message.objects.filter(client_key=client_key, author=by).exists()


def check_public(thread: Thread) -> None:
    if not thread.is_public:
        raise NotInPublic("This is a private thread already. Nothing was sent.")


def invitation_link(conversation: Conversation) -> str:
    return link_with(conversation.reference_code, conversation.brand)


def link_with(code: str, brand: BrandAccount) -> str:
    """It writes the conversation's code into the customer's message."""
    return channel().dm_link(brand.x_user_id, f"Ref {code}")


def link_of(message: Message) -> str:
    """What an invitation ends with, wherever it has gone since; "" of what is none."""
    invitation = Handoff.objects.filter(invitation=message).select_related("brand").first()
    return link_with(invitation.reference_code, invitation.brand) if invitation else ""


def with_link(words: str, message: Message) -> str:
    """Other words for a message: those of an invitation keep its link, which is put below them
    where somebody took it out. Raises EmptyReply where there are none besides it."""
    link = link_of(message)
    if not link:
        return words
    if not words.replace(link, "").strip():
        raise EmptyReply("Write something besides the link.")
    return words if link in words else Part(words, tail=link).text


def remember_invitation(message: Message, code: str, *, by: User) -> None:
    Handoff.objects.create(
        brand_id=message.brand_id,
        conversation=message.conversation,
        invited_by=by,
        invitation=message,
        reference_code=code,
    )
    record(message.conversation, Kinds.INVITED, by=by, message=message)


@transaction.atomic
def close_in_public(thread: Thread, said: Said, *, by: User) -> Message:
    """Says in public how it ended: the last step of the newest handoff. Twice is once.

    Raises NotInPublic, NothingToClose, SentOtherwise, and what `reply` raises.
    """
    require_role(by, thread.brand_id, Role.AGENT)
    check_public(thread)
    conversation = home_of(thread)
    is_new = not was_sent(said.client_key, by)
    message = reply(thread, said, by=by)
    last = last_of(message)
    if not is_new:
        if not Handoff.objects.filter(closing=last).exists():
            raise SentOtherwise
        return message
    handoff = newest_handoff(conversation)
    if handoff is None or not handoff.may_be_closed:
        raise NothingToClose("This was closed in public already. Nothing was sent.")
    handoff.closing = last
    handoff.save(update_fields=["closing"])
    record(message.conversation, Kinds.CLOSED_IN_PUBLIC, by=by, message=message)
    return message


def newest_handoff(conversation: Conversation) -> Handoff | None:
    """Invitations that never went out count as none."""
    told = Handoff.objects.filter(conversation=conversation).with_steps().newest_first()
    return next((handoff for handoff in told if not handoff.is_given_up), None)
