from __future__ import annotations

from datetime import timedelta
from smtplib import SMTPServerDisconnected

import pytest
from django.core.mail.backends import locmem
from django.utils import timezone

from accounts.actions import letters, passwords
from accounts.models import Letter
from accounts.tasks import send_letters


@pytest.fixture
def letter(ana) -> Letter:
    return letters.write_letter(Letter.Kind.RESET, to=ana)


@pytest.fixture
def mail_server_down(monkeypatch):
    def refuse(self, messages):
        raise SMTPServerDisconnected("Connection unexpectedly closed")

    monkeypatch.setattr(locmem.EmailBackend, "send_messages", refuse)
    return monkeypatch


def test_it_is_sent_once(letter, mailoutbox):
    assert send_letters() == 1
    assert send_letters() == 0
    assert len(mailoutbox) == 1
    letter.refresh_from_db()
    assert letter.sent_at


def test_the_link_is_made_when_it_is_sent_and_stored_nowhere(letter, mailoutbox):
    send_letters()
    token = mailoutbox[0].body.split("/password/")[1].split("/")[1]
    assert not any(token in str(value) for value in vars(Letter.objects.get()).values())


def test_one_that_did_not_go_out_is_tried_again_later(letter, mail_server_down, mailoutbox):
    assert send_letters() == 0
    letter.refresh_from_db()
    assert (letter.attempts, letter.sent_at) == (1, None)
    assert "unexpectedly closed" in letter.failure
    assert timezone.now() < letter.due_at < timezone.now() + timedelta(minutes=2)
    mail_server_down.undo()
    assert send_letters() == 0
    Letter.objects.update(due_at=timezone.now())
    assert send_letters() == 1
    letter.refresh_from_db()
    assert letter.failure == ""


def test_it_is_given_up_in_the_end(letter, mail_server_down):
    for _ in range(len(letters.PAUSES) + 1):
        Letter.objects.update(due_at=timezone.now())
        send_letters()
    letter.refresh_from_db()
    assert letter.due_at is None
    assert letter.failure


def test_one_that_fails_holds_up_no_other(ana, ben, monkeypatch, mailoutbox):
    real = locmem.EmailBackend.send_messages

    def refuse_ana(self, messages):
        if messages[0].to == [ana.email]:
            raise SMTPServerDisconnected("no")
        return real(self, messages)

    monkeypatch.setattr(locmem.EmailBackend, "send_messages", refuse_ana)
    passwords.ask_for_reset(ana.email)
    passwords.ask_for_reset(ben.email)
    assert send_letters() == 1
    assert [mail.to for mail in mailoutbox] == [[ben.email]]


def test_a_broker_that_is_down_loses_nothing(
    ana, settings, django_capture_on_commit_callbacks, monkeypatch
):
    from celery import current_app
    from kombu.exceptions import OperationalError

    def unreachable(*args, **kwargs):
        raise OperationalError("Connection refused")

    monkeypatch.setattr(current_app, "send_task", unreachable)
    with django_capture_on_commit_callbacks(execute=True):
        passwords.ask_for_reset(ana.email)
    assert Letter.objects.due().count() == 1


def test_a_worker_is_asked_at_once(ana, django_capture_on_commit_callbacks):
    import redis
    from django.conf import settings

    server = redis.Redis.from_url(settings.REDIS_URL)
    before = server.llen("default")
    with django_capture_on_commit_callbacks(execute=True):
        passwords.ask_for_reset(ana.email)
    assert server.llen("default") == before + 1


def test_a_name_with_line_breaks_adds_no_header(ana, acme, mailoutbox):
    ana.name = "Ana\r\nBcc: evil@example.com"
    ana.save()
    letters.write_letter(Letter.Kind.WELCOME, to=ana, brand=acme)
    send_letters()
    assert mailoutbox[0].recipients() == [ana.email]
