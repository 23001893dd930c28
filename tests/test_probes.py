"""/live, /ready and /metrics: what supervisors and Prometheus are told, and strangers are not."""

from __future__ import annotations

import logging
import re
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from django.conf import settings as configured
from django.db import connection
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from accounts.models import BrandAccount
from tests.factories import make_brand, make_conversation, make_message, make_thread, minutes_ago
from twitter_sync import tokens
from twitter_sync.models import (
    Audit,
    Connection,
    RawEvent,
    Spending,
    SyncCursor,
    SyncGap,
    Webhook,
)
from twitter_sync.models.spending import month_of
from twitter_sync.oauth import TokenPair

ROOT = Path(__file__).resolve().parent.parent
LABELS = ("handle", "feed", "status")
TOKEN = {"authorization": f"Bearer {configured.METRICS_TOKEN}"}


# /live and /ready


def test_it_lives_whatever_else_is_down(client):
    """Without a database: this test has none."""
    assert client.get("/live").content == b"live\n"


@pytest.mark.django_db
def test_it_is_ready_with_a_database_of_today_and_keys(client):
    assert client.get("/ready").content == b"ready\n"


@pytest.mark.django_db
def test_a_missing_migration_is_told_to_the_log_alone(client, caplog):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'inbox'")
    assert_not_ready(client, caplog, "migrations")


@pytest.mark.django_db
@pytest.mark.parametrize("keys", [[], ["no Fernet key"]])
def test_without_a_usable_key_it_is_not_ready(client, caplog, settings, keys):
    settings.TOKEN_KEYS = keys
    assert_not_ready(client, caplog, "HANDLED_TOKEN_KEYS")


def assert_not_ready(client, caplog, why: str) -> None:
    with caplog.at_level(logging.ERROR):
        answer = client.get("/ready")
    assert (answer.status_code, answer.content) == (503, b"not ready\n")
    assert why in caplog.text


# Who may read /metrics


@pytest.mark.django_db
@pytest.mark.parametrize(
    "said", ["", "Bearer ", "Bearer wrong", configured.METRICS_TOKEN[:-1], "Bearer é"]
)
def test_without_the_token_there_are_no_metrics(client, said):
    assert client.get("/metrics", headers={"authorization": said}).status_code == 404


@pytest.mark.django_db
def test_the_owner_in_a_browser_is_a_stranger_too(client, sign_in, olga):
    assert sign_in(client, olga).get("/metrics").status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("address", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("192.0.2.1", {}, 404),
        ("127.0.0.1", {"x-forwarded-for": "127.0.0.1"}, 404),
        ("127.0.0.1", {"x-forwarded-for": "192.0.2.1, 127.0.0.1"}, 404),
    ],
)
def test_without_a_token_in_the_settings_this_machine_alone_reads_them(
    client, settings, address, headers, status
):
    settings.METRICS_TOKEN = ""
    answer = client.get("/metrics", headers=headers, REMOTE_ADDR=address)
    assert answer.status_code == status


# What they say


