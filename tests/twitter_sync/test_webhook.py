"""Where X pushes: `GET` and `POST /webhooks/x/`."""

from __future__ import annotations

import ast
import gzip
import inspect
from contextlib import closing
from datetime import timedelta
from uuid import uuid4

import psycopg2
import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone

from tests.twitter_sync.bodies import dm_received, encoded, push
from twitter_sync import signatures
from twitter_sync.models import RawEvent, Webhook
from twitter_sync.signatures import signature
from twitter_sync.views import webhook

pytestmark = pytest.mark.django_db


def test_it_answers_the_challenge(client, settings):
    answer = client.get("/webhooks/x/", {"crc_token": "some_random+/=="})
    expected = signature(b"some_random+/==", secret=settings.X_CONSUMER_SECRET)
    assert (answer.status_code, answer.json()) == (200, {"response_token": expected})


def test_it_answers_with_the_secret_that_x_took(client, settings):
    settings.X_CLIENT_SECRET = "the client's"
    Webhook.objects.create(url=settings.X_WEBHOOK_URL, proves_with=Webhook.Proof.CLIENT)
    answer = client.get("/webhooks/x/", {"crc_token": "token"})
    assert answer.json() == {"response_token": signature(b"token", secret="the client's")}


def test_a_challenge_waits_for_the_database(client):
    """X takes no wrong answer, but forgives that there is none."""

    def is_down(*_):
        raise OperationalError("gone")

    with connection.execute_wrapper(is_down):
        assert client.get("/webhooks/x/", {"crc_token": "token"}).status_code == 503


@pytest.mark.parametrize("token", ["", '{"data":{}}', "a\x00b"])
def test_it_refuses_a_challenge_that_could_be_an_event(client, token):
    assert client.get("/webhooks/x/", {"crc_token": token}).status_code == 400


def test_the_challenge_signs_nothing_that_is_then_taken(client):
    """Replaying its answers as signatures of the tokens themselves stores nothing (W1)."""
    for token in ['{"a":1}', "{}", ' {"a":1}', "plain", "[{}]", "\ufeff{}", "data"]:
        answer = client.get("/webhooks/x/", {"crc_token": token})
        signed = answer.json().get("response_token", "")
        assert push(client, token.encode(), signed=signed).status_code == 403
    assert not RawEvent.objects.exists()


def test_it_keeps_a_signed_body_byte_for_byte(client, acme, carla):
    raw = encoded(dm_received(acme, carla, "Wo ist es? 📦")) + b"\n"
    answer = push(client, raw)
    assert (answer.status_code, answer.content) == (200, b"")
    event = RawEvent.objects.get()
    assert (bytes(event.body), event.source, event.state) == (raw, "webhook", "pending")
    assert event.addressee == acme.x_user_id


def test_the_same_delivery_twice_is_one_row(client, acme, carla):
    body = dm_received(acme, carla)
    assert [push(client, body).status_code for _ in range(3)] == [200, 200, 200]
    assert RawEvent.objects.count() == 1


@pytest.mark.parametrize("signed", ["", "sha256=", "nonsense", signature(b"{}", secret="another")])
def test_it_keeps_nothing_that_x_did_not_sign(client, acme, carla, signed):
    assert push(client, dm_received(acme, carla), signed=signed).status_code == 403
    assert not RawEvent.objects.exists()


@pytest.mark.parametrize(
    ("newer", "older", "status"),
    [
        ("client", None, 200),
        ("client", "consumer", 200),
        ("another", "consumer", 200),
        ("client", "another", 200),
        ("consumer", None, 403),
        (None, "client", 403),
        ("another", "another", 403),
        (None, None, 403),
    ],
)
def test_x_signs_with_the_client_secret_the_consumer_secret_or_both(
    client, settings, newer, older, status
):
    settings.X_CLIENT_SECRET, settings.X_CONSUMER_SECRET = "client", "consumer"
    told = {"x-twitter-webhooks-signature-oauth2": newer, "x-twitter-webhooks-signature": older}
    headers = {name: signature(b"{}", secret=secret) for name, secret in told.items() if secret}
    answer = client.post("/webhooks/x/", b"{}", content_type="application/json", headers=headers)
    assert answer.status_code == status


def test_a_secret_that_is_not_set_signs_nothing(client, settings):
    settings.X_CLIENT_SECRET = ""
    headers = {"x-twitter-webhooks-signature-oauth2": signature(b"{}", secret="")}
    answer = client.post("/webhooks/x/", b"{}", content_type="application/json", headers=headers)
    assert answer.status_code == 403


