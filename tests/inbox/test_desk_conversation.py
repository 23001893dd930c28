"""What the thread and the side panel of one conversation show: `inbox.views.showing`."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import timezone

from inbox.actions.assignment import claim
from inbox.actions.receiving import mark_deleted
from inbox.models import Attachment, ContactHandle, Message
from tests.factories import (
    make_conversation,
    make_membership,
    make_message,
    make_note,
    minutes_ago,
)

FRAGMENT = {"HX-Request": "true"}
XSS = '<img src=x onerror="alert(1)"></bdi><script>alert(2)</script>{{7*7}}'


def test_its_address_opens_the_whole_desk(client, sign_in, ana, conversation, question):
    page = sign_in(client, ana).get(reverse("inbox:conversation-detail", args=[conversation.pk]))
    assert page.text.lstrip().startswith("<!doctype html>")
    assert "Where is my parcel?" in page.text
    assert 'id="views"' in page.text


def test_a_click_gets_the_fragment_alone(show, ana, question):
    assert show(ana).text.lstrip().startswith('<div class="conversation"')


def test_a_private_message_says_so(show, ana, question):
    page = show(ana).text
    assert "Private message" in page
    assert "Only @carla reads this." in page
    assert "Send privately to @carla" in page
    assert "Post publicly" not in page


def test_a_public_post_says_so(show, ana, public_thread):
    make_message(public_thread, "@acme where is my parcel?")
    page = show(ana).text
    assert "Public post" in page
    assert "Everyone can read this." in page
    assert "Post publicly as @acme" in page
    assert "Send privately" not in page


def test_the_composer_answers_where_the_customer_wrote_last(show, ana, dm_thread, public_thread):
    make_message(dm_thread, "Psst", sent_at=minutes_ago(2))
    make_message(public_thread, "HELLO?", sent_at=minutes_ago(1))
    assert 'data-composer-default-value="path-public"' in show(ana).text


def test_a_note_is_marked_as_never_sent(show, ana, ben, conversation, question):
    make_note(conversation, ben, "She is a regular.")
    page = show(ana).text
    assert "She is a regular." in page
    assert "Note, only your team sees it" in page


def test_a_message_that_was_deleted_on_x_loses_its_text_and_keeps_its_place(show, ana, dm_thread):
    make_message(dm_thread, "My card is 4111", deleted_at=timezone.now())
    page = show(ana).text
    assert "4111" not in page
    assert "Deleted on X" in page


def test_an_encrypted_message_is_shown_as_such(show, ana, dm_thread):
    make_message(dm_thread, "", transport="xchat")
    assert "Encrypted on X" in show(ana).text


def test_history_is_told_in_a_line(show, ana, conversation, question):
    claim(conversation, by=ana)
    assert "Ana Agent claimed it" in show(ana).text


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("queued", "Queued"),
        ("sending", "Sending"),
        ("failed", "Not sent"),
        ("uncertain", "X did not confirm"),
        ("cancelled", "Cancelled"),
    ],
)
def test_each_state_of_an_answer_is_a_word(show, ana, dm_thread, state, words):
    make_message(dm_thread, "Hi", ours=True, author=ana, state=state, external_id=None)
    assert words in show(ana).text


def test_a_failed_answer_says_why_and_offers_a_retry(show, ana, dm_thread):
    reason = "You can’t message this person."
    failed = make_message(
        dm_thread, "Hi", ours=True, state="failed", external_id=None, failure=reason
    )
    page = show(ana).text
    assert reason in page
    assert reverse("inbox:message-retry", args=[failed.pk]) in page


def test_no_retry_is_offered_where_it_would_be_refused(show, ana, acme, public_thread):
    post = make_message(public_thread, "Where is it?")
    failed = make_message(
        public_thread,
        "Hi",
        ours=True,
        state="failed",
        external_id=None,
        answers_external_id=post.external_id,
    )
    address = reverse("inbox:message-retry", args=[failed.pk])
    assert address in show(ana).text
    mark_deleted(acme, kind="public", external_id=post.external_id)
    assert address not in show(ana).text
    Message.objects.filter(pk=post.pk).update(deleted_at=None)
    acme.status = acme.Status.DISCONNECTED
    acme.save()
    assert address not in show(ana).text


def test_an_unconfirmed_answer_may_be_sent_again_only_after_minutes(show, ana, dm_thread):
    fields = {"ours": True, "state": "uncertain", "external_id": None}
    fresh = make_message(dm_thread, "Hi", uncertain_since=minutes_ago(1), **fields)
    old = make_message(dm_thread, "Ho", uncertain_since=minutes_ago(9), **fields)
    page = show(ana).text
    assert reverse("inbox:message-retry", args=[old.pk]) in page
    assert reverse("inbox:message-retry", args=[fresh.pk]) not in page


def test_media_is_named_and_never_linked_to_x(show, ana, question):
    Attachment.objects.create(
        message=question, kind="photo", media_key="1", source_url="https://ton.x.com/secret.jpg"
    )
    page = show(ana).text
    assert "Loading photo" in page
    assert "ton.x.com" not in page


def test_what_a_customer_writes_is_text(show, ana, carla, conversation, dm_thread):
    carla.name = carla.bio = carla.location = XSS
    carla.save()
    make_message(dm_thread, XSS.replace("&", "&amp;"))
    make_note(conversation, ana, XSS)
    page = show(ana).text
    assert "<img" not in page
    assert "<script" not in page
    assert "{{7*7}}" in page


def test_a_link_shows_its_host_and_opens_apart(show, ana, dm_thread):
    url = {"start": 4, "end": 20, "url": "https://t.co/abc", "display_url": "evil.example/x"}
    make_message(
        dm_thread,
        "See https://t.co/abc",
        entities={"urls": [url | {"expanded_url": "https://evil.example/x"}]},
    )
    page = show(ana).text
    assert '<a href="https://evil.example/x" target="_blank" rel="noopener noreferrer' in page


def test_a_script_address_is_no_link(show, ana, dm_thread):
    url = {"start": 0, "end": 5, "url": "javascript:alert(1)"}
    make_message(dm_thread, "click", entities={"urls": [url]})
    assert "javascript:" not in show(ana).text


def test_other_conversations_are_those_the_person_may_see(
    show, ana, conversation, question, globex, acme, carla
):
    older = make_conversation(acme, carla, preview="About a voucher")
    hidden = make_conversation(globex, carla, preview="Between Carla and Globex")
    page = show(ana).text
    assert "About a voucher" in page
    assert f"/conversations/{older.pk}/" in page
    assert "Between Carla and Globex" not in page
    make_membership(ana, globex)
    assert f"/conversations/{hidden.pk}/" in show(ana).text


def test_former_handles_are_named(show, ana, carla, question):
    ContactHandle.objects.create(contact=carla, handle="carla_old", first_seen_at=minutes_ago(90))
    assert "@carla_old" in show(ana).text


def test_managers_see_the_load_of_each_colleague(show, sam, ben, acme, question):
    make_conversation(acme, assignee=ben)
    page = show(sam).text
    assert f'id="assign-{ben.pk}"' in page
    assert "1 open" in page


def test_agents_are_not_offered_to_assign(show, ana, ben, question):
    assert f'id="assign-{ben.pk}"' not in show(ana).text


def test_another_company_gets_404(show, zoe, question):
    assert show(zoe).status_code == 404


def test_earlier_messages_are_asked_for(show, ana, dm_thread):
    for number in range(55):
        make_message(dm_thread, f"Message {number:02}.", sent_at=minutes_ago(60 - number))
    page = show(ana).text
    assert "Message 55" not in page
    assert "Message 04." not in page
    assert "Show earlier messages" in page
    assert "Message 00." in show(ana, "?shown=100").text


def test_it_costs_the_same_at_any_length(
    client, sign_in, sam, ana, conversation, dm_thread, public_thread, django_assert_num_queries
):
    sign_in(client, sam)
    address = reverse("inbox:conversation-detail", args=[conversation.pk])

    def grow(to: int) -> None:
        for _ in range(to):
            make_message(dm_thread, "Hi")
            make_message(public_thread, "Hello", ours=True, author=ana)
            make_note(conversation, ana)
            make_conversation(conversation.brand, conversation.contact)

    grow(5)
    with django_assert_num_queries(32):
        client.get(address, headers=FRAGMENT)
    grow(45)
    with django_assert_num_queries(32):
        client.get(address, headers=FRAGMENT)
