"""What must always be true of the rows: `twitter_sync.audit`.

Each invariant holds after an ordinary day, and is named when a row is made that breaks it. Rows are
broken here by hand; test_planted_bugs.py breaks the product.
"""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from inbox.actions import sending
from inbox.actions.replies import Said, reply
from inbox.models import (
    Attachment,
    Conversation,
    ConversationEvent,
    Message,
    MessageRevision,
)
from tests.factories import make_conversation, make_message, make_thread, next_x_id
from twitter_sync.actions.redacting import redact
from twitter_sync.actions.sending import begin
from twitter_sync.audit import INVARIANTS, everything, examine, recent
from twitter_sync.models import (
    KnownPost,
    RateBudget,
    RawEvent,
    Redaction,
    SendAttempt,
    SyncCursor,
)

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.django_db


def broken(name: str) -> list[str]:
    """The rows that break an invariant: the same among the newest rows and among all."""
    found = [examine(INVARIANTS[name], scope).rows for scope in (recent(), everything())]
    assert found[0] == found[1]
    return list(found[0])


@pytest.mark.parametrize("name", INVARIANTS)
def test_each_holds_after_an_ordinary_day(day, name):
    assert broken(name) == []


def test_each_holds_where_there_is_nothing(acme):
    assert [name for name in INVARIANTS if broken(name)] == []


def test_an_event_without_its_message_is_found(day):
    Message.objects.filter(text="Hello?").delete()
    row = RawEvent.objects.get(source="poll")
    assert broken("V1") == [f"raw event {row.pk}"]


def test_a_push_without_its_message_is_found(day):
    Message.objects.filter(text="Where is my parcel?").delete()
    row = RawEvent.objects.order_by("id").first()
    assert broken("V1") == [f"raw event {row.pk}"]


def test_a_message_that_nobody_told_is_found(day):
    private = make_message(day.thread, "From nowhere", sent_at=timezone.now())
    thread = make_thread(day.conversation, "public")
    public = make_message(thread, "From nowhere", sent_at=timezone.now())
    assert broken("V2") == [f"message {private.pk}", f"message {public.pk}"]


def test_a_reply_that_was_accepted_twice_is_found(day):
    at = {"lease_until": timezone.now(), "outcome": "sent"}
    SendAttempt.objects.create(message=day, **at)
    assert broken("V3") == [f"message {day.pk}"]


@pytest.mark.parametrize("state", ["queued", "failed", "cancelled", "sending", "uncertain"])
def test_a_state_that_the_attempts_do_not_tell_is_found(day, state):
    Message.objects.filter(pk=day.pk).update(state=state)
    assert broken("V3") == [f"message {day.pk}"]


def test_a_reply_called_sent_that_nobody_tried_to_send_is_found(day):
    SendAttempt.objects.all().delete()
    assert broken("V3") == [f"message {day.pk}"]


def drop(constraint: str, table: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {constraint}")


def test_two_rows_for_one_message_are_found(day):
    drop("message_once_per_brand", "inbox_message")
    again = make_message(day.thread, ours=True, external_id=day.external_id)
    assert broken("V4") == [f"message {again.pk}"]


def test_two_rows_for_one_fact_are_found(day):
    [name] = fact_keys()
    drop(name, "twitter_sync_rawevent")
    row = RawEvent.objects.get(source="poll")
    row.pk = None
    row.save(force_insert=True)
    assert broken("V4") == [f"raw event {row.pk}"]


def fact_keys() -> list[str]:
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, "twitter_sync_rawevent")
    return [name for name, key in found.items() if key["unique"] and key["columns"] == ["fact"]]


def test_an_echo_beside_its_unconfirmed_reply_is_found(day, ana, client, acme, carla):
    ours = reply(day.thread, Said("One more thing", uuid4()), by=ana)
    attempt = begin(day.conversation_id)
    assert attempt is not None
    SendAttempt.objects.filter(pk=attempt.pk).update(outcome="uncertain")
    sending.doubt(ours.pk, reason="X did not answer.")
    make_message(day.thread, "One more thing", ours=True, sent_at=timezone.now())
    assert f"message {ours.pk}" in broken("V4")


def test_replies_out_of_order_are_found(day, ana):
    later = reply(day.thread, Said("And this", uuid4()), by=ana)
    earlier_id = str(day.sequence - 1)
    Message.objects.filter(pk=later.pk).update(
        state="sent", external_id=earlier_id, sequence=int(earlier_id)
    )
    assert broken("V5") == [f"message {later.pk}"]


def test_a_reply_that_a_person_sent_again_may_come_later(day, ana):
    later = reply(day.thread, Said("And this", uuid4()), by=ana)
    earlier_id = str(day.sequence - 1)
    Message.objects.filter(pk=later.pk).update(
        state="sent", external_id=earlier_id, sequence=int(earlier_id)
    )
    ConversationEvent.objects.create(conversation=day.conversation, message=day, kind="retried")
    assert broken("V5") == []


def test_an_attempt_that_nobody_closed_is_found(day):
    late = timezone.now() - timedelta(seconds=31)
    attempt = SendAttempt.objects.create(message=day, lease_until=late)
    assert broken("V6") == [f"attempt {attempt.pk}"]
    attempt.lease_until = late + timedelta(seconds=20)
    attempt.save()
    assert broken("V6") == []


