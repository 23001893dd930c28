"""How Postgres searches: by the index what is rare, back from the newest what is common."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest
from django.db import connection

from inbox.search import matching
from inbox.text.asked import understand
from tests.inbox.finding import LIST, analyse, said


@pytest.fixture
def many(acme):
    """5,000 messages; every second has a common word, one a rare one."""
    conversation = said(acme, "Hello")
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO inbox_message (brand_id, conversation_id, thread_id, kind, transport,
                direction, state, external_id, sequence, text, entities, sent_at, received_at,
                failure)
            SELECT %s, %s, %s, 'dm', 'dm', 'in', 'received', 'm' || n, n,
                'word' || n || ' nothing' || CASE WHEN n %% 2 = 0 THEN ' common' ELSE '' END
                || CASE WHEN n = 777 THEN ' hovercraft' ELSE '' END,
                '{}', now(), now(), ''
            FROM generate_series(1, 5000) n
            """,
            [acme.pk, conversation.pk, conversation.threads.get().pk],
        )
    analyse()
    return conversation


def plan_of(rows) -> str:
    return json.dumps(json.loads(rows.explain(format="json")))


def test_a_rare_word_is_taken_from_the_index(many):
    asked = understand("hovercraft")
    assert not matching.is_common(asked)
    assert "msg_words" in plan_of(matching.matching_messages(asked))


def test_a_common_word_is_walked_back_to(many, acme):
    asked = understand("common")
    assert matching.is_common(asked)
    rows = matching.newest_of_brands(matching.matching_messages(asked), [acme.pk], 60)
    assert "msg_of_brand" in plan_of(rows)
    assert "msg_words" not in plan_of(rows)


def test_two_common_words_that_are_rare_together_are_taken_from_the_index(many):
    assert not matching.is_common(understand("common word770"))


def test_a_person_is_taken_from_the_index(acme):
    from inbox.search.called import now_called

    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO inbox_contact (x_user_id, handle, name, bio, location, is_verified,"
            " is_protected, first_seen_at) SELECT 'c' || n, 'handle' || n, 'Name ' || n, '', '',"
            " false, false, now() FROM generate_series(1, 50) n"
        )
        cursor.execute("SET LOCAL enable_seqscan = off")
    assert "contact_called" in plan_of(now_called("handle29", loosely=True))
    assert "contact_called" in plan_of(now_called("name 29", loosely=False))


def test_what_takes_too_long_is_told(desk, acme, monkeypatch):
    from inbox import search

    said(acme, "parcel")
    monkeypatch.setattr(search, "TIME_LIMIT_MS", 1)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE inbox_message SET text = repeat('parcel of many words ', 100000)")
    page = desk.get(LIST, {"q": quote("parcel")}).text
    assert "That took too long" in page
