"""Hiding an answer to a post of ours on X, and showing it again: agents do this, it can be undone.

X puts it out of the way, not out of the world: whoever asks for hidden answers still reads it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from django.db import transaction

from accounts.access import require_role
from accounts.doorbell import ring
from accounts.models import Role, User
from inbox.actions import wishing
from inbox.actions.recording import keep, locked_around, record
from inbox.actions.wishing import Fate
from inbox.channel import channel
from inbox.models import ConversationEvent, Hiding, Message

Kinds = ConversationEvent.Kind


class CannotHide(Exception):
    """X hides this for nobody, or not for this brand; the words say why."""


def hide(message: Message, *, by: User) -> Hiding | None:
    """X is asked to hide an answer. Twice is once. Raises CannotHide."""
    return want(message, wanted=True, by=by)


def unhide(message: Message, *, by: User) -> Hiding | None:
    """Shows it again on X. None when it was never hidden."""
    return want(message, wanted=False, by=by)


@transaction.atomic
def want(message: Message, *, wanted: bool, by: User) -> Hiding | None:
    require_role(by, message.brand_id, Role.AGENT)
    if wanted and (reason := why_not(message, beginners([message]))):
        raise CannotHide(reason)
    conversation = locked_around(message)
    wish = Hiding.objects.select_for_update().filter(message=message).first()
    if wish is None and not wanted:
        return None
    if wish is not None and wishing.is_underway(wish, wanted):
        return wish
    wish = wish or Hiding(message=message)
    wishing.ask(wish, wanted=wanted, by=by)
    keep(conversation, what="message")
    record(conversation, Kinds.HIDDEN if wanted else Kinds.UNHIDDEN, by=by, message=message)
    ring("twitter_sync.hide", queue="send", hiding_id=wish.pk)
    return wish


@transaction.atomic
def settle(hiding_id: int, fate: Fate) -> Hiding:
    """What became of a call to X about it."""
    named = Hiding.objects.select_related("message").get(pk=hiding_id)
    conversation = locked_around(named.message)
    wish = Hiding.objects.select_for_update().get(pk=hiding_id)
    wishing.settle(wish, fate)
    keep(conversation, what="message")
    if wish.is_refused:
        after = {"wanted": wish.wanted, "reason": wish.reason}
        record(conversation, Kinds.HIDE_REFUSED, message=named.message, after=after)
    if wish.is_pending and not isinstance(fate, wishing.Later):
        ring("twitter_sync.hide", queue="send", hiding_id=wish.pk)
    return wish


def beginners(messages: Collection[Message]) -> Mapping[str, str]:
    """Who began the public conversations of `messages`, as far as is known. At most one query.

    The messages need their threads.
    """
    public = {m.thread.x_conversation_id for m in messages if m.kind == Message.Kind.PUBLIC}
    return channel().begun_by(public) if public else {}


def why_not(message: Message, begun_by: Mapping[str, str]) -> str:
    """Why X would not hide a message, in words; "" when it would, or when nobody knows."""
    brand = message.conversation.brand
    if message.kind != Message.Kind.PUBLIC or message.is_ours or message.deleted_at is not None:
        return "Only public answers of others can be hidden."
    x_conversation_id = message.thread.x_conversation_id
    if message.external_id == x_conversation_id or message.answers_external_id is None:
        return (
            f"This post began the conversation. X hides only answers to posts of @{brand.handle}."
        )
    beginner = begun_by.get(x_conversation_id)
    if beginner is not None and beginner != brand.x_user_id:
        return (
            "Somebody else began this conversation on X. "
            f"@{brand.handle} can hide only answers below its own posts."
        )
    return ""
