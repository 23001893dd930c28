"""Nobody is written to in private who did not ask for it: `inbox.guards.unasked`."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from inbox.actions.receiving import receive
from inbox.actions.replies import Said, reply
from inbox.actions.retrying import retry
from inbox.actions.sending import take_next
from inbox.models import ConversationEvent, Handoff, Message, OptOut
from inbox.reach import SILENT
from inbox.sequence import sequence_at
from inbox.text.selling import find_selling
from inbox.text.stopping import asks_to_stop
from tests.factories import make_conversation, make_message, make_thread, minutes_ago
from tests.inbox.overruling import told_in

DAY = 24 * 60
WEEKS = "Your new router is waiting for you in the shop"


@pytest.fixture
def post(client, sign_in):
    """`post(ana, thread, "Hello")`, as the composer does."""

    def post(user, thread, text="Hello", **more):
        form = {"text": text, "client_key": uuid4(), **more}
        address = reverse("inbox:replies", args=[thread.pk])
        return sign_in(client, user).post(address, form, headers={"HX-Request": "true"})

    return post


@pytest.fixture
def quiet(dm_thread):
    """A thread in which she has not written for more than a day."""
    make_message(dm_thread, "Thanks", sent_at=minutes_ago(DAY + 5))
    return dm_thread


def sent(thread, text: str, *, minutes: int = 60) -> Message:
    at = minutes_ago(minutes)
    return make_message(thread, text, ours=True, sent_at=at, sequence=sequence_at(at))


def is_stopped(answer) -> bool:
    return answer.status_code == 409 and not Message.objects.filter(state="queued").exists()


# Who asked to be left alone


@pytest.mark.parametrize(
    "text",
    ["STOP", "Stop!", "please stop", "Unsubscribe me.", "Bitte nicht mehr schreiben", "¡Baja!",
     "Ne m’écrivez plus", "afmelden", "停止", "STOP."],
)  # fmt: skip
def test_these_ask_to_stop(text):
    assert asks_to_stop(text)


@pytest.mark.parametrize(
    "text", ["", "Stop the delivery", "Where does the bus stop?", "unstoppable", "stop " * 50, "?"]
)
def test_these_ask_for_something_else(text):
    assert not asks_to_stop(text)


def test_stop_is_honoured_at_once_and_shown(post, show, acme, ana, sam, question, says):
    asked = receive(acme, says("STOP", at=timezone.now()))
    opt_out = OptOut.objects.get()
    assert (opt_out.brand, opt_out.contact, opt_out.asked_at) == (
        acme, asked.conversation.contact, asked.sent_at,
    )  # fmt: skip
    assert ConversationEvent.objects.filter(kind="opted_out", message=asked).count() == 1
    assert is_stopped(post(ana, asked.thread))
    assert is_stopped(post(sam, asked.thread, despite_opt_out="Because"))
    page = show(ana).text
    assert 'They hear nothing until they write again. <span class="muted">Known since <time' in page
    assert "They last wrote privately" not in page
    assert "Send privately" not in page


def test_the_list_and_the_thread_mark_who_asked_until_they_write_again(
    client, sign_in, show, acme, ana, question, says
):
    mark = "They asked not to be written to"

    def marked() -> list[bool]:
        rows = sign_in(client, ana).get("/desk/?view=needs-answer").text
        return [mark in page for page in (rows, show(ana).text)]

    assert marked() == [False, False]
    receive(acme, says("Stop", at=timezone.now()))
    assert marked() == [True, True]
    receive(acme, says("Where is my parcel?", at=timezone.now() + timedelta(seconds=1)))
    assert marked() == [False, False]


def test_who_writes_again_may_be_answered_and_it_stays_shown(post, show, acme, ana, question, says):
    receive(acme, says("Stop"))
    again = receive(acme, says("Where is my parcel?"))
    assert "This person asked not to be written to." in show(ana).text
    assert post(ana, again.thread).status_code == 200


def test_what_waits_when_they_say_stop_is_not_sent_nor_tried_again(
    acme, ana, dm_thread, question, says
):
    waiting = reply(dm_thread, Said("Hello", uuid4()), by=ana)
    receive(acme, says("Stop", at=timezone.now()))
    for _ in range(2):
        with transaction.atomic():
            assert take_next(dm_thread.conversation_id) is None
        waiting.refresh_from_db()
        assert (waiting.state, waiting.failure) == ("failed", SILENT)
        retry(waiting, by=ana)
    receive(acme, says("Where is my parcel?", at=timezone.now() + timedelta(seconds=1)))
    with transaction.atomic():
        assert take_next(dm_thread.conversation_id) == waiting


def test_stop_told_twice_is_one_row_with_the_newest_time(acme, conversation, says):
    first, second = says("Stop"), says("STOP")
    for utterance in (second, first, second):
        receive(acme, utterance)
    assert OptOut.objects.get().asked_at == max(first.sent_at, second.sent_at)


def test_stop_in_public_or_by_us_is_no_such_wish(acme, conversation, says):
    receive(acme, says("Stop", kind="public"))
    receive(acme, says("Stop", ours=True))
    assert not OptOut.objects.exists()


def test_another_brand_is_not_meant(post, acme, ana, globex, dm_thread, question):
    OptOut.objects.create(
        brand=globex, contact=question.conversation.contact, asked_at=question.sent_at
    )
    assert post(ana, dm_thread).status_code == 200


# Who never wrote


def test_a_stranger_is_not_written_to(post, ana, dm_thread):
    assert is_stopped(post(ana, dm_thread))


def test_who_was_invited_may_be_written_to(post, ana, dm_thread, public_thread):
    make_message(public_thread, "@acme help")
    invitation = make_message(public_thread, "Write to us", ours=True, author=ana)
    Handoff.objects.create(
        brand=dm_thread.brand, conversation=dm_thread.conversation, invited_by=ana,
        invitation=invitation, reference_code="k7mq2vxa",
    )  # fmt: skip
    assert post(ana, dm_thread).status_code == 200


def test_a_manager_may_with_a_reason_that_is_kept(post, ana, sam, dm_thread):
    why = {"despite_unasked": "They called us", **told_in(post(sam, dm_thread))}
    assert is_stopped(post(ana, dm_thread, **why))
    assert post(sam, dm_thread, **why).status_code == 200
    event = ConversationEvent.objects.get(kind="overruled")
    assert event.after == {"guard": "unasked", "reason": "They called us"}


# Who has not written for a day


@pytest.mark.parametrize(
    ("text", "phrases", "found"),
    [
        ("Our BLACK  Friday deals!", ["black friday"], "black friday"),
        ("Blackest Fridays", ["black friday"], ""),
        ("Take 20% off with SAVE20", [], "SAVE20"),
        ("Your voucher: XMAS2026", [], "XMAS2026"),
        ("Order AB12345 left", [], ""),
        ("Now save up to 30% on tents", [], "up to 30%"),
        ("20% discount: Buy now!", [], "Buy now"),
        ("Your 20% discount is on the invoice", [], ""),
        ("Achetez maintenant", [], "Achetez maintenant"),
        ("", [""], ""),
    ],
)
def test_what_sells_is_found(text, phrases, found):
    assert find_selling(text, phrases) == found


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Our spring sale begins", "“Spring sale” would be advertising"),
        ("10% off with SPRING10", "“SPRING10” would be advertising"),
        ("Black week: 20% discount, only today!", "“Black week” would be advertising"),
        ("Get 20 % off all tents", "“Get 20 %” would be advertising"),
        ("See https://evil.com/a", "links to evil.com are not"),
        ("See notacme.com", "links to notacme.com are not"),
    ],
)
def test_nothing_is_sold_to_the_quiet(post, acme, ana, quiet, text, told):
    acme.marketing_phrases, acme.link_hosts = ["Spring sale"], ["acme.com"]
    acme.save()
    stopped = post(ana, quiet, text)
    assert is_stopped(stopped)
    assert told in stopped.text
    make_message(quiet, "And now?")
    assert post(ana, quiet, text).status_code == 200


def test_links_to_places_on_the_list_pass(post, acme, ana, quiet):
    acme.link_hosts = ["acme.com"]
    acme.save()
    assert post(ana, quiet, "See help.acme.com/a and https://acme.com").status_code == 200


def test_so_many_a_day_are_enough(post, acme, ana, sam, quiet):
    acme.dm_daily_cap = 2
    acme.save()
    sent(quiet, "First", minutes=DAY + 2)
    sent(quiet, "Second")
    assert post(ana, quiet, "Third").status_code == 200
    refused = post(ana, quiet, "Fourth")
    assert refused.status_code == 409
    assert "2 messages in a day are enough" in refused.text
    told = told_in(post(sam, quiet, "Fourth"))
    page = post(sam, quiet, "Fourth", despite_unwanted="She waits for it", **told)
    assert "Sam Manager wrote what may be unwanted" in page.text


@pytest.mark.parametrize(("others", "status"), [(4, 200), (5, 409)])
def test_the_same_words_do_not_go_to_many(post, acme, ana, quiet, others, status):
    for number in range(others):
        elsewhere = make_thread(make_conversation(acme))
        sent(elsewhere, f"Hi! {WEEKS} @customer{number} {number}")
    assert post(ana, quiet, f"Hello! {WEEKS}").status_code == status


def test_to_another_company_the_thread_does_not_exist(post, zoe, dm_thread):
    assert post(zoe, dm_thread, despite_unasked="Because").status_code == 404