def told(client) -> dict[tuple[str, ...], float]:
    """Every sample: the name of its metric, the handle, and what else it is about."""
    answer = client.get("/metrics", headers=TOKEN)
    assert answer["Content-Type"].startswith("text/plain; version=")
    return {
        (sample.name, *(sample.labels[name] for name in LABELS if name in sample.labels)): (
            sample.value
        )
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


@pytest.mark.django_db
def test_an_empty_installation_has_nothing_to_alert_on(client):
    assert told(client) == {
        ("handled_ledger_oldest_due_seconds",): 0,
        ("handled_ledger_due_rows",): 0,
        ("handled_ledger_dead_rows", ""): 0,
        ("handled_ledger_orphan_rows",): 0,
    }


@pytest.mark.django_db
def test_the_ledger_is_told_by_its_oldest_row_and_what_was_set_aside(client, acme):
    def row(fact: str, **fields: object) -> None:
        RawEvent.objects.create(**{"source": "webhook", "fact": fact, "body": b"{}"} | fields)

    row("old", due_at=minutes_ago(3))
    row("new")
    row("later", due_at=timezone.now() + timedelta(minutes=5))
    row("past", source="history", due_at=minutes_ago(90))
    row("dead", state="dead", brand=acme)
    row("nobodys", state="dead")
    row("orphan", state="orphan")
    found = told(client)
    assert 180 <= found["handled_ledger_oldest_due_seconds",] < 240
    assert found["handled_ledger_due_rows",] == 2
    assert found["handled_ledger_dead_rows", "acme"] == 1
    assert found["handled_ledger_dead_rows", ""] == 1
    assert found["handled_ledger_orphan_rows",] == 1


@pytest.mark.django_db
def test_sends_are_told_when_they_are_late(client, acme, globex):
    thread = make_thread(make_conversation(acme))

    def send(state: str, **fields: object) -> None:
        make_message(thread, ours=True, state=state, external_id=None, **fields)

    send("uncertain", uncertain_since=minutes_ago(6))
    send("uncertain", uncertain_since=minutes_ago(4))
    send("queued", not_before=minutes_ago(6))
    send("queued", not_before=timezone.now() + timedelta(minutes=6))
    found = told(client)
    assert found["handled_sends_uncertain", "acme"] == 1
    assert found["handled_sends_uncertain", "globex"] == 0
    assert found["handled_sends_overdue", "acme"] == 1
    BrandAccount.objects.update(status="paused")
    assert ("handled_sends_overdue", "acme") not in told(client)


@pytest.mark.django_db
def test_feeds_gaps_and_tokens_are_told_by_handle(client, acme, globex):
    BrandAccount.objects.filter(pk=globex.pk).update(status="disconnected")
    for brand in (acme, globex):
        SyncCursor.objects.create(brand=brand, feed="dms", polled_at=minutes_ago(2))
        pair = TokenPair("a", "b", timezone.now() + timedelta(hours=1))
        Connection.objects.create(brand=brand, **tokens.columns(pair))
    now = timezone.now()
    SyncGap.objects.create(brand=acme, feed="dms", reason="pages", begins_at=now, ends_at=now)
    found = told(client)
    assert 120 <= found["handled_feed_poll_age_seconds", "acme", "dms"] < 180
    assert 3_500 < found["handled_token_expires_in_seconds", "acme"] <= 3_600
    assert found["handled_gaps_open", "acme"] == 1
    assert found["handled_pushes_missed", "acme"] == 0
    assert found["handled_handle", "globex", "disconnected"] == 1
    late = {name for name in found if "globex" in name} - {
        ("handled_handle", "globex", "disconnected"),
        ("handled_sends_uncertain", "globex"),
        ("handled_ledger_dead_rows", "globex"),
    }
    assert not late


@pytest.mark.django_db
def test_a_feed_that_was_never_fetched_is_as_old_as_its_handle(client):
    brand = make_brand("acme", created_at=minutes_ago(30))
    SyncCursor.objects.create(brand=brand, feed="mentions")
    assert told(client)["handled_feed_poll_age_seconds", "acme", "mentions"] >= 1_800


@pytest.mark.django_db
def test_the_webhook_the_audit_and_the_bill_are_told(client, settings):
    Webhook.objects.create(
        url=settings.X_WEBHOOK_URL,
        is_valid=False,
        checked_at=minutes_ago(1),
        answered_in_seconds=0.2,
    )
    Audit.objects.create(began_at=minutes_ago(4), broken=[{"name": "V1"}])
    Spending.objects.create(pk=1, month=month_of(timezone.now()), spent_usd=7, cap_usd=50)
    found = told(client)
    assert found["handled_webhook_valid",] == 0
    assert found["handled_webhook_answer_seconds",] == 0.2
    assert 60 <= found["handled_webhook_checked_age_seconds",] < 120
    assert 240 <= found["handled_audit_age_seconds",] < 300
    assert found["handled_audit_broken",] == 1
    assert (found["handled_x_spent_usd",], found["handled_x_cap_usd",]) == (7, 50)


@pytest.mark.django_db
def test_a_scrape_costs_the_same_for_many_handles(client, django_assert_num_queries):
    for many in (1, 10):
        for _ in range(many):
            brand = make_brand()
            SyncCursor.objects.create(brand=brand, feed="dms")
        with django_assert_num_queries(14):
            told(client)


@pytest.mark.django_db
def test_nothing_that_anybody_wrote_is_in_them(client, acme):
    """trust T5"""
    thread = make_thread(make_conversation(acme))
    make_message(thread, "canary in the coal mine")
    pair = TokenPair("canary", "canary", timezone.now())
    Connection.objects.create(brand=acme, **tokens.columns(pair))
    answer = client.get("/metrics", headers=TOKEN).text
    assert "canary" not in answer
    assert "v1:" not in answer


@pytest.mark.django_db
def test_a_handle_that_is_ours_twice_is_two(client):
    """Its old owner's, and that of whoever has the name on X now."""
    make_brand("acme")
    make_brand("acme")
    answer = client.get("/metrics", headers=TOKEN).text
    samples = [line.rpartition(" ")[0] for line in answer.splitlines() if line[0] != "#"]
    assert len(samples) == len(set(samples))


def test_the_docs_explain_every_metric_and_alert_on_none_that_is_not_there():
    made = set(re.findall(r"handled_[a-z_]+", (ROOT / "config" / "metrics.py").read_text()))
    page = (ROOT / "docs" / "deployment.md").read_text()
    assert set(re.findall(r"handled_[a-z_]+", page)) - {"handled_check", "handled_before"} == made


def test_the_alert_rules_are_rules():
    page = (ROOT / "docs" / "deployment.md").read_text()
    [rules] = re.findall(r"```yaml\n(groups:.*?)```", page, re.DOTALL)
    [group] = yaml.safe_load(rules)["groups"]
    for rule in group["rules"]:
        assert {"alert", "expr", "annotations"} <= rule.keys()
