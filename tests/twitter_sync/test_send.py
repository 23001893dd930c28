"""A queued reply reaches X once and its fate is known: `twitter_sync.actions.sending`."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from cryptography.fernet import Fernet
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import BrandAccount
from inbox.actions.replies import NothingToAnswer, ReplyTooLong, Said, reply
from inbox.actions.retrying import NotRetryable, retry
from inbox.actions.taking_back import cancel
from inbox.models import Conversation, Message, Thread
from tests.factories import make_contact, make_conversation, make_message, make_thread
from tests.x import Simulator
from twitter_sync.actions.deleting import delete_post
from twitter_sync.actions.sending import (
    accepted,
    begin,
    due_conversations,
    hand_to_x,
    send_next,
    sweep,
)
from twitter_sync.models import Connection, KnownPost, SendAttempt

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def thread(brand: BrandAccount, simulator: Simulator, customer: dict[str, Any]) -> Thread:
    """Carla wrote a DM, on X and here."""
    written = simulator.post(
        "dms", sender_id=customer["id"], recipient_id=brand.x_user_id, text="Where is it?"
    )
    thread = make_thread(
        make_conversation(brand, make_contact(customer["username"], x_user_id=customer["id"]))
    )
    make_message(thread, "Where is it?", external_id=written["id"], sequence=int(written["id"]))
    return thread


@pytest.fixture
def post_thread(brand: BrandAccount, simulator: Simulator, customer: dict[str, Any]) -> Thread:
    """Carla named the brand in a post, on X and here."""
    text = f"@{brand.handle} nothing works"
    written = simulator.post("posts", author_id=customer["id"], text=text)
    thread = make_thread(
        make_conversation(brand, make_contact(customer["username"], x_user_id=customer["id"])),
        "public",
        written["id"],
    )
    make_message(thread, text, external_id=written["id"], sequence=int(written["id"]))
    return thread

    return make_contact(customer["username"], x_user_id=customer["id"])


def sent_by_us(simulator: Simulator, kind: str, brand: BrandAccount) -> list[dict[str, Any]]:
    who = "sender_id" if kind == "dms" else "author_id"
    return [one for one in simulator.get("ledger")[kind] if one[who] == brand.x_user_id]


def test_a_dm_reaches_x_with_the_words_typed(simulator, brand, agent, thread):
    message = reply(thread, Said("It's <on> its way & fine", uuid4()), by=agent)
    send_next(thread.conversation_id)
    on_x = sent_by_us(simulator, "dms", brand)
    message.refresh_from_db()
    assert [one["id"] for one in on_x] == [message.external_id]
    assert "It's <on> its way & fine" in str(on_x[0]["text"]).replace("&lt;", "<").replace(
        "&gt;", ">"
    ).replace("&amp;", "&")
    assert message.state == "sent"
    assert Conversation.objects.get().status == "waiting"


def test_a_public_reply_goes_under_the_post(simulator, brand, agent, post_thread):
    message = reply(post_thread, Said("We are looking into it.", uuid4()), by=agent)
    send_next(post_thread.conversation_id)
    message.refresh_from_db()
    assert message.state == "sent"
    assert [one["id"] for one in sent_by_us(simulator, "posts", brand)] == [message.external_id]


def test_the_attempt_is_kept(agent, thread):
    message = reply(thread, Said("Hello", uuid4()), by=agent)
    send_next(thread.conversation_id)
    attempt = SendAttempt.objects.get(message=message)
    assert (attempt.outcome, attempt.status) == ("sent", 201)
    assert attempt.finished_at is not None


def test_sending_twice_sends_nothing_more(simulator, brand, agent, thread):
    reply(thread, Said("Hello", uuid4()), by=agent)
    send_next(thread.conversation_id)
    assert send_next(thread.conversation_id) is None
    assert len(sent_by_us(simulator, "dms", brand)) == 1


def test_eight_workers_send_one_conversation_once_and_in_order(simulator, brand, agent, thread):
    for number in range(4):
        reply(thread, Said(f"Message {number}", uuid4()), by=agent)

    def work(_: int) -> None:
        try:
            while send_next(thread.conversation_id):
                continue
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    while send_next(thread.conversation_id):
        continue
    texts = [one["text"] for one in sent_by_us(simulator, "dms", brand)]
    assert texts == [f"Message {number}" for number in range(4)]


def test_a_refusal_is_shown_in_x_words_with_what_to_do(simulator, brand, agent):
    stranger = simulator.person(receives_your_dm=False)
    contact = make_contact(stranger["username"], x_user_id=stranger["id"])
    thread = make_thread(make_conversation(brand, contact))
    make_message(thread, "Hello?")
    message = reply(thread, Said("Hello", uuid4()), by=agent)
    send_next(thread.conversation_id)
    message.refresh_from_db()
    assert message.state == "failed"
    assert message.failure == (
        "You do not have permission to DM one or more participants. "
        f"{contact.at_handle} takes no direct messages from {brand}, or one has blocked the other. "
        "Answer in public, and ask them to write first."
    )
    assert SendAttempt.objects.get().outcome == "failed"


def test_an_answer_to_a_post_that_was_deleted_tells_us_that_it_was(
    simulator, brand, agent, post_thread
):
    post = post_thread.messages.get()
    simulator.post("posts/delete", id=post.external_id)
    message = reply(post_thread, Said("Sorry!", uuid4()), by=agent)
    Message.objects.filter(pk=message.pk).update(not_before=timezone.now())
    send_next(post_thread.conversation_id)
    for row in (message, post):
        row.refresh_from_db()
    assert message.state == "failed"
    assert message.failure.startswith("X says that the post that this answers was deleted, or is")
    assert post.deleted_at is not None
    assert post.text == ""
    assert KnownPost.objects.get(pk=post.external_id).is_deleted
    assert not Conversation.objects.needing_an_answer().exists()
    with pytest.raises(NotRetryable, match="was deleted"):
        retry(message, by=agent)
    with pytest.raises(NothingToAnswer):
        reply(post_thread, Said("Again", uuid4()), by=agent)
    assert cancel(message, by=agent) == "failed"


def test_a_post_that_is_hidden_from_us_keeps_its_words(simulator, brand, agent, post_thread):
    """X refuses an answer to it in the same words as to one that is deleted."""
    post = post_thread.messages.get()
    contact = post_thread.conversation.contact
    spec = {"id": contact.x_user_id, "username": contact.handle, "protected": True}
    simulator.post("users", users=[spec])
    message = reply(post_thread, Said("Sorry!", uuid4()), by=agent)
    Message.objects.filter(pk=message.pk).update(not_before=timezone.now())
    send_next(post_thread.conversation_id)
    message.refresh_from_db()
    before, post = post, Message.objects.get(pk=post.pk)
    assert (message.state, f"hidden from {brand}" in message.failure) == ("failed", True)
    assert (post.deleted_at, post.text) == (None, before.text)


def test_what_x_tells_to_be_deleted_before_it_answers_us_is_gone(brand, agent, post_thread):
    """The sender learns X's id of it after the deletion was applied."""
    message = reply(post_thread, Said("Sorry!", uuid4()), by=agent)
    attempt = begin(post_thread.conversation_id)
    assert attempt is not None
    external_id = hand_to_x(attempt.message)
    with transaction.atomic():
        delete_post(external_id, brands=[brand])
    accepted(attempt, external_id)
    message.refresh_from_db()
    assert (message.state, message.text, message.deleted_at is None) == ("sent", "", False)
    assert post_thread.conversation.messages.exclude(text="").count() == 1


