"""Conversations in which something was said, and the rows of an answer."""

from __future__ import annotations

import re

from django.db import connection
from django.urls import reverse

from inbox.sequence import sequence_at
from tests.factories import (
    make_contact,
    make_conversation,
    make_message,
    make_thread,
    minutes_ago,
    next_number,
)

SEARCH = reverse("inbox:search")
LIST = reverse("inbox:list")
ROWS = reverse("inbox:rows")


def analyse() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE inbox_message")


def numbers(response) -> list[int]:
    return [int(number) for number in re.findall(r'id="row-(\d+)"', response.text)]


def said(brand, text: str, minutes: float = 5, *, name: str = "", kind: str = "dm", **fields):
    """A conversation in which somebody said that."""
    contact = make_contact(name=name) if name else None
    conversation = make_conversation(brand, contact, **fields)
    says_more(conversation, text, minutes, thread=make_thread(conversation, kind))
    return conversation


def says_more(conversation, text: str, minutes: float, thread=None):
    at = minutes_ago(minutes)
    thread = thread or conversation.threads.get()
    external_id = str(sequence_at(at) + next_number())
    return make_message(
        thread, text, sent_at=at, external_id=external_id, sequence=int(external_id)
    )
