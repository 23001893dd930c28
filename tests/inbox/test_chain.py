"""A public answer in several posts: one deed, sent in order, taken back together."""

from __future__ import annotations

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from inbox.actions import sending
from inbox.actions.inviting import close_in_public, invite
from inbox.actions.receiving import receive
from inbox.actions.replies import OtherNumberOfPosts, ReplyTooLong, Said, reply
from inbox.actions.retrying import retry
from inbox.actions.rewording import PartOfChain, reword
from inbox.actions.sending import take_next
from inbox.actions.taking_back import TooLate, cancel
from inbox.guards.leaks import WouldLeak
from inbox.guards.news import SomethingNew
from inbox.guards.sameness import SaidAlready
from inbox.line import standings
from inbox.models import ConversationEvent, Handoff, Message
from inbox.sequence import moment_of
from tests.factories import make_conversation, make_message, make_thread, next_x_id
from twitter_sync.actions.sending import due_conversations

SENTENCE = "We looked into it, and the parcel left our house on Monday."
TWO = " ".join(f"{number}. {SENTENCE}" for number in range(6))
THREE = " ".join(f"{number}. {SENTENCE}" for number in range(10))
State = Message.State


@pytest.fixture
def post(public_thread) -> Message:
    return make_message(public_thread, "@acme nobody answers here")


@pytest.fixture
def chain(public_thread, post, ana):
    """`chain(THREE, 3)`: the messages that it is."""

    def chain(text=TWO, posts=2, *, by=ana, **more):
        said = {"client_key": uuid4(), "posts": posts} | more
        reply(public_thread, Said(text, **said), by=by)
        return parts()

    return chain


def parts() -> list[Message]:
    return list(Message.objects.filter(direction="out").order_by("pk"))


def states() -> list[str]:
    return [part.state for part in parts()]


def accept(message: Message) -> Message:
    """What the sender does when X accepts the next."""
    assert take_next(message.conversation_id) == message
    external_id = next_x_id()
    sequence = int(external_id)
    return sending.confirm_sent(
        message.pk, external_id=external_id, sequence=sequence, sent_at=moment_of(sequence)
    )


def test_a_long_answer_becomes_numbered_posts(chain, post):
    first, second = chain()
    assert [first.text[-4:], second.text[-4:]] == [" 1/2", " 2/2"]
    assert (first.text[:-4] + second.part.joint + second.text[:-4]) == TWO
    assert (first.answers_external_id, second.answers_external_id) == (post.external_id, None)
    assert second.part.before == first
    assert first.client_key != second.client_key
    assert ConversationEvent.objects.filter(kind="replied").count() == 1


def test_whoever_was_not_shown_so_many_posts_sends_none(public_thread, post, ana):
    for shown in (1, 3):
        with pytest.raises(OtherNumberOfPosts, match="This is 2 posts"):
            reply(public_thread, Said(TWO, uuid4(), posts=shown), by=ana)
    assert parts() == []


def test_what_fits_by_now_is_one_post_whatever_was_shown(chain):
    (only,) = chain("Sorry!", 2)
    assert (only.text, hasattr(only, "part")) == ("Sorry!", False)


def test_more_than_ten_are_refused_with_a_way_out(public_thread, post, ana):
    with pytest.raises(ReplyTooLong, match="10 posts can’t hold it"):
        reply(public_thread, Said("word " * 1000, uuid4(), posts=10), by=ana)


def test_the_same_request_again_is_the_same_chain(chain):
    key = uuid4()
    assert chain(client_key=key) == chain(client_key=key)
    assert len(parts()) == 2


def test_each_goes_when_x_has_the_one_before_and_answers_it(chain):
    first, second, third = chain(THREE, 3)
    sent = accept(first)
    assert take_next(first.conversation_id) == second
    second.refresh_from_db()
    assert second.answers_external_id == sent.external_id
    assert take_next(first.conversation_id) is None
    again = sending.confirm_sent(
        second.pk, external_id=next_x_id(), sequence=second.sequence, sent_at=timezone.now()
    )
    assert accept(third).part.before == again
    assert states() == ["sent"] * 3


def test_a_part_answers_the_one_before_under_the_id_it_has_by_now(chain):
    first, second = chain()
    accept(first)
    Message.objects.filter(pk=first.pk).update(external_id="1999")
    take_next(first.conversation_id)
    second.refresh_from_db()
    assert second.answers_external_id == "1999"


def test_those_that_wait_stand_behind_the_one_that_x_has(chain):
    first, *_ = chain(THREE, 3)
    accept(first)
    assert list(Message.objects.filter(direction="out").in_order()) == parts()
    assert len({part.sequence for part in parts()}) == 3


