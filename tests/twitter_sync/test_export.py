"""`./manage.py export_conversations`."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from inbox import transcripts
from tests.factories import make_conversation, make_message, make_thread, next_x_id
from twitter_sync import settling
from twitter_sync.models import KnownPost, RawEvent

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


def at(seconds: float) -> dict[str, Any]:
    return {"sent_at": NOON + timedelta(seconds=seconds)}


def export(*arguments: str) -> list[dict[str, Any]]:
    out = StringIO()
    call_command("export_conversations", *arguments, stdout=out)
    return [json.loads(line) for line in out.getvalue().splitlines()]


@pytest.fixture
def talk(acme, carla):
    """Carla asks twice, is answered, thanks, is answered, and asks again."""
    thread = make_thread(make_conversation(acme, carla))
    for seconds, ours in ((0, False), (30, False), (90.5, True), (100, False), (130, True)):
        make_message(thread, "…", ours=ours, **at(seconds))
    make_message(thread, "…", **at(500))
    return thread.conversation


def test_it_tells_a_conversation_in_one_line(talk, acme, carla):
    [told] = export()
    messages = list(talk.messages.in_order())
    thread = talk.threads.get()
    assert told == {
        "number": talk.number,
        "brand": "acme",
        "contact": "carla",
        "status": "open",
        "unanswered": True,
        "threads": [{"kind": "dm", "x_conversation_id": thread.x_conversation_id}],
        "messages": [
            {
                "external_id": message.external_id,
                "direction": message.direction,
                "kind": "dm",
                "sent_at": message.sent_at.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z",
            }
            for message in messages
        ],
        "first_response_seconds": 90.5,
        "reply_seconds": [30.0],
    }
    assert told["messages"][2]["sent_at"] == "2026-11-02T12:01:30.500Z"


def test_only_what_x_accepted_answers(acme, carla):
    thread = make_thread(make_conversation(acme, carla))
    make_message(thread, "Hello?", **at(0))
    make_message(thread, "…", ours=True, state="queued", external_id=None, **at(10))
    make_message(thread, "…", ours=True, state="failed", external_id=None, **at(20))
    [told] = export()
    assert (told["first_response_seconds"], told["reply_seconds"]) == (None, [])
    assert len(told["messages"]) == 1


def test_what_we_said_first_answers_nobody(acme, carla):
    thread = make_thread(make_conversation(acme, carla))
    make_message(thread, "We have news.", ours=True, **at(0))
    make_message(thread, "Nice!", **at(10))
    make_message(thread, "Thanks.", ours=True, **at(15))
    assert export()[0]["first_response_seconds"] == 5


def test_it_keeps_the_order_of_numbers_and_to_a_brand(talk, globex, carla):
    other = make_conversation(globex, carla)
    assert [told["number"] for told in export()] == sorted([talk.number, other.number])
    assert [told["number"] for told in export("--brand", "@Globex")] == [other.number]


def test_it_keeps_to_what_is_new_since(talk, acme):
    old = make_conversation(acme, last_activity_at=NOON - timedelta(days=9))
    numbers = [told["number"] for told in export("--since", "2026-11-01")]
    assert (talk.number in numbers, old.number in numbers) == (True, False)


def test_it_says_which_handles_there_are(acme):
    with pytest.raises(CommandError, match="There is: @acme"):
        export("--brand", "acne")


def test_it_says_what_a_time_is():
    with pytest.raises(CommandError, match="is not a time like 2026"):
        export("--since", "yesterday")


def test_it_asks_the_database_as_often_for_many_as_for_few(
    acme, django_assert_num_queries, monkeypatch
):
    for _ in range(7):
        make_message(make_thread(make_conversation(acme)), "Hello")
    with django_assert_num_queries(3):
        assert len(export()) == 7
    monkeypatch.setattr(transcripts, "AT_ONCE", 3)
    with django_assert_num_queries(1 + 3 * 2):
        assert len(export()) == 7


# Waiting until all is applied


def test_it_waits_for_what_is_under_way(acme, talk):
    row = RawEvent.objects.create(source="poll", fact="a", body=b"{}")
    known = KnownPost.objects.create(post_id=next_x_id(), look_up_at=timezone.now())
    steps = [
        lambda: RawEvent.objects.filter(pk=row.pk).update(state="waiting"),
        lambda: KnownPost.objects.filter(pk=known.pk).update(look_up_at=None),
        lambda: RawEvent.objects.filter(pk=row.pk).update(state="applied"),
    ]
    settling.wait_until_settled(5, sleep=lambda _: steps.pop(0)())
    assert steps == []


def test_it_gives_up_and_names_what_is_left(acme):
    RawEvent.objects.create(source="poll", fact="a", body=b"{}")
    KnownPost.objects.create(post_id=next_x_id(), look_up_at=timezone.now())
    with pytest.raises(CommandError, match="1 events to apply, 1 posts to look up"):
        export("--settle", "0")


def test_what_was_set_aside_is_not_waited_for(talk):
    for number, state in enumerate(("dead", "orphan", "ignored", "applied")):
        RawEvent.objects.create(source="poll", fact=str(number), body=b"{}", state=state)
    assert len(export("--settle", "0")) == 1
