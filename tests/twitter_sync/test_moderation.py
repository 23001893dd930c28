"""What is wanted about people and answers becomes so on X: blocking, hiding, and the sweep."""

from __future__ import annotations

import socket
from datetime import timedelta
from typing import Any

import pytest
from celery import current_app
from django.utils import timezone

from accounts.models import BrandAccount, Role, User
from inbox.actions.blocking import block, is_blocked, unblock
from inbox.actions.hiding import CannotHide, hide, unhide
from inbox.models import Conversation, DmBlock, Hiding, Message
from tests.factories import make_contact, make_conversation, make_message, make_thread, make_user
from tests.news import heard
from tests.x import Simulator
from twitter_sync.actions import blocking, hiding
from twitter_sync.actions.sweeping import sweep
from twitter_sync.models import Connection, KnownPost

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def manager(brand: BrandAccount) -> User:
    return make_user("Sam Manager", brand, Role.MANAGER)


@pytest.fixture
def conversation(brand: BrandAccount, customer: dict[str, Any]) -> Conversation:
    contact = make_contact(customer["username"], x_user_id=customer["id"])
    thread = make_thread(make_conversation(brand, contact))
    make_message(thread, "Where is it?")
    return thread.conversation


@pytest.fixture
def answer(brand: BrandAccount, simulator: Simulator, conversation: Conversation) -> Message:
    """The customer answers a post that the brand began a conversation with."""
    customer_id = conversation.contact.x_user_id
    first = simulator.post("posts", author_id=brand.x_user_id, text="We are back")["id"]
    below = simulator.post("posts", author_id=customer_id, text="Late", in_reply_to_post_id=first)
    KnownPost.objects.create(post_id=first, author_id=brand.x_user_id, availability="seen")
    return make_message(
        make_thread(conversation, "public", first),
        "Late",
        external_id=below["id"],
        sequence=int(below["id"]),
        answers_external_id=first,
    )


def blocked_on_x(simulator: Simulator, brand: BrandAccount) -> list[str]:
    blocks = simulator.get("ledger")["dm_blocks"]
    return [one["other_id"] for one in blocks if one["user_id"] == brand.x_user_id]


def hidden_on_x(simulator: Simulator, message: Message) -> bool:
    posts = simulator.get("ledger")["posts"]
    return next(bool(one["hidden"]) for one in posts if one["id"] == message.external_id)


def narrow(brand: BrandAccount, scopes: str) -> None:
    Connection.objects.filter(brand=brand).update(scopes=scopes)


# Blocking


def test_a_block_reaches_x_and_comes_off_again(simulator, brand, manager, conversation, customer):
    wish = block(conversation, by=manager)
    done = blocking.carry_out(wish.pk)
    assert (done.state, done.held) == ("done", True)
    assert blocked_on_x(simulator, brand) == [customer["id"]]
    unblock(conversation, by=manager)
    done = blocking.carry_out(wish.pk)
    assert (done.state, done.held) == ("done", False)
    assert blocked_on_x(simulator, brand) == []


def test_the_desk_hears_of_it(manager, conversation):
    wish = block(conversation, by=manager)
    with heard() as news:
        blocking.carry_out(wish.pk)
        assert [(one["id"], one["what"]) for one in news()] == [(conversation.pk, "contact")]


def test_a_task_that_runs_again_calls_nobody(simulator, manager, conversation, customer):
    wish = block(conversation, by=manager)
    blocking.carry_out(wish.pk)
    assert blocking.carry_out(wish.pk) is None
    assert len(simulator.calls(f"/2/users/{customer['id']}/dm/block")) == 1


def test_somebody_who_left_x_is_refused_in_words(brand, manager):
    gone = make_conversation(brand, make_contact("gone", x_user_id="1234567"))
    wish = block(gone, by=manager)
    done = blocking.carry_out(wish.pk)
    assert (done.state, done.reason) == ("refused", "Not Found")
    assert not is_blocked(brand.pk, gone.contact_id)


def test_a_consent_that_lacks_the_scope_asks_for_a_reconnect(
    simulator, brand, manager, conversation, customer
):
    narrow(brand, "dm.read tweet.read users.read")
    done = blocking.carry_out(block(conversation, by=manager).pk)
    assert done.state == "refused"
    assert f"Reconnect @{brand.handle} to allow it." in done.reason
    assert simulator.calls(f"/2/users/{customer['id']}/dm/block") == []


def test_a_used_up_quota_waits_for_the_next_window(simulator, brand, manager, conversation):
    wish = block(conversation, by=manager)
    for _ in range(5):
        blocking.carry_out(wish.pk)
        unblock(conversation, by=manager)
        blocking.carry_out(wish.pk)
        block(conversation, by=manager)
        blocking.carry_out(wish.pk)
        DmBlock.objects.update(state="pending", due_at=timezone.now())
    for _ in range(5):
        blocking.carry_out(wish.pk)
        DmBlock.objects.update(state="pending")
    wish.refresh_from_db()
    assert wish.due_at > timezone.now()
    assert wish.reason == "X's limit is used up for now."
    assert blocking.carry_out(wish.pk) is None


