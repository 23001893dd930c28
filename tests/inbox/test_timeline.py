"""What the thread pane shows, in what order: `inbox.timeline`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from inbox.actions.receiving import receive
from inbox.actions.replies import Said, reply
from inbox.actions.sending import confirm_sent, take_next
from inbox.models import Conversation, ConversationEvent
from inbox.sequence import sequence_at
from inbox.timeline import timeline
from tests.factories import make_message, make_note, minutes_ago

YESTERDAY = datetime.now(UTC) - timedelta(days=1)


def kinds(conversation: Conversation, **asked: int) -> list[str]:
    return [item.kind for item in timeline(conversation, **asked).items]


def test_the_opening_stands_before_the_first_message(acme, says):
    receive(acme, says("Hello", at=YESTERDAY))
    conversation = receive(acme, says("Hello?", at=YESTERDAY + timedelta(minutes=1))).conversation
    assert kinds(conversation) == ["event", "message", "message"]


def test_messages_stand_in_x_order_with_notes_between(acme, ana, says):
    late = receive(acme, says("second", at=YESTERDAY + timedelta(hours=2)))
    receive(acme, says("first", at=YESTERDAY))
    conversation = late.conversation
    make_note(conversation, ana, created_at=YESTERDAY + timedelta(hours=1))
    ConversationEvent.objects.all().delete()
    shown = [item.row for item in timeline(conversation).items]
    assert [getattr(row, "text", "") for row in shown] == ["first", "Called her.", "second"]


def test_older_pages_end_where_newer_ones_begin(acme, says):
    for minute in range(7):
        message = receive(acme, says(f"{minute}", at=YESTERDAY + timedelta(minutes=minute)))
    ConversationEvent.objects.all().delete()
    newest = timeline(message.conversation, size=3)
    middle = timeline(message.conversation, size=3, before=newest.before)
    oldest = timeline(message.conversation, size=3, before=middle.before)
    pages = [[item.row.text for item in page.items] for page in (oldest, middle, newest)]
    assert pages == [["0"], ["1", "2", "3"], ["4", "5", "6"]]
    assert oldest.before is None


def test_it_costs_the_same_at_any_length(acme, says, django_assert_num_queries):
    for minute in range(20):
        message = receive(acme, says(f"{minute}", at=YESTERDAY + timedelta(minutes=minute)))
    for size in (3, 20):
        with django_assert_num_queries(6):
            timeline(message.conversation, size=size)


def test_in_one_second_a_private_message_and_a_later_post_keep_x_s_order(
    show, ana, dm_thread, public_thread
):
    second = minutes_ago(5).replace(microsecond=0)
    make_message(dm_thread, "Whispered first", sent_at=second.replace(microsecond=53_000))
    make_message(public_thread, "Said aloud after it", sent_at=second)
    page = show(ana).text
    log = page[page.index('id="timeline"') :]
    assert log.index("Whispered first") < log.index("Said aloud after it")


def test_what_waits_stands_behind_what_was_written_before_it_and_is_sent_by_now(
    ana, dm_thread, question
):
    for text in ("First", "Second", "Third"):
        reply(dm_thread, Said(text, uuid4()), by=ana)
    later = datetime.now(UTC) + timedelta(seconds=40)
    first = take_next(dm_thread.conversation_id)
    sequence = sequence_at(later)
    confirm_sent(first.pk, external_id=str(sequence), sequence=sequence, sent_at=later)
    shown = [item.row for item in timeline(dm_thread.conversation).items if item.kind == "message"]
    assert [message.text for message in shown] == [question.text, "First", "Second", "Third"]
