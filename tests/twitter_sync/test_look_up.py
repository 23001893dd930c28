"""Asking X for the posts that others hang on: `twitter_sync.actions.looking_up`."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import BrandAccount
from inbox.models import Conversation, Message
from tests.factories import next_x_id
from tests.twitter_sync.bodies import push, reply_event
from tests.twitter_sync.test_poll import poll_now, posts
from tests.twitter_sync.working import settle
from tests.x import Simulator
from twitter_sync import budgets
from twitter_sync.actions import looking_up, remembering, taking
from twitter_sync.actions.applying import apply_due
from twitter_sync.actions.looking_up import look_up_due
from twitter_sync.models import KnownPost, RateBudget, RawEvent

pytestmark = pytest.mark.django_db


def look_ups(simulator: Simulator) -> int:
    return len(simulator.calls("/2/tweets"))


def said(brand: BrandAccount) -> list[str]:
    return [message.text for message in Message.objects.filter(brand=brand).in_order()]


def test_the_thread_above_a_mention_is_fetched_to_its_root(simulator, brand, customer):
    """She complained to nobody, then to a friend, then to us: what she said is in the ticket."""
    friend = simulator.person()
    root = posts(simulator, customer["id"], "no internet")
    aside = posts(simulator, friend["id"], "here neither", in_reply_to_post_id=root)
    below = posts(simulator, friend["id"], "what now", in_reply_to_post_id=aside)
    last = posts(simulator, customer["id"], f"@{brand.handle} well?", in_reply_to_post_id=below)
    poll_now(brand, "mentions")
    settle()
    messages = list(Message.objects.in_order())
    assert [message.external_id for message in messages] == [root, last]
    assert Conversation.objects.get().contact.handle == customer["username"]
    assert KnownPost.objects.seen().count() == 4


def test_our_own_thread_waits_for_its_beginning_and_is_placed(simulator, brand, customer):
    asked = posts(simulator, customer["id"], "no internet")
    one = posts(simulator, brand.x_user_id, "1/2", in_reply_to_post_id=asked)
    posts(simulator, brand.x_user_id, "2/2", in_reply_to_post_id=one)
    poll_now(brand, "own_posts")
    settle()
    assert [text.split()[-1] for text in said(brand)] == ["internet", "1/2", "2/2"]
    assert {row.state for row in RawEvent.objects.all()} == {"applied"}


def test_desks_hear_of_what_a_conversation_hangs_on(simulator, brand, customer):
    friend = simulator.person()
    root = posts(simulator, friend["id"], "no internet here")
    more = posts(simulator, friend["id"], "since noon", in_reply_to_post_id=root)
    posts(simulator, customer["id"], f"@{brand.handle} me too", in_reply_to_post_id=more)
    poll_now(brand, "mentions")
    apply_due()
    before = Conversation.objects.get().version
    settle()
    conversation = Conversation.objects.get()
    assert conversation.version > before
    assert (conversation.message_count, KnownPost.objects.seen().count()) == (1, 3)


def test_what_x_will_not_show_is_asked_for_once(simulator, brand):
    calls = look_ups(simulator)
    gone = next_x_id()
    KnownPost.objects.create(post_id=gone, look_up_at=timezone.now())
    assert look_up_due() == 1
    assert KnownPost.objects.get().availability == "unavailable"
    assert look_up_due() == 0
    assert look_ups(simulator) == calls + 1


def test_a_hundred_are_asked_for_at_a_time(simulator, brand):
    calls = look_ups(simulator)
    KnownPost.objects.bulk_create(
        [KnownPost(post_id=next_x_id(), look_up_at=timezone.now()) for _ in range(150)]
    )
    assert [look_up_due(), look_up_due(), look_up_due()] == [100, 50, 0]
    assert look_ups(simulator) == calls + 2


def test_without_quota_it_waits_and_counts_no_attempt(simulator, brand):
    KnownPost.objects.create(post_id=next_x_id(), look_up_at=timezone.now())
    resets_at = timezone.now() + timedelta(minutes=5)
    RateBudget.objects.create(
        scope=budgets.APP,
        endpoint="posts",
        window="15m",
        allowed=3500,
        remaining=10,
        resets_at=resets_at,
    )
    look_up_due()
    known = KnownPost.objects.get()
    assert (known.look_up_at, known.look_up_attempts) == (resets_at, 0)


def test_while_x_is_down_it_tries_again_and_at_last_gives_up(simulator, brand, settings):
    settings.X_API_URL = "http://127.0.0.1:9"
    waiting = RawEvent.objects.create(
        source="poll", fact="a", brand=brand, body=b"{}", state="waiting", waits_for="1900"
    )
    KnownPost.objects.create(post_id="1900", look_up_at=timezone.now())
    for attempt in range(1, looking_up.MOST_ATTEMPTS + 1):
        assert look_up_due() == 1
        known = KnownPost.objects.get()
        assert (known.look_up_attempts, known.look_up_at > timezone.now()) == (attempt, True)
        KnownPost.objects.update(look_up_at=timezone.now())
    assert look_up_due() == 0
    assert KnownPost.objects.get().availability == "unavailable"
    waiting.refresh_from_db()
    assert waiting.state == "pending"


def test_a_thread_without_end_is_not_followed_without_end(simulator, brand, customer, monkeypatch):
    monkeypatch.setattr(remembering, "MOST_HOPS", 3)
    above = posts(simulator, customer["id"], "No. 0")
    for number in range(1, 8):
        above = posts(simulator, customer["id"], f"No. {number}", in_reply_to_post_id=above)
    posts(simulator, customer["id"], f"@{brand.handle} well?", in_reply_to_post_id=above)
    poll_now(brand, "mentions")
    settle()
    assert Message.objects.count() == 1 + 3
    assert not KnownPost.objects.to_look_up().exists()


def test_a_post_that_can_not_be_placed_is_kept_and_placed_later(
    simulator, brand, customer, monkeypatch
):
    """Its page is asked for once: what fails there goes on in the ledger."""
    asked = posts(simulator, customer["id"], f"@{brand.handle} no internet")
    beside = posts(simulator, customer["id"], f"@{brand.handle} nor phone")
    KnownPost.objects.bulk_create(
        [KnownPost(post_id=post_id, look_up_at=timezone.now()) for post_id in (asked, beside)]
    )

    def fail(post, *args, **kwargs):
        if post.id == asked:
            raise KeyError(post.text)
        return taking.take_post(post, *args, **kwargs)

    monkeypatch.setattr(looking_up, "take_post", fail)
    look_up_due()
    assert said(brand) == [f"@{brand.handle} nor phone"]
    row = RawEvent.objects.get()
    assert (row.source, row.fact, row.state) == ("look_up", f"look_up:{asked}", "pending")
    apply_due()
    assert said(brand) == [f"@{brand.handle} no internet", f"@{brand.handle} nor phone"]
    row.refresh_from_db()
    assert row.state == "applied"
    handles = {one.contact.handle for one in Conversation.objects.all()}
    assert handles == {customer["username"]}


# Who is who


def threads(simulator: Simulator, brand: BrandAccount, count: int) -> list[str]:
    """Complaints that name the brand, each in an X conversation of its own; X is to be asked."""
    ids = [
        posts(simulator, simulator.person()["id"], f"@{brand.handle} No. {number}")
        for number in range(count)
    ]
    now = timezone.now()
    KnownPost.objects.bulk_create([KnownPost(post_id=one, look_up_at=now) for one in ids])
    return ids


@pytest.mark.django_db(transaction=True)
def test_one_conversation_is_locked_at_a_time(simulator, brand, monkeypatch):
    threads(simulator, brand, 4)
    place, held = looking_up.take_post, []

    def place_and_count(*asked: Any, **told: Any) -> Any:
        placed = place(*asked, **told)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_locks"
                " WHERE locktype = 'advisory' AND pid = pg_backend_pid()"
            )
            held.append(cursor.fetchone()[0])
        return placed

    monkeypatch.setattr(looking_up, "take_post", place_and_count)
    look_up_due()
    the_conversation_and_its_pair = 2
    assert held == [the_conversation_and_its_pair] * 4


@pytest.mark.django_db(transaction=True)
def test_a_post_is_locked_while_it_is_placed(simulator, brand, monkeypatch):
    """One that was told along, too: whoever deletes it waits for the message."""
    customer = simulator.person()["id"]
    above = posts(simulator, customer, f"@{brand.handle} it is broken")
    asked = posts(simulator, customer, f"@{brand.handle} still", in_reply_to_post_id=above)
    KnownPost.objects.create(post_id=asked, look_up_at=timezone.now())
    place, free = looking_up.take_post, []

    def place_and_look(post: Any, *others: Any, **told: Any) -> None:
        place(post, *others, **told)
        with closing(connection.copy()) as other, other.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM (SELECT FROM twitter_sync_knownpost"
                " WHERE post_id = %s FOR UPDATE SKIP LOCKED) AS free",
                [post.id],
            )
            free.append((post.id, cursor.fetchone()[0]))

    monkeypatch.setattr(looking_up, "take_post", place_and_look)
    look_up_due()
    assert free == [(above, 0), (asked, 0)]


def test_a_worker_that_dies_between_two_posts_loses_none(simulator, brand, monkeypatch):
    ids = threads(simulator, brand, 3)
    place, placed = looking_up.take_post, []

    def die(*asked: Any, **told: Any) -> Any:
        if placed:
            raise SystemExit
        placed.append(place(*asked, **told))
        return placed[0]

    with monkeypatch.context() as patch:
        patch.setattr(looking_up, "take_post", die)
        with pytest.raises(SystemExit):
            look_up_due()
    assert Message.objects.count() == 1
    assert set(KnownPost.objects.to_look_up().values_list("pk", flat=True)) == set(ids[1:])
    KnownPost.objects.to_look_up().update(look_up_at=timezone.now())
    settle()
    assert sorted(Message.objects.values_list("external_id", flat=True)) == sorted(ids)
    assert not KnownPost.objects.to_look_up().exists()


def test_a_customer_that_a_push_does_not_name_is_asked_for(client, simulator, brand, customer):
    """X's documents tell of a reply without a word about its author."""
    broadcast = posts(simulator, brand.x_user_id, "We have news.")
    answer = posts(simulator, customer["id"], "Nice!", in_reply_to_post_id=broadcast)
    told = {
        "id": answer,
        "text": "Nice!",
        "author_id": customer["id"],
        "conversation_id": broadcast,
        "in_reply_to_user_id": brand.x_user_id,
        "referenced_tweets": [{"type": "replied_to", "id": broadcast}],
        "created_at": "2026-11-21T10:20:00.000Z",
    }
    push(client, reply_event(brand, told))
    apply_due()
    conversation = Conversation.objects.get()
    assert conversation.contact.display_name == f"id {customer['id']}"
    settle()
    renamed = Conversation.objects.get()
    assert renamed.contact.display_name == customer["name"]
    assert renamed.version > conversation.version
    assert not KnownPost.objects.to_look_up().exists()


def test_a_name_in_the_words_never_takes_the_place_of_a_profile(client, simulator, brand, customer):
    asked = posts(simulator, customer["id"], f"@{brand.handle} no internet")
    poll_now(brand, "mentions")
    settle()
    answer = posts(
        simulator, brand.x_user_id, f"@{customer['username']} on it", in_reply_to_post_id=asked
    )
    calls = look_ups(simulator)
    poll_now(brand, "own_posts")
    settle()
    message = Message.objects.get(external_id=answer)
    assert message.conversation.contact.display_name == customer["name"]
    assert look_ups(simulator) == calls
