"""The audit as it runs: what is kept of it and told, and the command that asks for it."""

from __future__ import annotations

import json
import logging
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from accounts.tasks import send_letters
from inbox.models import Conversation, Message
from tests.twitter_sync.held import somebody_does
from twitter_sync.actions.auditing import audit
from twitter_sync.audit import INVARIANTS, examine, recent
from twitter_sync.models import Audit
from twitter_sync.tasks import audit as task

pytestmark = pytest.mark.django_db


# The deed


def spoil(day: Message) -> None:
    Conversation.objects.update(message_count=17)


def test_a_clean_audit_is_kept_and_says_how_long_it_took(day, mailoutbox, olga):
    found = audit()
    assert found is not None
    assert (found.is_clean, found.is_whole) == (True, False)
    assert found.seconds > 0
    send_letters()
    assert mailoutbox == []


def test_what_came_to_be_broken_is_told_once(day, olga, ana, mailoutbox, caplog):
    spoil(day)
    with caplog.at_level(logging.ERROR):
        for _ in range(3):
            task()
    assert caplog.text.count("invariant broken") == 1
    send_letters()
    [mail] = mailoutbox
    assert mail.to == [olga.email]
    assert INVARIANTS["V8"].sentence in mail.body
    assert day.text not in mail.body


def test_what_was_mended_and_broke_again_is_told_again(day, olga, mailoutbox):
    for count in (17, 5, 17):
        Conversation.objects.update(message_count=count)
        task()
    assert [audit.names for audit in Audit.objects.order_by("id")] == [["V8"], [], ["V8"]]
    send_letters()
    assert len(mailoutbox) == 2


def test_it_keeps_which_rows_and_how_many(day):
    spoil(day)
    found = audit(whole=True)
    assert found is not None
    [one] = found.broken
    assert (one["name"], one["count"], one["rows"]) == (
        "V8",
        1,
        [f"conversation {day.conversation_id}"],
    )


def test_audits_are_kept_for_a_month(acme):
    Audit.objects.create(began_at=timezone.now() - timedelta(days=31))
    audit()
    assert Audit.objects.count() == 1


def test_a_statement_that_takes_too_long_is_no_proof(acme, monkeypatch):
    endless = "SELECT 'row ' || pg_sleep(60)"
    invariant = type(INVARIANTS["V6"])("V0", "Nothing takes long.", "", endless)
    scope = type(recent())(patience="50ms")
    finding = examine(invariant, scope)
    assert finding.unfinished
    assert not finding.holds


def test_of_two_at_once_one_audits(acme):
    with somebody_does("twitter_sync.audit"):
        assert audit() is None
    assert audit() is not None


# The command


def run(*options: str) -> tuple[str, int]:
    out = StringIO()
    try:
        call_command("audit", *options, stdout=out)
    except SystemExit as end:
        return out.getvalue(), int(str(end.code))
    return out.getvalue(), 0


def test_the_command_says_that_all_is_well(day):
    told, status = run()
    assert status == 0
    assert told.count("ok ") == len(INVARIANTS)


def test_the_command_names_the_rows_and_ends_with_status_1(day):
    spoil(day)
    told, status = run("--all")
    assert status == 1
    assert f"conversation {day.conversation_id}" in told
    assert "BROKEN V8" in told


def test_the_command_speaks_json(day):
    spoil(day)
    told, status = run("--json")
    found: dict[str, Any] = json.loads(told)
    assert (status, found["is_clean"], found["broken"][0]["name"]) == (1, False, "V8")
