"""Messages that arrive together: `inbox.actions.receiving.receive_all`."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from random import Random
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import BrandAccount, User
from inbox.actions.receiving import receive, receive_all
from inbox.actions.replies import Said, reply
from inbox.actions.status import resolve, snooze
from inbox.models import Contact, Conversation, ConversationEvent, Message
from inbox.sequence import sequence_at
from inbox.utterance import Person, Told, Utterance
from tests.news import heard

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
LATER = timezone.now() + timedelta(days=30)


def told(
    brand: BrandAccount, who: int, at: float, *, ours: bool = False, thread: int = 0, **more: Any
) -> Told:
    """Somebody says something `at` so many minutes after noon, in private or in a public thread."""
    sent_at = NOON + timedelta(minutes=at)
    x_id = sequence_at(sent_at) + who
    fields: dict[str, Any] = {
        "kind": "public" if thread else "dm",
        "transport": "post" if thread else "dm",
        "direction": "out" if ours else "in",
        "external_id": str(x_id),
        "x_conversation_id": f"{thread}{who}" if thread else f"{who}-{brand.x_user_id}",
        "sequence": x_id,
        "customer": Person(str(who), handle=f"customer{who}", name=f"No. {who}", as_of=sent_at),
        "text": f"{who} at {at}",
        "sent_at": sent_at,
    }
    return Told(brand, Utterance(**(fields | more)))


def statements(arrivals: list[Told]) -> int:
    with CaptureQueriesContext(connection) as run:
        receive_all(arrivals)
    return len(run)


def test_the_number_of_statements_is_that_of_any_other_number(acme, globex):
    def first_words(count: int, offset: int) -> list[Told]:
        brands = (acme, globex)
        return [told(brands[n % 2], offset + n, 0, thread=n % 3) for n in range(count)]

    def more_words(count: int, offset: int) -> list[Told]:
        return [one for n in range(count) for one in first_and_answer(offset + n)]

    def first_and_answer(who: int) -> list[Told]:
        return [told(acme, who, 5, thread=who % 3), told(acme, who, 6, ours=True)]

    first = statements(first_words(10, 100)), statements(first_words(50, 200))
    assert first[0] == first[1] < 20
    more = statements(more_words(10, 100)), statements(more_words(50, 200))
    assert more[0] == more[1] < 20
    assert statements(first_words(10, 100)) == statements(first_words(50, 200)) < 5


@pytest.mark.django_db(transaction=True)
def test_each_desk_hears_once_of_each_conversation(acme):
    with heard() as news:
        receive_all([told(acme, who, at) for at in range(5) for who in (1, 2)])
        announced = news()
    shown = {(one.pk, one.version) for one in Conversation.objects.all()}
    assert sorted((one["id"], one["version"]) for one in announced) == sorted(shown)


def test_each_is_the_message_that_it_became_or_was(acme):
    first = told(acme, 1, 0)
    changed = told(acme, 1, 1, earlier_ids=(first.utterance.external_id,))
    received = receive_all([first, changed, first])
    assert {one.message for one in received} == {Message.objects.get()}
    assert [one.is_new for one in received] == [True, False, False]
    assert Message.objects.get().external_id == changed.utterance.external_id


def test_an_echo_among_others_settles_what_we_sent(acme, ana):
    asked = receive(*told(acme, 1, 0, thread=1))
    sent = reply(asked.thread, Said("On its way", uuid4()), by=ana)
    Message.objects.filter(pk=sent.pk).update(state="sending", not_before=None)
    at = (timezone.now() - NOON) / timedelta(minutes=1)
    echo = told(acme, 1, at, ours=True, thread=1, text="On its way")
    receive_all([told(acme, 1, 1), told(acme, 2, 0), echo, told(acme, 1, 2, thread=1)])
    sent.refresh_from_db()
    assert (sent.state, sent.external_id) == ("sent", echo.utterance.external_id)
    conversation = Conversation.objects.get(contact__x_user_id="1")
    assert (conversation.message_count, conversation.preview) == (4, "On its way")
    assert (conversation.status, conversation.unanswered_since) == ("waiting", None)


@pytest.mark.django_db(transaction=True)
def test_workers_that_meet_the_same_people_in_any_order_wait_in_no_circle(acme):
    """Each hears from ten people for the first time, twice over, in an order of its own."""
    workers = 4
    barrier = Barrier(workers)

    def arrive(worker: int) -> None:
        try:
            arrivals = [told(acme, who, worker + at / 8) for who in range(1, 11) for at in (0, 1)]
            Random(worker).shuffle(arrivals)
            barrier.wait()
            receive_all(arrivals)
        finally:
            connection.close()

    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(arrive, range(workers)))
    assert Contact.objects.count() == Conversation.objects.count() == 10
    assert {one.message_count for one in Conversation.objects.all()} == {2 * workers}


# Together, or one by one


def story(random: Random, brands: list[BrandAccount]) -> list[Told]:
    """Three people and two brands over two weeks, in private and in public; some of it is changed
    afterwards, some is told twice, and the order is anybody's guess."""
    said = []
    for number in range(40):
        who, thread, at = random.randint(1, 3), random.choice([0, 0, 1, 2]), random.random()
        said.append(
            told(
                random.choice(brands),
                who,
                at * 14 * 24 * 60,
                ours=random.random() < 0.4,
                thread=thread,
                text=f"No. {number}",
            )
        )
        if random.random() < 0.2:
            said.append(changed_form_of(said[-1]))
    told_twice = random.sample(said, 10)
    random.shuffle(said)
    return said + told_twice


