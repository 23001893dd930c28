"""A remark for colleagues: `inbox.actions.notes`."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied

from inbox.actions.notes import EmptyNote, NoteTooLong, add_note
from inbox.models import Conversation, Message, Note


def test_it_is_kept_and_recorded_and_never_a_message(conversation, ana):
    note = add_note(conversation, text=" Called her. ", by=ana, client_key=uuid4())
    assert (note.text, note.author) == ("Called her.", ana)
    assert conversation.events.get().kind == "noted"
    assert not Message.objects.exists()


def test_the_same_client_key_is_one_note(conversation, ana):
    key = uuid4()
    add_note(conversation, text="Called her.", by=ana, client_key=key)
    add_note(conversation, text="Called her.", by=ana, client_key=key)
    assert Note.objects.count() == 1
    assert Conversation.objects.get().version == 2


def test_it_needs_words(conversation, ana):
    with pytest.raises(EmptyNote):
        add_note(conversation, text="  ", by=ana, client_key=uuid4())


def test_it_has_an_end(conversation, ana):
    with pytest.raises(NoteTooLong):
        add_note(conversation, text="a" * 10_001, by=ana, client_key=uuid4())


def test_somebody_of_another_brand_can_do_nothing(conversation, zoe):
    with pytest.raises(PermissionDenied):
        add_note(conversation, text="Hello", by=zoe, client_key=uuid4())