def test_when_the_first_is_refused_the_rest_waits_and_holds_up_nobody(
    chain, show, ana, dm_thread, question
):
    first, second, _ = chain(THREE, 3)
    take_next(first.conversation_id)
    sending.fail(first.pk, reason="No.")
    assert states() == ["failed", "queued", "queued"]
    assert take_next(first.conversation_id) is None
    assert due_conversations(timezone.now()) == []
    page = show(ana).content.decode()
    assert "No post behind it goes before it." in page
    assert "Waits: the post before it was not sent" in page
    private = reply(dm_thread, Said("Hello", uuid4()), by=ana)
    assert due_conversations(timezone.now()) == [first.conversation_id]
    assert take_next(first.conversation_id) == private
    assert standings(first.conversation, [second])[second.pk].ahead == 0


def test_a_refused_chain_says_nothing_of_the_next(chain, public_thread, ana, acme):
    """The next one does hold up what comes behind it."""
    first, *_ = chain(THREE, 3)
    take_next(first.conversation_id)
    sending.fail(first.pk, reason="No.")
    chain("Here is what we found. " * 20, 2)
    thread = make_thread(make_conversation(acme), "public")
    make_message(thread, "Hello?")
    behind = reply(thread, Said("Hello", uuid4()), by=ana)
    assert standings(thread.conversation, [behind])[behind.pk].ahead == 2


def test_when_the_first_is_sent_again_the_rest_follows_it(chain, ana):
    first, second, third = chain(THREE, 3)
    take_next(first.conversation_id)
    sending.fail(first.pk, reason="No.")
    retry(first, by=ana)
    assert list(Message.objects.filter(direction="out").in_order()) == [first, second, third]
    for part in (first, second, third):
        accept(part)
    assert states() == ["sent"] * 3


def test_what_failed_together_is_queued_again_together(chain, ana, acme):
    first, *_ = chain(THREE, 3)
    sending.fail_queued(acme, reason="Disconnected.", limit=10)
    assert states() == ["failed"] * 3
    retry(first, by=ana)
    assert states() == ["queued"] * 3


def test_while_nobody_knows_of_the_first_the_rest_waits(chain):
    first, second = chain()
    take_next(first.conversation_id)
    sending.doubt(first.pk, reason="No answer.")
    assert take_next(first.conversation_id) is None
    assert standings(first.conversation, [second])[second.pk].is_held


def test_its_echo_lets_the_rest_go(chain, says, acme, post):
    first, second = chain()
    take_next(first.conversation_id)
    sending.doubt(first.pk, reason="No answer.")
    echo = receive(
        acme,
        says(
            first.text,
            ours=True,
            kind="public",
            x_conversation_id=first.thread.x_conversation_id,
            answers_external_id=post.external_id,
        ),
    )
    assert (echo.pk, echo.state) == (first.pk, "sent")
    assert take_next(first.conversation_id) == second
    second.refresh_from_db()
    assert second.answers_external_id == echo.external_id


def test_all_is_taken_back_while_nothing_is_out(chain, ana):
    first, second = chain()
    cancel(second, by=ana)
    assert states() == ["cancelled"] * 2
    assert take_next(first.conversation_id) is None


def test_what_remains_is_taken_back_once_some_is_out(chain, ana):
    first, second, _ = chain(THREE, 3)
    accept(first)
    cancel(second, by=ana)
    assert states() == ["sent", "cancelled", "cancelled"]


def test_one_on_its_way_is_not_taken_back_but_the_rest_is(chain, ana):
    first, second = chain()
    take_next(first.conversation_id)
    with pytest.raises(TooLate):
        cancel(first, by=ana)
    cancel(second, by=ana)
    assert states() == ["sending", "cancelled"]


def test_giving_up_the_first_gives_up_the_rest(chain, ana):
    first, _ = chain()
    take_next(first.conversation_id)
    sending.fail(first.pk, reason="No.")
    cancel(first, by=ana)
    assert states() == ["cancelled"] * 2


def test_leaving_an_unconfirmed_one_gives_up_what_answers_it(chain, ana):
    first, _ = chain()
    take_next(first.conversation_id)
    sending.doubt(first.pk, reason="No answer.")
    long_ago = timezone.now() - timedelta(minutes=5)
    Message.objects.filter(pk=first.pk).update(uncertain_since=long_ago)
    cancel(first, by=ana)
    assert states() == ["cancelled"] * 2


def test_taking_back_gives_the_typed_words_back(chain, client, sign_in, ana, post):
    text = f"{SENTENCE} {SENTENCE} {SENTENCE}\n\n{SENTENCE}  {SENTENCE} {SENTENCE}"
    first, _ = chain(text, 2)
    answer = sign_in(client, ana).post(f"/messages/{first.pk}/cancellation/")
    back = json.loads(answer["HX-Trigger"])["takenback"]
    assert (back["text"], back["answering"]) == (text, post.external_id)


def test_taking_back_the_rest_gives_its_words_back(chain, client, sign_in, ana):
    first, second = chain()
    accept(first)
    answer = sign_in(client, ana).post(f"/messages/{second.pk}/cancellation/")
    back = json.loads(answer["HX-Trigger"])["takenback"]
    assert back["text"] == second.text.removesuffix(" 2/2")