def test_the_replies_of_a_handle_that_must_reconnect_stay_queued(simulator, agent, thread, brand):
    BrandAccount.objects.update(status=BrandAccount.Status.NEEDS_RECONNECT)
    message = reply(thread, Said("Hello", uuid4()), by=agent)
    assert send_next(thread.conversation_id) is None
    assert due_conversations(timezone.now()) == []
    BrandAccount.objects.update(status=BrandAccount.Status.CONNECTED)
    assert due_conversations(timezone.now()) == [thread.conversation_id]
    send_next(thread.conversation_id)
    message.refresh_from_db()
    assert message.state == "sent"


def test_a_token_that_x_revoked_puts_the_reply_back_with_the_reason(
    simulator, agent, thread, brand
):
    simulator.post("revoke", user_id=brand.x_user_id)
    message = reply(thread, Said("Hello", uuid4()), by=agent)
    send_next(thread.conversation_id)
    message.refresh_from_db()
    brand.refresh_from_db()
    assert (message.state, brand.status) == ("queued", BrandAccount.Status.NEEDS_RECONNECT)
    assert "reconnect" in message.failure


@pytest.fixture
def silent_x(settings: Any, thread: Thread) -> Iterator[None]:
    """An X that takes the request and hangs up without a word."""
    listening = socket.create_server(("127.0.0.1", 0))

    def hang_up() -> None:
        while True:
            try:
                asking, _ = listening.accept()
            except OSError:
                return
            with asking:
                asking.recv(65536)

    threading.Thread(target=hang_up, daemon=True).start()
    settings.X_API_URL = f"http://127.0.0.1:{listening.getsockname()[1]}"
    yield
    listening.close()


def test_an_answer_that_never_came_leaves_it_uncertain(silent_x, agent, thread):
    message = reply(thread, Said("Hello", uuid4()), by=agent)
    reply(thread, Said("And more", uuid4()), by=agent)
    send_next(thread.conversation_id)
    message.refresh_from_db()
    assert message.state == "uncertain"
    assert message.send_attempts.get().outcome == "uncertain"
    assert send_next(thread.conversation_id) is None