@pytest.mark.parametrize("feed", SyncCursor.Feed)
def test_a_cursor_beyond_what_is_held_is_found(acme, feed):
    cursor = SyncCursor.objects.create(brand=acme, feed=feed, newest_id=next_x_id())
    assert broken("V7") == [f"cursor {cursor.pk}"]


def test_a_cursor_may_stand_on_what_a_push_brought(day, acme):
    SyncCursor.objects.filter(feed="dms").update(newest_id=day.external_id)
    post_id = KnownPost.objects.order_by("pk").values_list("pk", flat=True).last()
    SyncCursor.objects.create(brand=acme, feed="mentions", newest_id=post_id)
    assert broken("V7") == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"message_count": 17},
        {"has_dm": False},
        {"has_public": False},
        {"last_activity_at": timezone.now() + timedelta(days=1)},
        {"unanswered_since": timezone.now()},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_a_summary_that_the_messages_do_not_bear_out_is_found(day, wrong):
    Conversation.objects.update(**wrong)
    assert broken("V8") == [f"conversation {day.conversation_id}"]


def test_a_row_of_another_brand_is_found(day, globex):
    Message.objects.filter(pk=day.pk).update(brand=globex)
    assert broken("V9") == [f"message {day.pk}"]


def test_a_message_in_the_thread_of_another_conversation_is_found(day, acme):
    Message.objects.filter(pk=day.pk).update(thread=make_thread(make_conversation(acme)))
    assert f"message {day.pk}" in broken("V9")


def words(message: Message) -> None:
    Message.objects.filter(pk=message.pk).update(text="Still here")


def picture(message: Message) -> None:
    Attachment.objects.create(message=message, kind="photo", media_key="3_1")


def post_in_the_tree(message: Message) -> None:
    KnownPost.objects.filter(pk=message.external_id).update(text="Still here")


@pytest.mark.parametrize("leave", [words, picture, post_in_the_tree])
def test_words_that_outlive_their_message_are_found(day, leave):
    deleted = Message.objects.get(deleted_at__isnull=False)
    leave(deleted)
    assert broken("V10") == [f"message {deleted.pk}"]


def deleted_itself(message: Message) -> None:
    KnownPost.objects.filter(pk=message.external_id).update(availability="deleted")


def deleted_as_it_was_before(message: Message) -> None:
    """Its author changed it, and then deleted the form that X had first."""
    KnownPost.objects.create(post_id="17", availability="deleted")
    MessageRevision.objects.create(
        message=message, brand=message.brand, kind=message.kind, external_id="17", sequence=17
    )


@pytest.mark.parametrize("delete", [deleted_itself, deleted_as_it_was_before])
def test_a_message_that_outlives_its_post_is_found(day, delete):
    living = Message.objects.get(kind="public", direction="in")
    delete(living)
    assert broken("V10") == [f"message {living.pk}"]


def test_words_that_stay_in_the_ledger_for_too_long_are_found(day):
    redact(["17"])
    assert broken("V10") == []
    late = Redaction.objects.filter(external_id="17")
    late.update(asked_at=timezone.now() - timedelta(minutes=16))
    assert broken("V10") == [f"redaction {late.get().pk}"]


def test_what_was_done_twice_is_found(day):
    ConversationEvent.objects.create(conversation=day.conversation, message=day, kind="sent")
    assert broken("V11") == [f"conversation {day.conversation_id}"]


def test_an_assignee_to_whom_nobody_gave_it_is_found(day, ben):
    Conversation.objects.update(assignee=ben)
    assert broken("V11") == [f"conversation {day.conversation_id}"]


@pytest.mark.parametrize(
    "wrong", [{"remaining": 16}, {"resets_at": timezone.now() + timedelta(days=2)}]
)
def test_a_quota_that_x_would_not_know_is_found(acme, wrong):
    sound = {"allowed": 15, "remaining": 3, "resets_at": timezone.now()}
    budget = RateBudget.objects.create(
        scope="app", endpoint="dm_send", window="15m", **(sound | wrong)
    )
    assert broken("V12") == [f"quota {budget.pk}"]


def test_many_are_counted_and_ten_named(acme):
    thread = make_thread(make_conversation(acme))
    RawEvent.objects.create(source="poll", fact="x", body=b"{}", brand=acme)
    for _ in range(12):
        make_message(thread, sent_at=timezone.now())
    finding = examine(INVARIANTS["V2"], everything())
    assert (finding.count, len(finding.rows)) == (12, 10)


def test_older_rows_are_for_the_whole_audit(day):
    Message.objects.filter(text="Hello?").delete()
    assert examine(INVARIANTS["V1"], recent(newest=2)).holds
    assert not examine(INVARIANTS["V1"], everything()).holds


def test_the_docs_say_what_each_says():
    page = (ROOT / "docs" / "reliability.md").read_text()
    said = dict(re.findall(r"^\| (V\d+) \| (.*) \|$", page, re.MULTILINE))
    assert said == {name: one.sentence for name, one in INVARIANTS.items()}
