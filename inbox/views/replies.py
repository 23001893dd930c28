"""Answering a thread, and what becomes of an answer that did not arrive."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST
from django_htmx.http import reswap, retarget

from accounts.models import User
from inbox.access import (
    access_conversation,
    access_merge_of_thread,
    access_message,
    access_thread,
)
from inbox.actions.drafts import AlreadySent
from inbox.actions.enclosing import EnclosureGone
from inbox.actions.inviting import (
    NothingToClose,
    NotInPublic,
    SentOtherwise,
    close_in_public,
    invite,
)
from inbox.actions.recording import MergedAway
from inbox.actions.replies import (
    EmptyReply,
    HandleDisconnected,
    NothingToAnswer,
    OtherNumberOfPosts,
    PersonBlocked,
    ReplyTooLong,
    Said,
    ThreadMoved,
    reply,
)
from inbox.actions.retrying import NotRetryable, retry
from inbox.actions.rewording import MayBeOnX, PartOfChain, reword
from inbox.actions.taking_back import TooLate, cancel
from inbox.forms import ChainForm, ReplyForm, RewordingForm
from inbox.guards.candidate import Despite, Stopped
from inbox.guards.checking import may_overrule
from inbox.media.sendable import TooManyFiles
from inbox.models import Message, Thread
from inbox.views.answers import Refusal, conversation_answer
from inbox.views.chain import preview_chain
from inbox.views.signed_in import person, signed_in

Deed = Callable[..., Message]
QUEUED = (Message.State.QUEUED,)
FAILED_TOO = (Message.State.QUEUED, Message.State.FAILED)
DEEDS: dict[str, Deed] = {
    "": reply,
    ReplyForm.INVITATION: invite,
    ReplyForm.CLOSING: close_in_public,
}
TAKEN_BACK = "It was taken back already."
OTHER_WORDS = "It says something else now. "
NOTHING_SENT = "Nothing was sent; what you typed is kept."
STILL_YOURS = "What you typed is a draft."
STALE_PAGE = "This page is out of date. Reload it; your text is kept."


@require_POST
@signed_in
def replies(request: HttpRequest, pk: int) -> HttpResponse:
    try:
        thread = access_thread(person(request), pk)
    except Http404:
        return merged_away(request, pk)
    form = ReplyForm(request.POST)
    if not form.is_valid():
        return refused(request, thread, STALE_PAGE, status=422)
    purpose, said = form.cleaned_data.pop("purpose"), Said(**form.cleaned_data)
    thread = thread_of_post(thread, said.answering, viewer=person(request))
    try:
        DEEDS[purpose](thread, said, by=person(request))
    except Stopped as stopped:
        return halted(request, thread, stopped, said.despite)
    except OtherNumberOfPosts as error:
        return refused(request, thread, str(error), status=409, tone="warning")
    except ThreadMoved:
        return merged_away(request, pk)
    except (AlreadySent, NothingToClose, SentOtherwise) as error:
        return refused(request, thread, str(error), status=409)
    except ReplyTooLong as error:
        return refused(request, thread, str(error), status=422, is_of_length=True)
    except (
        EmptyReply,
        EnclosureGone,
        TooManyFiles,
        HandleDisconnected,
        PersonBlocked,
        NothingToAnswer,
        NotInPublic,
    ) as error:
        return refused(request, thread, str(error), status=422)
    return conversation_answer(
        request, access_conversation(person(request), thread.conversation_id)
    )


def merged_away(request: HttpRequest, thread_pk: int) -> HttpResponse:
    """The page had not heard of it; what is shown in place of the form leads to the other
    conversation, where the draft is, too. 404 for a thread that never was theirs to see."""
    merge = access_merge_of_thread(person(request), thread_pk)
    fresh = access_conversation(person(request), merge.source_id)
    told = f"{MergedAway(merge)} {NOTHING_SENT}"
    return conversation_answer(request, fresh, status=409, toast=told)


def thread_of_post(thread: Thread, answering: str | None, *, viewer: User) -> Thread:
    """The thread of the post that is answered: a sibling of the same kind, never another path."""
    if not (thread.is_public and answering):
        return thread
    siblings = thread.conversation.threads.filter(kind=thread.kind)
    posts = Message.objects.visible_to(viewer).known_as(answering)
    post = posts.filter(thread__in=siblings).first()
    return siblings.get(pk=post.thread_id) if post else thread


def halted(
    request: HttpRequest, thread: Thread, stopped: Stopped, despite: Mapping[str, Despite]
) -> HttpResponse:
    fresh = access_conversation(person(request), thread.conversation_id)
    refusal = refusal_of(stopped, despite, thread, viewer=person(request))
    return conversation_answer(request, fresh, status=409, refusal=refusal)


def refusal_of(
    stopped: Stopped, despite: Mapping[str, Despite], thread: Thread, *, viewer: User
) -> Refusal:
    """A guard's word, with the way to disregard it for whoever may."""
    given = despite.get(stopped.guard, Despite(""))
    is_of_other_words = given.told not in ("", stopped.told)
    return Refusal(
        f"{OTHER_WORDS if is_of_other_words else ''}{stopped}",
        thread.pk,
        "warning",
        stopped=stopped,
        may_overrule=may_overrule(stopped, viewer, thread.brand_id),
        reason=given.why if stopped.asks_why else "",
        despite={
            guard: said for guard, said in despite.items() if said.why and guard != stopped.guard
        },
    )


