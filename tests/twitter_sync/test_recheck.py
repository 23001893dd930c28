"""What is deleted or changed on X is so here within a day: `twitter_sync.actions.rechecking`."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import BrandAccount
from inbox.models import Conversation, Message
from tests.factories import next_x_id
from tests.twitter_sync.test_poll import poll_now, posts
from tests.twitter_sync.working import settle
from tests.x import Simulator
from twitter_sync import budgets
from twitter_sync.actions.rechecking import (
    ACTIVE,
    FIRST,
    PAUSE,
    SOON,
    check_due,
    claim,
    expect_checks,
)
from twitter_sync.models import ConversationSearch, KnownPost, RateBudget, Spending
from twitter_sync.models.spending import month_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked(simulator: Simulator, brand: BrandAccount, customer: dict[str, Any]) -> str:
    """A question below a friend's post, which is a message here, and that post context."""
    above = posts(simulator, simulator.person()["id"], "no internet here")
    question = posts(
        simulator, customer["id"], f"@{brand.handle} me too", in_reply_to_post_id=above
    )
    poll_now(brand, "mentions")
    settle()
    return question


def tomorrow() -> datetime:
    return timezone.now() + timedelta(days=1)


def check(now: datetime | None = None) -> int:
    """All that is to be checked by tomorrow."""
    expect_checks()
    return check_due(now or tomorrow())


def context() -> KnownPost:
    return KnownPost.objects.get(text="no internet here")


def edit(simulator: Simulator, post_id: str, text: str) -> str:
    """Nobody tells us of it."""
    changed = simulator.post("posts/edit", post_id=post_id, text=text, deliver=False)
    return str(changed["id"])


def asked_for(simulator: Simulator) -> int:
    return len(simulator.calls("/2/tweets"))


def test_a_message_that_its_author_deleted_is_deleted_here(simulator, brand, asked):
    simulator.post("posts/delete", id=asked)
    check()
    message = Message.objects.get()
    assert (message.text, message.deleted_at is not None) == ("", True)
    assert Conversation.objects.get().preview == "Deleted on X"
    assert KnownPost.objects.get(pk=asked).is_deleted


def test_it_is_deleted_for_every_handle_even_one_that_was_disconnected(
    simulator, connected, customer
):
    two = [connected(), connected()]
    names = " ".join(f"@{brand.handle}" for brand in two)
    asked = posts(simulator, customer["id"], f"{names} help")
    for brand in two:
        poll_now(brand, "mentions")
    settle()
    BrandAccount.objects.filter(pk=two[0].pk).update(status="disconnected")
    simulator.post("posts/delete", id=asked)
    check()
    assert [message.text for message in Message.objects.all()] == ["", ""]


def test_nothing_brings_it_back(simulator, brand, asked):
    simulator.post("posts/delete", id=asked)
    check()
    poll_now(brand, "mentions")
    settle()
    assert (Message.objects.get().text, Message.objects.count()) == ("", 1)


def test_a_post_that_is_only_context_loses_its_words_and_the_desk_hears_of_it(
    simulator, brand, asked
):
    above, version = context(), Conversation.objects.get().version
    simulator.post("posts/delete", id=above.pk)
    check()
    above.refresh_from_db()
    assert (above.text, above.is_deleted) == ("", True)
    assert Message.objects.get().deleted_at is None
    assert Conversation.objects.get().version > version


def test_a_message_that_its_author_changed_is_revised(simulator, brand, customer):
    asked = posts(simulator, customer["id"], f"@{brand.handle} helo")
    poll_now(brand, "mentions")
    settle()
    changed = edit(simulator, asked, f"@{brand.handle} hello")
    check()
    settle()
    message = Message.objects.get()
    assert (message.external_id, message.text) == (changed, f"@{brand.handle} hello")
    assert [one.text for one in message.revisions.told()] == [f"@{brand.handle} helo"]


def test_context_says_what_its_newest_form_says(simulator, brand, asked):
    above, now = context(), tomorrow()
    edit(simulator, above.pk, "it works again")
    check(now)
    settle()
    assert ConversationSearch.objects.get().check_at == now + SOON
    check_due(now + SOON)
    above.refresh_from_db()
    assert above.text == "it works again"
    assert ConversationSearch.objects.get().check_at == now + SOON + PAUSE


def test_of_an_author_who_is_protected_now_context_goes_and_messages_stay(
    simulator, brand, customer, asked
):
    above = context()
    veiled = [(above.author_id, above.author_handle), (customer["id"], customer["username"])]
    simulator.post(
        "users",
        users=[{"id": x_id, "username": handle, "protected": True} for x_id, handle in veiled],
    )
    check()
    above.refresh_from_db()
    assert (above.text, above.is_protected, above.is_deleted) == ("", True, False)
    message = Message.objects.get()
    assert (message.text.split()[-1], message.deleted_at) == ("too", None)


