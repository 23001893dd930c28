"""Six bugs, each planted for a moment in the running code: the audit or the checker names each.

They are what others shipped: no unique key, an acknowledgement before the row, a second try after a
time-out, a lease that somebody else gives back, a cursor before its rows, an echo that is ignored.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.models import BrandAccount
from inbox.actions.replies import Said, reply
from inbox.models import Message, Thread
from tests.factories import make_contact
from tests.faults.history import History, Verdict, judge
from tests.twitter_sync.bodies import dm, push, told_dms
from tests.x import Simulator
from twitter_sync.actions import polling, sending
from twitter_sync.actions.applying import apply_due
from twitter_sync.actions.polling import begin_feeds, poll
from twitter_sync.actions.sending import accepted, begin, hand_to_x, send_next
from twitter_sync.audit import INVARIANTS, everything, examine
from twitter_sync.errors import Unconfirmed
from twitter_sync.models import SendAttempt, SyncCursor

pytestmark = pytest.mark.django_db


@pytest.fixture
def written(simulator: Simulator, brand: BrandAccount, customer: dict[str, Any]) -> dict[str, Any]:
    """What the customer wrote on X, as X pushes it."""
    body = {"sender_id": customer["id"], "recipient_id": brand.x_user_id, "text": "Where is it?"}
    x_id = simulator.post("dms", **body)["id"]
    sender = make_contact(customer["username"], x_user_id=customer["id"])
    return told_dms(
        "dm.received", brand, dm(sender, brand, "Where is it?", id=x_id), people=[sender]
    )


@pytest.fixture
def thread(client: Client, written: dict[str, Any]) -> Thread:
    push(client, written)
    apply_due()
    return Thread.objects.get()


@pytest.fixture
def check(simulator: Simulator, brand: BrandAccount) -> Callable[..., Verdict]:
    """What the checker says of the brand of this test; the simulator knows many others."""

    def check(*acknowledged: str) -> Verdict:
        rows = Message.objects.select_related("brand").order_by("id")
        return judge(
            History(
                ledger=simulator.get("ledger"),
                deliveries=[{"subject_id": one, "state": "delivered"} for one in acknowledged],
                rows=[
                    {
                        "id": row.pk,
                        "brand": row.brand.x_user_id,
                        "kind": row.kind,
                        "external_id": row.external_id,
                        "state": row.state,
                        "client_key": row.client_key,
                        "conversation_id": row.conversation_id,
                        "text": row.text,
                    }
                    for row in rows
                ],
                kept=set(),
                lines=[],
                brands={brand.handle: brand.x_user_id},
            )
        )

    return check


def audited() -> list[str]:
    """The invariants that do not hold."""
    return [one.name for one in INVARIANTS.values() if not examine(one, everything()).holds]


def id_in(told: dict[str, Any]) -> str:
    return str(told["data"]["payload"]["direct_message_events"][0]["id"])


def test_without_a_bug_nobody_complains(check, thread, agent):
    reply(thread, Said("On its way.", uuid4()), by=agent)
    send_next(thread.conversation_id)
    assert check().holds
    assert audited() == []


def test_a_missing_unique_key_is_found(check, client, written, thread, monkeypatch):
    """Nor a look whether it is there: the same message, told in another body."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE inbox_message DROP CONSTRAINT message_once_per_brand")
    monkeypatch.setattr("inbox.actions.receiving.find_all", lambda _: {})
    written["data"]["event_uuid"] = "-1"
    push(client, written)
    apply_due()
    assert audited() == ["V4"]
    assert len(check().doubled) == 1


def test_an_acknowledgement_before_the_row_is_found(check, client, written, monkeypatch):
    monkeypatch.setattr("twitter_sync.views.webhook.record_delivery", lambda _: None)
    assert push(client, written).status_code == 200
    apply_due()
    [lost] = check(id_in(written)).not_kept
    assert lost[2] == id_in(written)


def test_a_second_try_after_a_time_out_is_found(check, simulator, thread, agent, monkeypatch):
    def again(message: Message) -> str:
        try:
            return hand_to_x(message)
        except Unconfirmed:
            return hand_to_x(message)

    monkeypatch.setattr(sending, "hand_to_x", again)
    simulator.post("faults", fault="cut", when="after", brand=thread.brand.x_user_id, times=1)
    reply(thread, Said("On its way.", uuid4()), by=agent)
    send_next(thread.conversation_id)
    assert len(check().sent_twice) == 1


def test_a_lease_that_somebody_else_gives_back_is_found(check, thread, agent, monkeypatch):
    """The sweep lets another worker send what the first, who was only slow, has sent already."""

    def give_back(attempt: SendAttempt, doubt: Unconfirmed) -> Message:
        SendAttempt.objects.filter(pk=attempt.pk).update(outcome="failed")
        return sending.sending.put_back(attempt.message_id, not_before=timezone.now())

    def end_anyway(attempt: SendAttempt, outcome: str, error: object = None) -> None:
        SendAttempt.objects.filter(pk=attempt.pk).update(outcome=outcome)

    monkeypatch.setattr(sending, "doubted", give_back)
    monkeypatch.setattr(sending, "end", end_anyway)
    message = reply(thread, Said("On its way.", uuid4()), by=agent)
    slow = begin(thread.conversation_id)
    assert slow is not None
    x_id = hand_to_x(message)
    SendAttempt.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    sending.sweep()
    send_next(thread.conversation_id)
    accepted(slow, x_id)
    assert "V3" in audited()
    assert len(check().sent_twice) == 1


def test_a_cursor_before_its_rows_is_found(check, brand, written, simulator, monkeypatch):
    begin_feeds()
    cursor = SyncCursor.objects.get(brand=brand, feed="dms")
    poll(cursor.pk)
    SyncCursor.objects.update(due_at=timezone.now())
    body = {"recipient_id": brand.x_user_id, "text": "Hello?"}
    simulator.post("dms", sender_id=simulator.person()["id"], **body)
    monkeypatch.setattr(polling, "record_news", lambda *_: 0)
    poll(cursor.pk)
    assert audited() == ["V7"]


def test_an_echo_that_is_ignored_is_found(client, simulator, thread, agent, monkeypatch):
    monkeypatch.setattr("inbox.actions.receiving.in_flight", lambda *_: (None, None))
    simulator.post("faults", fault="cut", when="after", brand=thread.brand.x_user_id, times=1)
    reply(thread, Said("On its way.", uuid4()), by=agent)
    send_next(thread.conversation_id)
    ours = thread.brand.x_user_id
    [echo] = [dm for dm in simulator.get("ledger")["dms"] if dm["sender_id"] == ours]
    contact = thread.conversation.contact
    told = dm(thread.brand, contact, "On its way.", id=echo["id"])
    push(client, told_dms("dm.sent", thread.brand, told, people=[contact]))
    apply_due()
    assert audited() == ["V4"]