def test_nobody_home_is_a_definite_failure(settings, agent, thread):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings.X_API_URL = f"http://127.0.0.1:{taken.getsockname()[1]}"
    message = reply(thread, Said("Hello", uuid4()), by=agent)
    send_next(thread.conversation_id)
    message.refresh_from_db()
    assert message.state == "failed"


def lose_the_key(settings: Any) -> None:
    settings.TOKEN_KEYS = [Fernet.generate_key().decode()]


def lose_the_app(settings: Any) -> None:
    settings.X_CLIENT_ID = ""
    Connection.objects.update(expires_at=timezone.now())


@pytest.mark.parametrize(
    ("lose", "names"), [(lose_the_key, "HANDLED_TOKEN_KEYS"), (lose_the_app, "X_CLIENT_ID")]
)
def test_what_is_missing_here_is_a_definite_failure(
    simulator, settings, brand, agent, thread, lose, names
):
    """No byte left: nobody is told that it may have been sent."""
    lose(settings)
    message = reply(thread, Said("Hello", uuid4()), by=agent)
    send_next(thread.conversation_id)
    message.refresh_from_db()
    assert message.state == "failed"
    assert names in message.failure
    assert message.send_attempts.get().outcome == "failed"
    assert sent_by_us(simulator, "dms", brand) == []


class KilledError(BaseException):
    """What a kill is to the code that it hits."""


def die(*_: object, **__: object) -> None:
    raise KilledError


@pytest.mark.parametrize("fate", ["doubt", "fail"])
def test_a_worker_that_dies_while_it_says_what_came_of_it_leaves_the_attempt_open(
    request, monkeypatch, settings, agent, thread, fate
):
    """Where the sweep finds it. Closed without the message, it would hold the queue for ever."""
    if fate == "doubt":
        request.getfixturevalue("silent_x")
    else:
        lose_the_key(settings)
    message = reply(thread, Said("Hello", uuid4()), by=agent)
    monkeypatch.setattr(f"inbox.actions.sending.{fate}", die)
    with pytest.raises(KilledError):
        send_next(thread.conversation_id)
    message.refresh_from_db()
    assert (message.state, message.send_attempts.get().outcome) == ("sending", "open")


def test_the_sweeper_doubts_what_a_dead_worker_left_open(agent, thread):
    message = reply(thread, Said("Hello", uuid4()), by=agent)
    assert begin(thread.conversation_id) is not None
    sweep()
    message.refresh_from_db()
    assert message.state == "sending"
    SendAttempt.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    sweep()
    message.refresh_from_db()
    assert message.state == "uncertain"
    assert SendAttempt.objects.get().outcome == "uncertain"


def test_past_the_quota_it_waits_in_its_place(simulator, agent, thread):
    simulator.post("quotas", lifted=False)
    for number in range(16):
        reply(thread, Said(f"Message {number}", uuid4()), by=agent)
    while (sent := send_next(thread.conversation_id)) and sent.state == "sent":
        continue
    states = list(Message.objects.filter(direction="out").order_by("id").values_list("state"))
    assert states.count(("sent",)) == 15
    assert states[-1] == ("queued",)
    waiting = Message.objects.filter(state="queued").get()
    assert waiting.not_before is not None
    assert waiting.not_before > timezone.now()


def test_a_chain_stands_on_x_as_answers_to_each_other(simulator, brand, agent, post_thread):
    sentences = [f"{number}. We looked into it, and it left on Monday." for number in range(14)]
    reply(post_thread, Said(" ".join(sentences), uuid4(), posts=3), by=agent)
    while message := send_next(post_thread.conversation_id):
        assert message.state == "sent"
    posts = sent_by_us(simulator, "posts", brand)
    asked = post_thread.messages.incoming().get().external_id
    assert [one["in_reply_to_post_id"] for one in posts] == [asked, posts[0]["id"], posts[1]["id"]]
    assert [str(one["text"])[-3:] for one in posts] == ["1/3", "2/3", "3/3"]
    ours = post_thread.messages.filter(direction="out")
    assert list(ours.in_order().values_list("external_id", flat=True)) == [
        one["id"] for one in posts
    ]


def test_a_private_message_of_ten_thousand_characters_goes_in_one(simulator, brand, agent, thread):
    text = ("Ünïcödé 字 👍 " * 1_000)[:9_999] + "."
    assert len(text) == 10_000
    message = reply(thread, Said(text, uuid4()), by=agent)
    send_next(thread.conversation_id)
    message.refresh_from_db()
    assert message.state == "sent"
    assert [one["text"] for one in sent_by_us(simulator, "dms", brand)] == [text]
    with pytest.raises(ReplyTooLong, match="10,001 of 10,000"):
        reply(thread, Said(text + "!", uuid4()), by=agent)