def test_what_is_still_there_is_asked_for_once_a_day(simulator, brand, asked):
    now, calls = tomorrow(), asked_for(simulator)
    assert (check(now), check_due(now), check_due(now + PAUSE)) == (2, 0, 2)
    assert asked_for(simulator) == calls + 2
    search = ConversationSearch.objects.get()
    assert (search.checked_at, search.check_at) == (now + PAUSE, now + PAUSE + PAUSE)
    assert Message.objects.get().text.split()[-1] == "too"


def test_what_was_just_written_is_not_asked_for_yet(simulator, brand, asked):
    """X may not list it at once, which must not pass for a deletion."""
    calls = asked_for(simulator)
    ConversationSearch.objects.update(check_at=timezone.now())
    assert check_due() == 0
    assert asked_for(simulator) == calls


def test_a_conversation_that_is_quiet_for_long_is_checked_no_more_until_it_is_not(
    simulator, brand, asked
):
    expect_checks()
    later = timezone.now() + ACTIVE + timedelta(hours=1)
    assert check_due(later) == 0
    assert ConversationSearch.objects.get().check_at is None
    Conversation.objects.update(last_activity_at=later, changed_at=later)
    assert expect_checks(later) == 1
    assert ConversationSearch.objects.get().check_at == later + FIRST
    assert expect_checks(later + timedelta(hours=1)) == 0


def test_a_conversation_that_was_never_searched_is_checked_too(simulator, brand, asked):
    """What came with the past of a handle is older than X's search reaches."""
    ConversationSearch.objects.all().delete()
    assert check() == 2
    search = ConversationSearch.objects.get()
    assert (search.due_at, search.check_at is not None) == (None, True)


def test_rows_are_taken_until_a_hundred_posts_are_together(brand, asked):
    """The oldest check first; two workers never the same."""
    message, now = Message.objects.get(), tomorrow()
    expect_checks()
    Message.objects.bulk_create(
        [
            Message(
                brand=brand,
                conversation=message.conversation,
                thread=message.thread,
                kind="public",
                transport="post",
                direction="in",
                external_id=(x_id := next_x_id()),
                sequence=int(x_id),
                sent_at=message.sent_at,
            )
            for _ in range(98)
        ]
    )
    first = ConversationSearch.objects.get()
    other = ConversationSearch.objects.create(
        brand=brand, x_conversation_id="1", author_id="2", check_at=first.check_at + SOON
    )
    due = claim(now)
    assert (due.searches, len(due.post_ids)) == ([first.pk], 100)
    assert (claim(now).searches, claim(now).searches) == ([other.pk], [])


def test_what_is_due_is_found_in_as_many_statements_however_much_it_is(brand, asked):
    expect_checks()
    with CaptureQueriesContext(connection) as few:
        claim(tomorrow())
    ConversationSearch.objects.bulk_create(
        [
            ConversationSearch(brand=brand, x_conversation_id="1", author_id=str(number))
            for number in range(60)
        ]
    )
    ConversationSearch.objects.update(check_at=timezone.now())
    with CaptureQueriesContext(connection) as many:
        claim(tomorrow())
    assert len(few) == len(many)


def test_agents_keep_most_of_x_quota(simulator, brand, asked):
    expect_checks()
    resets_at = timezone.now() + timedelta(minutes=5)
    RateBudget.objects.create(
        scope=budgets.APP,
        endpoint="posts",
        window="15m",
        allowed=3500,
        remaining=2450,
        resets_at=resets_at,
    )
    check_due(tomorrow())
    search = ConversationSearch.objects.get()
    assert (search.check_at, search.checked_at) == (resets_at, None)


def test_near_the_cap_it_is_slowed_and_at_the_cap_it_rests(simulator, brand, asked):
    spent = {"month": month_of(timezone.now()), "cap_usd": Decimal(10)}
    Spending.objects.update_or_create(pk=1, defaults={**spent, "spent_usd": Decimal(9)})
    now, calls = tomorrow(), asked_for(simulator)
    assert check(now) == 2
    later = ConversationSearch.objects.get().check_at
    assert later == now + 5 * PAUSE
    Spending.objects.update(spent_usd=Decimal(10))
    assert check_due(later) == 0
    assert asked_for(simulator) == calls + 1


def test_while_x_is_down_it_tries_again_soon(simulator, brand, asked, settings):
    expect_checks()
    settings.X_API_URL, now = "http://127.0.0.1:9", tomorrow()
    check_due(now)
    search = ConversationSearch.objects.get()
    assert (search.check_at, search.checked_at) == (now + SOON, None)
    assert Message.objects.get().deleted_at is None
