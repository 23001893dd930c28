"""Where it stands: open, waiting, snoozed until, resolved; or spam."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from accounts.models import User
from inbox.access import access_conversation
from inbox.actions.recording import MergedAway
from inbox.actions.spam import mark_spam, unmark_spam
from inbox.actions.status import ChangedMeanwhile, reopen, resolve, snooze, wait
from inbox.forms import SpamForm, StatusForm
from inbox.models import Conversation
from inbox.views.answers import conversation_answer
from inbox.views.signed_in import person, signed_in

Status = Conversation.Status


@require_POST
@signed_in
def status(request: HttpRequest, number: int) -> HttpResponse:
    user, form = person(request), StatusForm(request.POST)
    conversation = access_conversation(user, number)
    if not form.is_valid():
        words = " ".join(str(error) for errors in form.errors.values() for error in errors)
        return conversation_answer(request, conversation, status=422, toast=words)
    try:
        move(conversation, form, by=user)
    except (ChangedMeanwhile, MergedAway) as refusal:
        fresh = access_conversation(user, number)
        return conversation_answer(request, fresh, status=409, toast=str(refusal))
    return conversation_answer(request, access_conversation(user, number))


def move(conversation: Conversation, form: StatusForm, *, by: User) -> None:
    wished, version = form.cleaned_data["status"], form.cleaned_data["version"]
    if wished == Status.SNOOZED:
        snooze(conversation, until=form.snoozed_until(), by=by, version=version)
    else:
        deed = {Status.OPEN: reopen, Status.WAITING: wait, Status.RESOLVED: resolve}[wished]
        deed(conversation, by=by, version=version)


@require_POST
@signed_in
def spam(request: HttpRequest, number: int) -> HttpResponse:
    user, form = person(request), SpamForm(request.POST)
    conversation = access_conversation(user, number)
    if not form.is_valid():
        words = "This page is out of date. Reload it."
        return conversation_answer(request, conversation, status=422, toast=words)
    is_spam, version = form.cleaned_data["spam"], form.cleaned_data["version"]
    try:
        (mark_spam if is_spam else unmark_spam)(conversation, by=user, version=version)
    except (ChangedMeanwhile, MergedAway) as refusal:
        fresh = access_conversation(user, number)
        return conversation_answer(request, fresh, status=409, toast=str(refusal))
    toast = "It is in the Spam view now." if is_spam else "It is back where it was."
    return conversation_answer(request, access_conversation(user, number), toast=toast)
