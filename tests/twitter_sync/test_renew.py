"""Tokens renewed by the clock, and what follows when X renews them no more."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import Future
from datetime import timedelta
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from django.db import connection as database
from django.utils import timezone

from accounts.models import BrandAccount, Letter, Role
from accounts.tasks import send_letters
from inbox.actions.replies import Said, reply
from tests.factories import make_conversation, make_message, make_thread, make_user
from tests.twitter_sync.rude import serving
from tests.x import Simulator
from twitter_sync import oauth, tokens
from twitter_sync.actions.connecting import connect_again
from twitter_sync.actions.renewing import renew, renew_due
from twitter_sync.actions.sending import begin, due_conversations
from twitter_sync.models import Connection

Connected = Callable[..., BrandAccount]
TOKEN_PATH = "/2/oauth2/token"


def age(brand: BrandAccount, *, minutes_left: float) -> Connection:
    held = Connection.objects.get(brand=brand)
    held.expires_at = timezone.now() + timedelta(minutes=minutes_left)
    held.save()
    return held


def lost_at_x(simulator: Simulator, brand: BrandAccount) -> Connection:
    simulator.post("revoke", user_id=brand.x_user_id)
    return age(brand, minutes_left=5)


# By the clock


def test_a_token_that_nobody_uses_is_renewed(brand):
    held = age(brand, minutes_left=9)
    assert renew_due() == 1
    assert renew(held.pk)
    now_held = Connection.objects.get(brand=brand)
    assert now_held.refresh_token != held.refresh_token
    assert timezone.now() - now_held.renewed_at < timedelta(minutes=1)
    assert renew_due() == 0


def test_a_fresh_one_is_left_alone_however_often_it_is_rung_for(simulator, brand):
    before = len(simulator.calls(TOKEN_PATH))
    held = age(brand, minutes_left=11)
    assert renew_due() == 0
    assert not renew(held.pk)
    assert len(simulator.calls(TOKEN_PATH)) == before


@pytest.mark.parametrize(
    ("status", "due"),
    [("connected", 1), ("paused", 1), ("needs_reconnect", 0), ("disconnected", 0)],
)
def test_a_paused_handle_is_kept_alive_and_a_lost_one_is_let_be(brand, status, due):
    age(brand, minutes_left=1)
    BrandAccount.objects.update(status=status)
    assert renew_due() == due


def test_an_x_that_can_not_be_reached_is_asked_again(brand, settings):
    held, x = age(brand, minutes_left=5), settings.X_API_URL
    settings.X_API_URL = "http://127.0.0.1:9"
    assert not renew(held.pk)
    settings.X_API_URL = x
    assert renew_due() == 1
    assert renew(held.pk)


# Lost


def test_who_runs_the_handle_is_written_to_once_for_each_loss(simulator, brand, mailoutbox):
    ada = make_user("Ada Admin", brand, Role.ADMIN)
    make_user("Ana Agent", brand)
    make_user("Dan Disabled", brand, Role.ADMIN, is_active=False)
    make_user("Olga Owner", is_superuser=True)
    held = lost_at_x(simulator, brand)

    assert not renew(held.pk)
    tokens.mark_for_reconnect(brand.pk)
    assert send_letters() == 1

    [mail] = mailoutbox
    assert mail.to == [ada.email]
    assert brand.handle in mail.subject
    assert f"/handles/connect/?handle={brand.handle}" in mail.body

    brand.refresh_from_db()
    connect_again(brand, {"username": brand.handle, "name": brand.name}, by=ada)
    tokens.mark_for_reconnect(brand.pk)
    assert send_letters() == 1


def test_a_handle_that_nobody_runs_is_the_owners_worry(acme, ana, olga):
    tokens.mark_for_reconnect(acme.pk)
    assert [letter.to for letter in Letter.objects.all()] == [olga]


def test_no_mail_asks_for_what_was_done_meanwhile(acme, ada, mailoutbox):
    tokens.mark_for_reconnect(acme.pk)
    BrandAccount.objects.update(status="connected")
    assert send_letters() == 0
    tokens.mark_for_reconnect(acme.pk)
    ada.memberships.all().delete()
    assert send_letters() == 0
    assert not mailoutbox
    assert not Letter.objects.due().exists()


def test_replies_are_kept_and_go_out_after_the_reconnect(simulator, brand):
    ana = make_user("Ana Agent", brand)
    ada = make_user("Ada Admin", brand, Role.ADMIN)
    thread = make_thread(make_conversation(brand))
    make_message(thread, "Where is it?")
    queued = reply(thread, Said("On its way", uuid4()), by=ana)
    renew(lost_at_x(simulator, brand).pk)

    assert begin(queued.conversation_id) is None
    assert due_conversations(timezone.now()) == []
    queued.refresh_from_db()
    assert queued.state == "queued"

    brand.refresh_from_db()
    connect_again(brand, {"username": brand.handle, "name": brand.name}, by=ada)
    assert due_conversations(timezone.now()) == [queued.conversation_id]
    assert begin(queued.conversation_id).message == queued


# Who is told on pages


def test_every_page_says_so_to_who_can_reconnect_it(client, sign_in, acme, ada, olga, nia):
    tokens.mark_for_reconnect(acme.pk)
    link = f'href="/handles/connect/?handle={acme.handle}"'
    for person in (ada, olga):
        browser = sign_in(client, person)
        for path in ("/people/", "/handles/", "/profile/"):
            assert link in browser.get(path).content.decode(), f"{person} on {path}"
    assert link in sign_in(client, ada).get("/desk/").content.decode()
    assert f"@{acme.handle}" not in sign_in(client, nia).get("/people/").content.decode()


def test_the_desk_tells_an_agent_without_asking_for_what_they_can_not_do(
    client, sign_in, acme, ana
):
    tokens.mark_for_reconnect(acme.pk)
    desk = sign_in(client, ana).get("/desk/").content.decode()
    assert "must be reconnected: replies wait" in desk
    assert "/handles/connect/" not in desk


def test_the_desk_says_it_once(client, sign_in, acme, ada):
    tokens.mark_for_reconnect(acme.pk)
    desk = sign_in(client, ada).get(f"/desk/?brand={acme.handle}").content.decode()
    assert desk.count("must be reconnected") == 1


# A worker that dies


@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_between_xs_answer_and_our_commit_is_found_out_within_a_minute(
    simulator: Simulator, connected: Connected
) -> None:
    """X has spent the token that we hold, so only a new consent helps (trust T2)."""
    for _ in range(2):
        brand = connected()
        ada = make_user("", brand, Role.ADMIN)
        held = age(brand, minutes_left=-1)
        renew_and_die(held)
        assert Connection.objects.get(pk=held.pk).refresh_token == held.refresh_token

        assert renew_due() == 1
        assert not renew(held.pk)

        brand.refresh_from_db()
        assert brand.status == BrandAccount.Status.NEEDS_RECONNECT
        assert [letter.to for letter in Letter.objects.filter(brand=brand)] == [ada]
        asked = len(simulator.calls(TOKEN_PATH))
        assert renew_due() == 0
        assert not renew(held.pk)
        assert len(simulator.calls(TOKEN_PATH)) == asked


def renew_and_die(held: Connection) -> None:
    """A process of its own asks for the next pair; X makes it, and the process is gone."""
    worker: Future[subprocess.Popen[bytes]] = Future()

    def answer(caller: socket.socket) -> None:
        oauth.refresh(tokens.decrypt(held.refresh_token))
        process = worker.result(timeout=60)
        process.kill()
        process.wait()

    server = urlsplit(os.environ["DATABASE_URL"])
    with serving(answer) as url:
        work = f"from twitter_sync.actions.renewing import renew; renew({held.pk})"
        process = subprocess.Popen(
            [sys.executable, "-c", f"import django; django.setup(); {work}"],
            env=os.environ
            | {
                "DATABASE_URL": server._replace(path=f"/{database.settings_dict['NAME']}").geturl(),
                "X_API_URL": url,
            },
        )
        worker.set_result(process)
        assert process.wait(timeout=60) == -signal.SIGKILL