@pytest.mark.parametrize("given_up", [False, True])
def test_words_typed_for_a_part_are_not_lost(chain, client, sign_in, ana, post, given_up):
    second = chain()[1]
    if given_up:
        cancel(second, by=ana)
    typed = {"text": "5 < 6 & so on"}
    answer = sign_in(client, ana).post(f"/messages/{second.pk}/rewording/", typed)
    assert answer.status_code == 409
    said = json.loads(answer["HX-Trigger"])
    assert (said["takenback"]["path"], said["takenback"]["text"]) == ("public", typed["text"])
    assert ("several posts" in said["toast"]["text"]) is not given_up


def test_a_part_is_not_reworded(chain, ana):
    first, _ = chain()
    with pytest.raises(PartOfChain):
        reword(first, by=ana, text="Other words")


# What looks at it


def test_the_leak_guard_reads_the_whole(public_thread, post, ana):
    text = "word " * 53 + "mail\ncarla.customer@example.com soon " + "word " * 10
    with pytest.raises(WouldLeak):
        reply(public_thread, Said(text, uuid4(), posts=2), by=ana)
    assert parts() == []


def test_news_stop_it_once(public_thread, post, ana, chain):
    newer = make_message(public_thread, "Hello?")
    with pytest.raises(SomethingNew):
        chain(seen_through=post.pk)
    assert len(chain(seen_through=newer.pk)) == 2


def test_the_same_chain_is_not_said_twice_in_a_day(chain):
    chain()
    with pytest.raises(SaidAlready):
        chain()


# From public to private


def test_an_invitation_has_its_link_in_the_last_post(public_thread, post, ana, settings):
    head = invite(public_thread, Said(TWO, uuid4(), posts=2), by=ana)
    first, last = parts()
    assert head == first
    assert "https://" not in first.text
    assert last.text.splitlines()[0].endswith(" 2/2")
    assert last.text.splitlines()[1].startswith("https://")
    assert Handoff.objects.get().invitation == last


def test_a_chain_that_closes_in_public_does_so_with_its_last_post(
    public_thread, dm_thread, post, ana
):
    invitation = invite(public_thread, Said("Write to us", uuid4()), by=ana)
    accept(invitation)
    arrival = make_message(dm_thread, "Here I am")
    Handoff.objects.update(arrival=arrival)
    key = uuid4()
    for _ in range(2):
        close_in_public(public_thread, Said(TWO, key, posts=2), by=ana)
    assert Handoff.objects.get().closing == parts()[-1]
    assert ConversationEvent.objects.filter(kind="closed_in_public").count() == 1


# The pages


def test_the_preview_shows_each_post_and_what_it_takes(client, sign_in, ana, public_thread, post):
    address = f"/threads/{public_thread.pk}/chain/"
    page = sign_in(client, ana).post(address, {"text": TWO}).content.decode()
    assert "This is 2 posts" in page
    assert 'name="posts" value="2"' in page
    assert "1/2" in page
    assert "It takes 2 sends" in page


@pytest.mark.parametrize("text", ["", "Sorry!", "a" * 280])
def test_there_is_nothing_to_preview_of_one_post(client, sign_in, ana, public_thread, post, text):
    address = f"/threads/{public_thread.pk}/chain/"
    assert sign_in(client, ana).post(address, {"text": text}).content.strip() == b""


def test_the_preview_says_what_to_do_with_too_much(client, sign_in, ana, public_thread, post):
    address = f"/threads/{public_thread.pk}/chain/"
    page = sign_in(client, ana).post(address, {"text": "word " * 1000}).content.decode()
    assert "10 posts can’t hold it" in page
    assert 'name="posts"' not in page


def test_the_preview_shows_where_the_link_goes(client, sign_in, ana, public_thread, post):
    asked = {"text": TWO, "purpose": "invitation"}
    page = sign_in(client, ana).post(f"/threads/{public_thread.pk}/chain/", asked)
    assert "The last post has the link." in page.content.decode()


def test_the_form_sends_what_was_shown_and_says_when_it_was_not(
    client, sign_in, ana, public_thread, post
):
    browser, address = sign_in(client, ana), f"/threads/{public_thread.pk}/replies/"
    typed = {"text": TWO, "client_key": uuid4()}
    refused = browser.post(address, typed)
    assert refused.status_code == 409
    assert "look at them, then post" in refused.content.decode()
    page = browser.post(address, typed | {"posts": 2})
    assert page.status_code == 200
    assert "Post 1 of 2" in page.content.decode()
    assert "Post 2 of 2" in page.content.decode()
    assert page.content.decode().count("Take back what waits of it") == 1


def test_undo_is_offered_once_for_all(acme, chain, show, ana):
    acme.public_undo_seconds = 30
    acme.save()
    first, _ = chain()
    page = show(ana).content.decode()
    assert page.count('id="undo-button-') == 1
    assert f'id="undo-button-{first.pk}"' in page
    assert "Undo all 2" in page