def changed_form_of(former: Told) -> Told:
    brand, utterance = former
    who, minutes = (
        int(utterance.customer.x_user_id),
        (utterance.sent_at - NOON).total_seconds() / 60,
    )
    return told(
        brand,
        who,
        minutes + 1,
        ours=utterance.direction == "out",
        thread=int(utterance.x_conversation_id[0]) if utterance.kind == "public" else 0,
        text=f"{utterance.text}, changed",
        earlier_ids=(utterance.external_id,),
    )


def everything() -> list[Any]:
    """All that was made of it, but for keys, versions and our own clock."""
    conversations = list(Conversation.objects.order_by("id"))
    return [
        [
            (one.brand_id, one.contact.x_user_id, one.status, one.unanswered_since),
            (one.last_activity_at, one.message_count, one.preview, one.preview_is_ours),
            (one.has_dm, one.has_public, one.follows and conversations.index(one.follows)),
            [(m.external_id, m.text, m.sequence, m.thread.kind) for m in one.messages.in_order()],
            [
                (former.external_id, former.text)
                for message in one.messages.in_order()
                for former in message.revisions.all()
            ],
            sorted((e.kind, e.message and e.message.external_id, str(e.after)) for e in lines(one)),
            [e.created_at for e in lines(one) if e.kind == "opened"],
        ]
        for one in conversations
    ] + [
        (contact.x_user_id, contact.handle, contact.profile_as_of)
        for contact in Contact.objects.order_by("x_user_id")
    ]


def lines(conversation: Conversation) -> list[ConversationEvent]:
    return list(conversation.events.select_related("message"))


def made_of(arrivals: list[Told], *, by: User, at_once: int) -> list[Any]:
    """What comes of a story that arrives so many at once; in the midst of it one conversation is
    resolved and one is put off."""
    half = len(arrivals) // 2
    with transaction.atomic():
        for part in parts(arrivals[:half], at_once):
            receive_all(part)
        first, second = Conversation.objects.order_by("contact__x_user_id", "id")[:2]
        resolve(first, by=by)
        snooze(second, until=LATER, by=by)
        for part in parts(arrivals[half:], at_once):
            receive_all(part)
        found = everything()
        transaction.set_rollback(True)
    return found


def parts(arrivals: list[Told], size: int) -> list[list[Told]]:
    return [arrivals[start : start + size] for start in range(0, len(arrivals), size)]


@pytest.mark.parametrize("seed", range(6))
def test_what_comes_together_comes_to_the_same_as_one_by_one(acme, ana, seed):
    random = Random(seed)
    other = BrandAccount.objects.create(x_user_id="77", handle="other", name="Other")
    ana.memberships.create(brand=other, role="agent")
    acme.answers_since = NOON + timedelta(days=random.choice([1, 5, 9]))
    acme.save()
    arrivals = story(random, [acme, other])
    one_by_one = made_of(arrivals, by=ana, at_once=1)
    assert made_of(arrivals, by=ana, at_once=7) == one_by_one
    assert made_of(arrivals, by=ana, at_once=100) == one_by_one
