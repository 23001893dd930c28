"""Posts that are messages only where a handle wants them: quotes, and other connected handles."""

from __future__ import annotations

from datetime import timedelta

import pytest

from inbox.models import Conversation, Message
from inbox.sequence import sequence_at
from tests.twitter_sync.bodies import (
    Body,
    dm_received,
    event,
    mention_event,
    own_event,
    post,
    push,
    user,
)
from twitter_sync.actions.applying import apply_due
from twitter_sync.models import KnownPost, RawEvent

pytestmark = pytest.mark.django_db


def wants(brand, **settings: bool) -> None:
    for name, value in settings.items():
        setattr(brand, name, value)
    brand.save()


@pytest.fixture
def news(acme) -> Body:
    return post(acme, "We have news.")


def quote_of(author, quoted: Body, text: str = "look at that") -> Body:
    return post(author, text, referenced_tweets=[{"type": "quoted", "id": quoted["id"]}])


def told_of(acme, quote: Body, carla) -> Body:
    return event("post.quote.create", acme, quote, includes={"users": [user(carla)]})


def test_a_quote_opens_a_conversation_where_the_handle_takes_quotes(client, acme, carla, news):
    wants(acme, takes_quotes=True)
    quote = quote_of(carla, news)
    push(client, told_of(acme, quote, carla))
    apply_due()
    message = Message.objects.get()
    assert (message.text, message.direction) == ("look at that", "in")
    assert message.thread.x_conversation_id == quote["id"]
    assert KnownPost.objects.get(pk=quote["id"]).quoted_id == news["id"]


def test_elsewhere_it_is_nothing(client, acme, carla, news):
    push(client, told_of(acme, quote_of(carla, news), carla))
    apply_due()
    assert (RawEvent.objects.get().state, Conversation.objects.count()) == ("ignored", 0)


def test_a_quote_of_somebody_else_is_nothing_of_ours(client, acme, globex, carla):
    wants(acme, takes_quotes=True)
    quote = quote_of(carla, post(globex, "Theirs"))
    push(client, event("post.quote.create", globex, quote))
    apply_due()
    assert Conversation.objects.count() == 0


def test_a_quote_that_another_way_brings_is_known_by_what_it_quotes(client, acme, carla, news):
    """A feed tells no kind of event: the known tree says whose the quoted post is."""
    wants(acme, takes_quotes=True)
    push(client, own_event(acme, news))
    push(client, mention_event(acme, quote_of(carla, news)))
    apply_due()
    assert Message.objects.get().text == "look at that"


def test_our_answer_to_a_quote_stands_below_it(client, acme, carla, news):
    wants(acme, takes_quotes=True)
    quote = quote_of(carla, news)
    push(client, told_of(acme, quote, carla))
    push(client, own_event(acme, post(acme, "@carla thanks", names=[carla], answers=quote)))
    apply_due()
    assert [one.text for one in Message.objects.in_order()] == ["look at that", "@carla thanks"]


def test_another_connected_handle_is_a_customer_where_that_is_wanted(client, acme, globex):
    wants(acme, takes_connected_handles=True)
    asked = post(globex, "@acme do you deliver?", names=[acme])
    push(client, mention_event(acme, asked))
    push(client, own_event(globex, asked))
    push(client, own_event(acme, post(acme, "@globex yes", names=[globex], answers=asked)))
    apply_due()
    said = [(one.brand, one.text) for one in Message.objects.in_order()]
    assert said == [(acme, "@acme do you deliver?"), (acme, "@globex yes")]
    assert Conversation.objects.get().contact.x_user_id == globex.x_user_id


# The mirror rule and the reopen window, for posts


def test_a_first_post_joins_the_lively_private_talk(client, acme, carla):
    push(client, dm_received(acme, carla, "in private"))
    apply_due()
    push(client, mention_event(acme, post(carla, "@acme in public", names=[acme])))
    apply_due()
    assert Conversation.objects.get().threads.count() == 2


def test_it_does_not_where_the_handle_keeps_them_apart(client, acme, carla):
    wants(acme, joins_threads=False)
    push(client, dm_received(acme, carla, "in private"))
    push(client, mention_event(acme, post(carla, "@acme in public", names=[acme])))
    apply_due()
    assert Conversation.objects.count() == 2


def test_two_public_threads_are_two_conversations(client, acme, carla):
    for text in ("@acme one", "@acme two"):
        push(client, mention_event(acme, post(carla, text, names=[acme])))
    apply_due()
    assert Conversation.objects.count() == 2


@pytest.mark.parametrize(("days", "conversations"), [(6, 1), (8, 2)])
def test_a_thread_that_was_resolved_is_taken_up_within_the_window(
    client, acme, carla, days, conversations
):
    """Measured from when it was resolved to what was said, whenever we hear of it."""
    first = post(carla, "@acme help", names=[acme])
    push(client, mention_event(acme, first))
    apply_due()
    conversation = Conversation.objects.get()
    resolved_at = conversation.last_activity_at
    Conversation.objects.update(status="resolved", resolved_at=resolved_at)
    later = str(sequence_at(resolved_at + timedelta(days=days)))
    again = post(carla, "@acme again", names=[acme], answers=first, id=later)
    push(client, mention_event(acme, again))
    apply_due()
    assert Conversation.objects.count() == conversations
    newest = Conversation.objects.order_by("-pk").first()
    assert newest.status == "open"
    assert newest.follows == (None if conversations == 1 else conversation)
    assert newest.threads.get().x_conversation_id == first["id"]


def test_after_the_window_the_newest_conversation_holds_the_thread(client, acme, carla):
    """What comes later goes where the thread went on, not back to where it began."""
    first = post(carla, "@acme help", names=[acme])
    push(client, mention_event(acme, first))
    apply_due()
    resolved_at = Conversation.objects.get().last_activity_at
    Conversation.objects.update(status="resolved", resolved_at=resolved_at)
    for days in (9, 10):
        later = str(sequence_at(resolved_at + timedelta(days=days)))
        again = post(carla, f"@acme day {days}", names=[acme], answers=first, id=later)
        push(client, mention_event(acme, again))
        apply_due()
    old, new = Conversation.objects.order_by("pk")
    assert (old.message_count, new.message_count) == (1, 2)