def refused(
    request: HttpRequest, thread: Thread, words: str, *, status: int, **how: Any
) -> HttpResponse:
    """`how` are further fields of the Refusal."""
    fresh = access_conversation(person(request), thread.conversation_id)
    refusal = Refusal(words, thread.pk, **how)
    return conversation_answer(request, fresh, status=status, refusal=refusal)


@require_POST
@signed_in
def chain(request: HttpRequest, pk: int) -> HttpResponse:
    """The posts that a text would be, exactly; nothing where it is one."""
    thread, form = access_thread(person(request), pk), ChainForm(request.POST)
    form.full_clean()
    preview = preview_chain(thread, **form.cleaned_data)
    return render(request, "inbox/_chain.html", {"preview": preview, "brand": thread.brand})


@require_POST
@signed_in
def message_retry(request: HttpRequest, pk: int) -> HttpResponse:
    message = access_message(person(request), pk)
    try:
        retry(message, by=person(request))
    except (NotRetryable, HandleDisconnected, PersonBlocked) as error:
        return around(request, message, status=409, toast=str(error))
    return around(request, message)


@require_POST
@signed_in
def message_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """What waits goes back to the composer; with `edit`, also what X refused."""
    message = access_message(person(request), pk)
    to_edit = request.POST.get("edit") == "yes"
    try:
        taken_from = cancel(message, by=person(request), to_edit=to_edit)
    except TooLate as error:
        return around(request, message, status=409, toast=str(error))
    if taken_from is None:
        return around(request, message, status=409, toast=TAKEN_BACK)
    goes_back = FAILED_TOO if to_edit else QUEUED
    return around(request, message, taken_back=message if taken_from in goes_back else None)


def around(request: HttpRequest, message: Message, **said: Any) -> HttpResponse:
    """The conversation of a message with which something was done."""
    fresh = access_conversation(person(request), message.conversation_id)
    return conversation_answer(request, fresh, **said)


@require_POST
@signed_in
def message_rewording(request: HttpRequest, pk: int) -> HttpResponse:
    user, form = person(request), RewordingForm(request.POST)
    message = access_message(user, pk)
    form.full_clean()
    text, despite = form.cleaned_data.get("text", ""), form.cleaned_data.get("despite", {})
    try:
        reword(message, by=user, text=text, despite=despite)
    except Stopped as stopped:
        refusal = refusal_of(stopped, despite, message.thread, viewer=user)
        return halted_rewording(request, message, refusal)
    except (EmptyReply, ReplyTooLong) as error:
        return around(request, message, status=422, toast=str(error))
    except (TooLate, MayBeOnX, PartOfChain) as error:
        # What was typed is lost to nobody: it becomes a draft of the same path.
        told = f"{error} {STILL_YOURS}"
        return around(request, message, status=409, toast=told, taken_back=message, words=text)
    return around(request, message)


def halted_rewording(request: HttpRequest, message: Message, refusal: Refusal) -> HttpResponse:
    """A guard's word in the form that is open; all else stays as it is."""
    told = {"refusal": refusal, "message": message, "conversation": message.conversation}
    answer = render(request, "inbox/_rewording_stopped.html", told, status=422)
    return retarget(reswap(answer, "innerHTML"), f"#rewording-{message.pk}-stopped")
