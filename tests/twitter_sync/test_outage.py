"""Where X does not answer a handle, its replies wait and others go on: check O8."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone

from accounts.models import BrandAccount
from inbox.models import Message
from tests.factories import make_membership, make_user
from tests.twitter_sync.outbox import calls, echo, say, sent
from twitter_sync.actions.sending import due_conversations, send_next
from twitter_sync.budgets import lifted
from twitter_sync.models import Connection
from twitter_sync.outages import IN_A_ROW, ONE_EVERY

pytestmark = pytest.mark.django_db(transaction=True)

REPLIES = IN_A_ROW + 3


@pytest.fixture
def brands(connected, request):
    return [connected() for _ in range(request.param)]


def write(brands, asked, replies=REPLIES) -> None:
    """One reply to each of so many people, of every brand."""
    agent = make_user(brand=brands[0])
    for brand in brands[1:]:
        make_membership(agent, brand)
    for brand in brands:
        for number in range(replies):
            say(asked(brand), agent, f"Reply {number}")


def send_what_is_due() -> None:
    with lifted():
        while due := due_conversations(timezone.now()):
            for conversation_id in due:
                send_next(conversation_id)


def pass_half_a_minute() -> None:
    Connection.objects.update(next_send_at=F("next_send_at") - ONE_EVERY)
    Message.objects.filter(state="queued").update(not_before=F("not_before") - ONE_EVERY)


def waiting(brand: BrandAccount) -> list[Message]:
    return list(Message.objects.filter(brand=brand, state="queued").order_by("id"))


@pytest.mark.parametrize("brands", [4, pytest.param(20, marks=pytest.mark.deep)], indirect=True)
def test_where_x_does_not_answer_one_reply_is_tried_now_and_then(
    simulator, without_quotas, brands, asked
):
    silent, well = brands[::2], brands[1::2]
    for brand in silent:
        simulator.post("faults", fault="server_error", brand=brand.x_user_id, endpoint="POST *")
    write(brands, asked)
    send_what_is_due()
    for brand in well:
        assert len(sent(simulator, brand)) == REPLIES
    for tries in range(IN_A_ROW, IN_A_ROW + 2):
        for brand in silent:
            assert len(calls(simulator, brand)) == tries
            assert {str(brand) in one.failure for one in waiting(brand)} == {True}
            soon = timezone.now() + ONE_EVERY + timedelta(seconds=1)
            assert all(one.not_before <= soon for one in waiting(brand))
        send_what_is_due()
        pass_half_a_minute()
        send_what_is_due()
    simulator.delete("faults")
    pass_half_a_minute()
    send_what_is_due()
    pass_half_a_minute()
    send_what_is_due()
    for brand in silent:
        tried_in_vain = Message.objects.filter(brand=brand, state="uncertain").count()
        assert len(sent(simulator, brand)) == REPLIES - tried_in_vain > 0
        assert not waiting(brand)
    assert not Connection.objects.filter(next_send_at__isnull=False).exists()


@pytest.mark.parametrize("brands", [1], indirect=True)
def test_what_goes_on_waiting_changes_nothing_on_any_desk(simulator, without_quotas, brands, asked):
    [brand] = brands
    simulator.post("faults", fault="server_error", brand=brand.x_user_id, endpoint="POST *")
    write(brands, asked)
    send_what_is_due()
    before = versions(brand)
    pass_half_a_minute()
    send_what_is_due()
    still = versions(brand)
    assert len(still) == len(before) - 1 > 0
    assert still.items() < before.items()
    assert all(one.not_before > timezone.now() for one in waiting(brand))


def versions(brand: BrandAccount) -> dict[int, int]:
    """Of the conversations in which a reply waits."""
    return {one.conversation_id: one.conversation.version for one in waiting(brand)}


@pytest.mark.parametrize("brands", [1], indirect=True)
def test_some_that_x_did_not_confirm_now_and_then_hold_up_nobody(
    simulator, without_quotas, brands, asked
):
    [brand] = brands
    told = {"fault": "server_error", "brand": brand.x_user_id, "endpoint": "POST *"}
    for earlier in (0, IN_A_ROW + 1):
        simulator.post("faults", **told, after=earlier, times=IN_A_ROW - 1)
    write([brand], asked, replies=2 * REPLIES)
    send_what_is_due()
    assert len(calls(simulator, brand)) == 2 * REPLIES
    assert not waiting(brand)


@pytest.mark.parametrize("brands", [1], indirect=True)
def test_where_echoes_come_x_is_there(simulator, without_quotas, brands, asked, client):
    """It took every one, and its answers got lost."""
    [brand] = brands
    told = {"fault": "cut", "when": "after", "brand": brand.x_user_id, "endpoint": "POST *"}
    simulator.post("faults", **told, times=IN_A_ROW)
    write([brand], asked, replies=IN_A_ROW)
    send_what_is_due()
    for doubted in Message.objects.filter(brand=brand, state="uncertain"):
        echo(simulator, client, doubted)
    write([brand], asked, replies=1)
    send_what_is_due()
    assert not waiting(brand)
    assert len(sent(simulator, brand)) == IN_A_ROW + 1
    assert not Connection.objects.filter(next_send_at__isnull=False).exists()
