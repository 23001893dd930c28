"""What a public conversation hangs on: shown where it stands, counted nowhere."""

from __future__ import annotations

import pytest

from inbox.models import Conversation, Message
from inbox.timeline import timeline
from tests.factories import make_contact
from tests.twitter_sync.bodies import (
    Body,
    delete_event,
    event,
    mention_event,
    own_event,
    post,
    push,
    reply_event,
    user,
)
from twitter_sync.actions.applying import apply_due
from twitter_sync.actions.remembering import give_up
from twitter_sync.context import MOST_SHOWN
from twitter_sync.models import KnownPost

pytestmark = pytest.mark.django_db


@pytest.fixture
def dora(db):
    return make_contact("dora")


def hear(client, *bodies: Body) -> Conversation:
    for body in bodies:
        push(client, body)
    apply_due()
    return Conversation.objects.get()


def shown(conversation: Conversation) -> list[str]:
    """The words of messages and context as they stand below each other."""
    rows = [item.row for item in timeline(conversation).items if item.kind != "event"]
    return [getattr(row, "text", "") or getattr(row, "state", "") for row in rows]


def test_the_broadcast_that_is_answered_stands_above_the_answer(client, acme, carla):
    news = post(acme, "We have news.")
    conversation = hear(
        client, own_event(acme, news), reply_event(acme, post(carla, "Nice!", answers=news))
    )
    assert shown(conversation) == ["We have news.", "Nice!"]
    assert (conversation.message_count, Message.objects.count()) == (1, 1)


def test_other_people_between_are_shown_in_order(client, acme, carla, dora):
    first = post(carla, "@acme help", names=[acme])
    aside = post(dora, "same here", answers=first)
    last = post(carla, "@acme see", names=[acme], answers=aside)
    told = {"users": [user(carla), user(dora)], "tweets": [aside]}
    conversation = hear(client, mention_event(acme, first), mention_event(acme, last, **told))
    assert shown(conversation) == ["@acme help", "same here", "@acme see"]
    [between] = timeline(conversation).context.values()
    assert (between.author_handle, between.state) == ("dora", "shown")


@pytest.mark.parametrize(
    ("name", "handle", "author"),
    [
        ("Eve\u202egro.live\u2066", "eve\u200f", "Evegro.live"),
        ("Eve\u202e <b>", "", "Eve &lt;b&gt;"),
        ("\u202e", "eve", "@eve"),
        ("", "", "Somebody on X"),
    ],
)
def test_who_said_it_is_named_and_nobody_hides_behind_letters(
    client, sign_in, ana, acme, carla, dora, name, handle, author
):
    first = post(carla, "@acme help", names=[acme])
    aside = post(dora, "same here", answers=first)
    last = post(carla, "@acme see", names=[acme], answers=aside)
    conversation = hear(
        client, mention_event(acme, first), mention_event(acme, last, tweets=[aside])
    )
    KnownPost.objects.filter(pk=aside["id"]).update(author_name=name, author_handle=handle)
    page = sign_in(client, ana).get(f"/conversations/{conversation.number}/").text
    assert f'<bdi class="context-author">{author}</bdi>' in page
    assert not {"\u202e", "\u2066", "\u200f"} & set(page)


def test_what_nobody_answered_is_not_context(client, acme, carla, dora):
    first = post(carla, "@acme help", names=[acme])
    aside = post(dora, "@carla lol", names=[carla], answers=first)
    conversation = hear(client, mention_event(acme, first), mention_event(acme, aside))
    assert shown(conversation) == ["@acme help"]


def test_a_parent_that_is_asked_for_is_told_from_one_that_is_not_to_be_had(client, acme, carla):
    lost = post(carla, "lost")
    told = post(carla, "@acme well?", names=[acme], answers=lost)
    conversation = hear(client, mention_event(acme, told))
    assert shown(conversation) == ["awaited", "@acme well?"]
    give_up([lost["id"]])
    assert shown(conversation) == ["unavailable", "@acme well?"]


def test_a_deleted_post_is_said_and_its_author_is_not(client, acme, carla):
    news = post(acme, "We have news.")
    conversation = hear(
        client,
        own_event(acme, news),
        reply_event(acme, post(carla, "Nice!", answers=news)),
        delete_event(acme, news["id"]),
    )
    assert shown(conversation) == ["deleted", "Nice!"]
    [gone] = timeline(conversation).context.values()
    assert (gone.author_handle, gone.text) == ("", "")


def test_the_words_of_a_protected_author_are_never_shown(client, acme, carla, dora):
    hidden = post(dora, "in confidence")
    told = post(carla, "@acme look", names=[acme], answers=hidden)
    people = {"users": [user(carla), user(dora) | {"protected": True}], "tweets": [hidden]}
    conversation = hear(client, mention_event(acme, told, **people))
    assert shown(conversation) == ["protected", "@acme look"]
    [above] = timeline(conversation).context.values()
    assert (above.author_handle, above.author_name) == ("", "")


def test_the_quoted_post_stands_above_the_quote(client, acme, carla):
    acme.takes_quotes = True
    acme.save()
    news = post(acme, "We have news.")
    quote = post(carla, "look", referenced_tweets=[{"type": "quoted", "id": news["id"]}])
    conversation = hear(client, own_event(acme, news), event("post.quote.create", acme, quote))
    assert shown(conversation) == ["We have news.", "look"]
    assert timeline(conversation).context[news["id"]].is_quoted


def test_a_thread_without_end_shows_its_newest(client, acme, carla, dora):
    above = post(dora, "0")
    chain = [above]
    for number in range(1, MOST_SHOWN + 5):
        chain.append(post(dora, f"{number}", answers=chain[-1]))
    told = post(carla, "@acme phew", names=[acme], answers=chain[-1])
    conversation = hear(client, mention_event(acme, told, tweets=chain))
    assert shown(conversation) == [*(one["text"] for one in chain[-MOST_SHOWN:]), "@acme phew"]


def test_it_costs_the_same_for_any_number(client, acme, carla, dora, django_assert_num_queries):
    first = post(carla, "@acme help", names=[acme], answers=post(dora, "no internet"))
    conversation = hear(client, mention_event(acme, first))
    with django_assert_num_queries(8):
        timeline(conversation)
    for number in range(8):
        aside = post(dora, f"{number}", answers=first)
        told = post(carla, f"@acme {number}", names=[acme], answers=aside)
        hear(client, mention_event(acme, told, tweets=[aside]))
    with django_assert_num_queries(8):
        timeline(conversation)


def test_the_desk_says_what_is_context(client, sign_in, ana, acme, carla):
    news = post(acme, "We have <news>.")
    conversation = hear(
        client, own_event(acme, news), reply_event(acme, post(carla, "Nice!", answers=news))
    )
    sign_in(client, ana)
    page = client.get(f"/conversations/{conversation.number}/").content.decode()
    assert f'id="context-{news["id"]}"' in page
    assert "We have &lt;news&gt;." in page
    assert "to everyone" in page


def test_the_desk_shows_what_a_changed_message_said_before(client, sign_in, ana, acme, carla):
    one = post(carla, "@acme helo", names=[acme])
    two = one | {"id": str(int(one["id"]) + 9), "text": "@acme hello"}
    two["edit_history_tweet_ids"] = [one["id"], two["id"]]
    conversation = hear(client, mention_event(acme, one), mention_event(acme, two))
    sign_in(client, ana)
    page = client.get(f"/conversations/{conversation.number}/").content.decode()
    assert "<details" in page
    assert page.index("Edited") < page.index("helo</bdi>")