def test_a_changed_secret_counts_for_a_day_beside_the_new_one(client, settings):
    """Trust W7: the day passes by a quarter of an hour at a time."""
    quarter = timedelta(minutes=15)
    settings.X_CONSUMER_SECRET = "new"
    for passed in range(96):
        settings.X_FORMER_SECRETS = [("old", timezone.now() + timedelta(days=1) - passed * quarter)]
        assert [pushed(client, secret) for secret in ("new", "old")] == [200, 200]
    settings.X_FORMER_SECRETS = [("old", timezone.now())]
    assert [pushed(client, secret) for secret in ("new", "old")] == [200, 403]
    assert RawEvent.objects.count() == 2 * 96 + 1


def pushed(client, secret):
    body = encoded({"data": {"event_uuid": str(uuid4())}})
    return push(client, body, signed=signature(body, secret=secret)).status_code


def test_one_changed_byte_is_refused(client, settings):
    signed = signature(b'{"a": 1}', secret=settings.X_CONSUMER_SECRET)
    assert push(client, b'{"a": 2}', signed=signed).status_code == 403
    assert push(client, b'{"a": 1}', signed=signed).status_code == 200


def test_a_compressed_body_is_not_what_was_signed(client, settings):
    signed = signature(b"{}", secret=settings.X_CONSUMER_SECRET)
    assert push(client, gzip.compress(b"{}"), signed=signed).status_code == 403


def test_it_refuses_a_huge_body(client):
    answer = push(client, b"{" + b" " * (2 * 1024 * 1024) + b"}")
    assert answer.status_code == 413
    assert not RawEvent.objects.exists()


def test_it_keeps_what_cannot_be_parsed(client):
    """Whether it makes sense is not asked here."""
    assert push(client, b'{"data": ').status_code == 200
    assert RawEvent.objects.count() == 1


def test_a_database_that_is_down_is_said_to_x(client, acme, carla, monkeypatch):
    def down(*args: object) -> None:
        raise OperationalError("server closed the connection unexpectedly")

    with connection.execute_wrapper(down):
        answer = push(client, dm_received(acme, carla))
    assert answer.status_code == 503
    assert not RawEvent.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_dead_connection_is_replaced_once(client, acme, carla):
    with_nobody = connection.connection.get_backend_pid()
    with closing(psycopg2.connect(**connection.get_connection_params())) as other:
        other.cursor().execute("SELECT pg_terminate_backend(%s, 10000)", [with_nobody])
    assert push(client, dm_received(acme, carla)).status_code == 200
    assert RawEvent.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_what_was_kept_when_the_connection_died_is_kept_once(client, acme, carla):
    tries = []

    def dies_after_the_first(execute, *statement):
        if "rawevent" not in statement[0]:  # a new connection is asked for the time
            return execute(*statement)
        tries.append(execute(*statement))
        if len(tries) == 1:
            connection.connection.close()
            raise OperationalError("gone")
        return tries[-1]

    with connection.execute_wrapper(dies_after_the_first):
        assert push(client, dm_received(acme, carla)).status_code == 200
    assert (len(tries), RawEvent.objects.count()) == (2, 1)


@pytest.mark.django_db(transaction=True)
def test_what_a_living_connection_refuses_is_not_tried_again(client, acme, carla):
    tries = []

    def is_full(execute, sql, *statement):
        if "INSERT" not in sql:
            return execute(sql, *statement)
        tries.append(sql)
        raise OperationalError("No space left on device")

    with connection.execute_wrapper(is_full):
        assert push(client, dm_received(acme, carla)).status_code == 503
    assert len(tries) == 1


def test_it_is_there_at_our_own_host_alone(client, settings):
    signed = signature(b"{}", secret=settings.X_CONSUMER_SECRET)
    headers = {"x-twitter-webhooks-signature": signed, "host": "elsewhere.example"}
    answer = client.post("/webhooks/x/", b"{}", content_type="application/json", headers=headers)
    assert answer.status_code == 400
    assert not RawEvent.objects.exists()


def test_it_needs_no_session_and_no_csrf_token(acme, carla):
    strict = Client(enforce_csrf_checks=True)
    assert push(strict, dm_received(acme, carla)).status_code == 200


def test_it_asks_the_database_once(client, acme, carla, django_assert_num_queries):
    with django_assert_num_queries(1):
        push(client, dm_received(acme, carla))


@pytest.mark.parametrize("method", ["put", "patch", "delete", "head", "options"])
def test_it_takes_nothing_but_get_and_post(client, method):
    assert getattr(client, method)("/webhooks/x/").status_code == 405


def test_its_requests_are_not_atomic():
    """A row must be committed before X hears 200, whatever ATOMIC_REQUESTS says."""
    assert "default" in webhook.webhook._non_atomic_requests


def test_signatures_are_compared_in_constant_time():
    tree = ast.parse(inspect.getsource(signatures.is_signed_event))
    names = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    equalities = [node for node in ast.walk(tree) if isinstance(node, ast.Eq | ast.NotEq)]
    assert "compare_digest" in names
    assert not equalities