def test_a_call_that_nobody_saw_the_end_of_is_made_again(
    settings, simulator, brand, manager, conversation, customer
):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        settings.X_API_URL = f"http://127.0.0.1:{closed.getsockname()[1]}"
    wish = block(conversation, by=manager)
    waiting = blocking.carry_out(wish.pk)
    assert (waiting.state, waiting.attempts) == ("pending", 1)
    assert waiting.due_at > timezone.now()
    settings.X_API_URL = simulator.url
    DmBlock.objects.update(due_at=timezone.now())
    assert blocking.carry_out(wish.pk).state == "done"
    assert blocked_on_x(simulator, brand) == [customer["id"]]


@pytest.mark.parametrize("status", ["paused", "needs_reconnect", "disconnected"])
def test_nothing_is_asked_of_x_for_a_handle_that_is_not_connected(manager, conversation, status):
    wish = block(conversation, by=manager)
    BrandAccount.objects.update(status=status)
    assert blocking.carry_out(wish.pk) is None
    wish.refresh_from_db()
    assert wish.is_pending


def test_a_token_that_x_revoked_leaves_it_waiting_with_the_reason(simulator, brand, manager):
    person = simulator.person()
    conversation = make_conversation(brand, make_contact(x_user_id=person["id"]))
    simulator.post("revoke", user_id=brand.x_user_id)
    wish = blocking.carry_out(block(conversation, by=manager).pk)
    assert wish.is_pending
    assert "reconnect" in wish.reason


def test_a_worker_that_died_is_followed_by_another(simulator, brand, manager, conversation):
    wish = block(conversation, by=manager)
    DmBlock.objects.update(lease_until=timezone.now() + timedelta(seconds=60), attempts=1)
    assert blocking.carry_out(wish.pk) is None
    assert list(blocking.of_connected_brands().due()) == []
    DmBlock.objects.update(lease_until=timezone.now())
    assert list(blocking.of_connected_brands().due()) == [wish]
    assert blocking.carry_out(wish.pk).state == "done"


# Hiding


def test_an_answer_is_hidden_on_x_and_shown_again(simulator, manager, answer):
    wish = hide(answer, by=manager)
    assert hiding.carry_out(wish.pk).state == "done"
    assert hidden_on_x(simulator, answer)
    unhide(answer, by=manager)
    done = hiding.carry_out(wish.pk)
    assert (done.state, done.held) == ("done", False)
    assert not hidden_on_x(simulator, answer)


def test_what_x_does_not_let_us_hide_is_said_in_words(simulator, brand, manager, conversation):
    other = simulator.person()
    first = simulator.post("posts", author_id=other["id"], text="Who uses it?")["id"]
    below = simulator.post(
        "posts",
        author_id=conversation.contact.x_user_id,
        text=f"@{brand.handle} not me",
        in_reply_to_post_id=first,
    )["id"]
    message = make_message(
        make_thread(conversation, "public", first),
        external_id=below,
        sequence=int(below),
        answers_external_id=first,
    )
    done = hiding.carry_out(hide(message, by=manager).pk)
    assert done.state == "refused"
    assert done.reason == f"X lets @{brand.handle} hide only answers below its own posts."
    KnownPost.objects.create(post_id=first, author_id=other["id"], availability="seen")
    with pytest.raises(CannotHide, match="Somebody else began this conversation"):
        hide(message, by=manager)


def test_hiding_without_the_scope_asks_for_a_reconnect(simulator, brand, manager, answer):
    narrow(brand, "dm.read dm.write tweet.read tweet.write users.read")
    done = hiding.carry_out(hide(answer, by=manager).pk)
    assert (done.state, done.held) == ("refused", False)
    assert f"Reconnect @{brand.handle}" in done.reason
    assert not hidden_on_x(simulator, answer)


def test_the_desk_hears_that_it_is_hidden(manager, answer):
    wish = hide(answer, by=manager)
    with heard() as news:
        hiding.carry_out(wish.pk)
        assert [(one["id"], one["what"]) for one in news()] == [(answer.conversation_id, "message")]


def test_hiding_twice_calls_once(simulator, manager, answer):
    wish = hide(answer, by=manager)
    hiding.carry_out(wish.pk)
    hide(answer, by=manager)
    assert hiding.carry_out(wish.pk) is None
    assert Hiding.objects.count() == 1
    assert len(simulator.calls(f"/2/tweets/{answer.external_id}/hidden")) == 1


# The sweep


def test_the_sweep_rings_for_what_nobody_heard_of(monkeypatch, manager, conversation, answer):
    rung: list[tuple[str, dict[str, int]]] = []
    monkeypatch.setattr(
        current_app, "send_task", lambda name, kwargs, **options: rung.append((name, kwargs))
    )
    wish, other = block(conversation, by=manager), hide(answer, by=manager)
    assert rung == [
        ("twitter_sync.block", {"block_id": wish.pk}),
        ("twitter_sync.hide", {"hiding_id": other.pk}),
    ]
    rung.clear()
    sweep()
    assert ("twitter_sync.block", {"block_id": wish.pk}) in rung
    assert ("twitter_sync.hide", {"hiding_id": other.pk}) in rung
    blocking.carry_out(wish.pk)
    hiding.carry_out(other.pk)
    rung.clear()
    sweep()
    assert not {"twitter_sync.block", "twitter_sync.hide"} & {name for name, _ in rung}
