"""A paused handle goes on hearing and sends nothing."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from accounts.models import BrandAccount, BrandEvent, Role
from inbox.actions.replies import Said, reply
from inbox.models import Message
from tests.factories import make_conversation, make_message, make_thread, make_user
from twitter_sync.actions.connecting import connect_again
from twitter_sync.actions.pausing import NotRunning, pause, resume
from twitter_sync.actions.placing import active_brands
from twitter_sync.actions.polling import poll_due
from twitter_sync.actions.sending import begin, due_conversations
from twitter_sync.models import SyncCursor
from twitter_sync.tokens import mark_for_reconnect


@pytest.fixture
def queued(acme, ana) -> Message:
    thread = make_thread(make_conversation(acme))
    make_message(thread, "Where is it?")
    return reply(thread, Said("On its way", uuid4()), by=ana)


def deed(client, brand, name):
    return client.post(f"/handles/@{brand.handle}/{name}/")


def test_nothing_is_sent_and_the_reply_keeps_its_place(client, sign_in, ada, acme, queued):
    assert deed(sign_in(client, ada), acme, "pause")["Location"] == "/handles/@acme/running/"
    acme.refresh_from_db()
    assert (acme.status, acme.paused_by) == ("paused", ada)
    assert begin(queued.conversation_id) is None
    queued.refresh_from_db()
    assert queued.state == "queued"


def test_messages_still_come_in(ada, acme):
    SyncCursor.objects.create(brand=acme, feed="dms")
    pause(acme, by=ada)
    assert acme in active_brands()
    assert poll_due() == 1


def test_replies_can_still_be_written(ada, ana, acme, queued):
    pause(acme, by=ada)
    later = reply(queued.thread, Said("And one more", uuid4()), by=ana)
    assert later.state == "queued"


def test_resuming_rings_for_what_waited(
    client, sign_in, ada, acme, queued, django_capture_on_commit_callbacks
):
    pause(acme, by=ada)
    assert due_conversations(timezone.now()) == []
    with django_capture_on_commit_callbacks() as rings:
        deed(sign_in(client, ada), acme, "resumption")
    assert rings
    assert due_conversations(timezone.now()) == [queued.conversation_id]
    assert begin(queued.conversation_id) is not None


def test_who_did_it_and_when_stands_on_the_page(client, sign_in, ada, acme, caplog):
    browser = sign_in(client, ada)
    with caplog.at_level("INFO"):
        deed(browser, acme, "pause")
    page = browser.get("/handles/@acme/running/").content.decode()
    assert "Paused by Ada Admin" in page
    deed(browser, acme, "resumption")
    kinds = list(BrandEvent.objects.filter(brand=acme, actor=ada).values_list("kind", flat=True))
    assert kinds == ["resumed", "paused"]
    lines = [record.msg for record in caplog.records if isinstance(record.msg, dict)]
    assert [(line["event"], line["by"]) for line in lines] == [
        ("handle paused", ada.pk),
        ("handle resumed", ada.pk),
    ]


def test_a_second_time_changes_nothing_not_even_who_it_was(ada, acme):
    ali = make_user("Ali", acme, Role.ADMIN)
    pause(acme, by=ada)
    assert pause(acme, by=ali).paused_by == ada
    resume(acme, by=ali)
    resume(acme, by=ada)
    assert BrandEvent.objects.count() == 2


@pytest.mark.parametrize("status", ["needs_reconnect", "disconnected"])
def test_what_is_not_connected_is_neither_paused_nor_resumed(client, sign_in, ada, acme, status):
    BrandAccount.objects.update(status=status)
    browser = sign_in(client, ada)
    for name in ("pause", "resumption"):
        answer = deed(browser, acme, name)
        assert answer.status_code == 409
        assert "is not connected to X" in answer.content.decode()
    with pytest.raises(NotRunning):
        pause(acme, by=ada)
    assert not BrandEvent.objects.exists()


@pytest.mark.parametrize(("who", "status"), [("ana", 403), ("sam", 403), ("nia", 404)])
def test_others_are_refused(request, client, sign_in, acme, who, status):
    person = request.getfixturevalue(who)
    assert deed(sign_in(client, person), acme, "pause").status_code == status
    with pytest.raises(PermissionDenied):
        pause(acme, by=person)
    acme.refresh_from_db()
    assert acme.status == "connected"


def test_a_pause_outlives_a_consent_that_was_taken_back(ada, acme):
    pause(acme, by=ada)
    mark_for_reconnect(acme.pk)
    acme.refresh_from_db()
    connect_again(acme, {"username": "acme", "name": "Acme"}, by=ada)
    assert acme.status == "paused"


def test_a_desk_that_missed_it_is_told_when_it_asks(client, sign_in, ada, ana, zoe, acme):
    asked = "/desk/changes/?since=" + str(int(timezone.now().timestamp() * 1_000_000))
    assert not sign_in(client, ana).get(asked).json()["all"]
    pause(acme, by=ada)
    assert client.get(asked).json()["all"]
    assert not sign_in(client, zoe).get(asked).json()["all"]


def test_access_that_x_takes_back_is_a_line_too(acme):
    mark_for_reconnect(acme.pk)
    mark_for_reconnect(acme.pk)
    line = BrandEvent.objects.get(brand=acme)
    assert (line.kind, line.actor) == ("taken_back", None)
