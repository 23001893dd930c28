"""The only way in which pages, API and workers for a person obtain an object of the inbox.

What a person may not see does not exist for them: 404, never 403 (trust R12).
"""

from __future__ import annotations

from django.http import Http404
from django.shortcuts import get_object_or_404

from accounts.models import BrandAccount, User
from inbox.models import (
    Attachment,
    Contact,
    Conversation,
    Enclosure,
    MediaFile,
    Merge,
    Message,
    SavedReply,
    Thread,
)


def access_brand(user: User, pk: int) -> BrandAccount:
    brand: BrandAccount = get_object_or_404(BrandAccount.objects.visible_to(user), pk=pk)
    return brand


def access_brand_called(user: User, handle: str) -> BrandAccount:
    """A handle that somebody else took over on X may be ours twice: the one that came last is
    meant."""
    known = BrandAccount.objects.visible_to(user).filter(handle__iexact=handle)
    brand = known.order_by("-pk").first()
    if brand is None:
        raise Http404
    return brand


def access_contact(user: User, pk: int) -> Contact:
    return get_object_or_404(Contact.objects.visible_to(user), pk=pk)


def access_conversation(user: User, number: int) -> Conversation:
    conversations = Conversation.objects.visible_to(user)
    return get_object_or_404(
        conversations.select_related("brand", "contact", "assignee"), pk=number
    )


def access_thread(user: User, pk: int) -> Thread:
    threads = Thread.objects.visible_to(user).select_related("conversation__brand")
    return get_object_or_404(threads, pk=pk)


def access_merge_of_thread(user: User, pk: int) -> Merge:
    """By which a thread became part of another, whose key a page may have still."""
    merges = Merge.objects.visible_to(user).standing().that_folded(pk)
    return get_object_or_404(merges)


def access_message(user: User, pk: int) -> Message:
    messages = Message.objects.visible_to(user).select_related("conversation__brand", "thread")
    return get_object_or_404(messages, pk=pk)


def access_saved_reply(user: User, pk: int) -> SavedReply:
    return get_object_or_404(SavedReply.objects.visible_to(user), pk=pk)


def access_attachment(user: User, pk: int) -> Attachment:
    return get_object_or_404(Attachment.objects.visible_to(user).select_related("message"), pk=pk)


def access_enclosure(user: User, pk: int) -> Enclosure:
    enclosures = Enclosure.objects.visible_to(user).select_related("thread")
    return get_object_or_404(enclosures, pk=pk)


def access_media_file(user: User, key: str) -> MediaFile:
    return get_object_or_404(MediaFile.objects.visible_to(user), key=key)
