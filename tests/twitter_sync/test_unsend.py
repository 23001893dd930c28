"""What was sent as the handle is deleted on X: `inbox.actions.deleting`, `actions.unsending`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from accounts.models import BrandAccount
from inbox.actions.deleting import CannotDelete, delete
from inbox.models import ConversationEvent, Deletion, Message
from tests.factories import make_contact, make_conversation, make_message, make_thread, make_user
from tests.twitter_sync.small_x import Said
from tests.x import Simulator
from twitter_sync.actions.unsending import carry_out, of_connected_brands

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ours(simulator: Simulator, brand: BrandAccount) -> Callable[[str], Message]:
    """`ours("dm")`: a message of the handle, on X and here."""

    def ours(kind: str) -> Message:
        person = simulator.person()
        contact = make_contact(person["username"], x_user_id=person["id"])
        thread = make_thread(make_conversation(brand, contact), kind)
        if kind == "dm":
            named = {"sender_id": person["id"], "recipient_id": brand.x_user_id}
            simulator.post("dms", **named, text="Hello?", deliver=False)
            named = {"sender_id": brand.x_user_id, "recipient_id": person["id"]}
            on_x = simulator.post("dms", **named, text="Secret plans", deliver=False)
        else:
            named = {"author_id": brand.x_user_id, "text": "Secret plans"}
            on_x = simulator.post("posts", **named, deliver=False)
        sequence = int(on_x["id"])
        return make_message(
            thread, "Secret plans", ours=True, external_id=on_x["id"], sequence=sequence
        )

    return ours


def deletes(simulator: Simulator, brand: BrandAccount) -> list[int]:
    made = simulator.calls()
    return [
        call["status"]
        for call in made
        if call["method"] == "DELETE" and call["user_id"] == brand.x_user_id
    ]


@pytest.mark.parametrize("kind", ["dm", "public"])
def test_it_is_gone_from_x_and_its_words_from_here(simulator, brand, agent, ours, kind):
    message = ours(kind)
    wish = delete(message, by=agent)
    assert delete(message, by=agent) == wish
    done = carry_out(wish.pk)
    message.refresh_from_db()
    assert (done.state, message.text) == ("done", "")
    assert message.deleted_at is not None
    assert deletes(simulator, brand) == [200]
    assert carry_out(wish.pk) is None
    told = ConversationEvent.objects.filter(message=message).values_list("kind", "actor")
    assert list(told) == [("deleted", agent.pk), ("message_deleted", None)]


def test_what_x_does_not_know_any_more_is_deleted(simulator, brand, agent, ours):
    message = ours("public")
    simulator.post("posts/delete", id=message.external_id)
    assert carry_out(delete(message, by=agent).pk).state == "done"
    message.refresh_from_db()
    assert message.deleted_at is not None


def test_what_x_refuses_stays_and_can_be_asked_again(agent, ours, small_x):
    message = ours("dm")
    small_x.anything = Said({"detail": "Not yours."}, status=403)
    wish = carry_out(delete(message, by=agent).pk)
    message.refresh_from_db()
    assert (wish.state, wish.reason) == ("refused", "Not yours.")
    assert (message.deleted_at, message.text) == (None, "Secret plans")
    assert delete(message, by=agent).is_pending


def test_an_answer_that_was_lost_is_asked_for_again(simulator, brand, agent, ours):
    message = ours("public")
    told = {"fault": "cut", "when": "after", "endpoint": "DELETE *", "times": 1}
    simulator.post("faults", **told, brand=brand.x_user_id)
    wish = delete(message, by=agent)
    assert carry_out(wish.pk).is_pending
    Deletion.objects.update(due_at=wish.asked_at)
    assert carry_out(wish.pk).state == "done"


def test_a_paused_handle_deletes_nothing(brand, agent, ours):
    wish = delete(ours("dm"), by=agent)
    BrandAccount.objects.update(status="paused")
    assert carry_out(wish.pk) is None
    assert not of_connected_brands().due().exists()


def test_only_what_we_sent_and_x_has_is_deleted(brand, agent, ours):
    message = ours("dm")
    theirs = make_message(message.thread, "Mine")
    failed = make_message(message.thread, ours=True, state="failed", external_id=None)
    for one in (theirs, failed):
        with pytest.raises(CannotDelete):
            delete(one, by=agent)
    with pytest.raises(PermissionDenied):
        delete(message, by=make_user("Zoe Other"))


def test_the_thread_offers_it_and_says_who_may_keep_a_copy(client, sign_in, agent, ours):
    private, public = ours("dm"), ours("public")
    browser = sign_in(client, agent)

    def page(message: Message) -> str:
        address = reverse("inbox:conversation-detail", args=[message.conversation_id])
        return str(browser.get(address).text)

    assert "may keep their copy" in page(private)
    assert "X deletes this post for everybody" in page(public)
    answer: Any = browser.post(reverse("inbox:deletion", args=[private.pk]))
    assert answer.status_code == 200
    assert "Deleting on X" in answer.text
    assert f'id="delete-{private.pk}"' not in answer.text
    theirs = make_message(private.thread, "Mine")
    assert browser.post(reverse("inbox:deletion", args=[theirs.pk])).status_code == 422
