"""A long conversation asks the database as often as a short one."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories import make_attachment, make_conversation, make_message, make_thread


@pytest.mark.parametrize("kind", ["dm", "public"])
def test_the_number_of_statements_does_not_grow_with_the_messages(client, ana, acme, kind):
    client.force_login(ana, "django.contrib.auth.backends.ModelBackend")
    assert asked(client, acme, kind, messages=4) == asked(client, acme, kind, messages=12)


def asked(client, brand, kind: str, *, messages: int) -> int:
    """How many statements the page of a conversation with so many messages takes."""
    thread = make_thread(make_conversation(brand), kind)
    first = make_message(thread)
    for number in range(1, messages):
        answered = first.external_id
        make_attachment(make_message(thread, ours=number % 2 == 1, answers_external_id=answered))
    with CaptureQueriesContext(
        connection,
    ) as found:
        answer = client.get(
            f"/conversations/{thread.conversation_id}/", headers={"HX-Request": "true"}
        )
    assert answer.status_code == 200
    return len(found)
