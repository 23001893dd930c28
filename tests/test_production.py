"""Production's settings: what they ask of the environment, and that Django finds them safe."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured
from django.test import RequestFactory

from config import demands
from config.embedded.environment import OURS
from config.middleware import forwarded_address

ROOT = Path(__file__).resolve().parent.parent
FERNET = "pZ8nQK3mWv1sYtB7eRj0Lx5uCg9aHd2fNi4oSk6qVwM="
GOOD = {
    "HANDLED_SECRET_KEY": "7b0e4c6f19d2a8355ce1f0b94a7d6e2380f5c1b7a94e3d625d8f",
    "HANDLED_TOKEN_KEYS": FERNET,
    "DATABASE_URL": "postgresql://handled:f3b19c7e0a5d4826@postgres:5432/handled",
    "REDIS_URL": "redis://valkey:6379/0",
    "HANDLED_WEB_URL": "https://desk.acme.test",
    "X_CONSUMER_KEY": "key",
    "X_CONSUMER_SECRET": "consumer",
    "X_CLIENT_ID": "client",
    "X_CLIENT_SECRET": "confidential",
    "EMAIL_HOST": "mail.acme.test",
}
REHEARSED = {"X_API_URL": "http://simulator:9000", "X_AUTHORIZE_URL": "http://127.0.0.1:9000/i"}


def complaints(**changes: str | None) -> str:
    """What production says of a good environment with these changes; None leaves a variable out."""
    told = {name: value for name, value in (GOOD | changes).items() if value is not None}
    try:
        demands.require(told)
    except ImproperlyConfigured as error:
        return str(error)
    return ""


def test_it_has_nothing_against_a_good_environment():
    assert complaints() == ""


def test_it_names_everything_that_is_missing_at_once():
    told = complaints(**dict.fromkeys(GOOD))
    assert [name for name in GOOD if f"{name} is missing" not in told] == []
    assert len(told.splitlines()) == 1 + len(GOOD)


def test_an_empty_variable_is_a_missing_one():
    assert "X_CLIENT_SECRET is missing" in complaints(X_CLIENT_SECRET="")
    assert "EMAIL_HOST is missing" in complaints(EMAIL_HOST=" ")


def test_what_has_a_default_may_be_empty_as_a_compose_file_leaves_it():
    optional = ("HANDLED_LIVE_URL", "HANDLED_TRUSTED_PROXIES", "EMAIL_PORT", "EMAIL_USE_TLS")
    assert complaints(**dict.fromkeys(optional, "")) == ""


WEAK = [
    ("HANDLED_SECRET_KEY", "short", "has 5 characters of 50"),
    ("HANDLED_SECRET_KEY", "django-insecure-" + GOOD["HANDLED_SECRET_KEY"], "stands in examples"),
    ("HANDLED_SECRET_KEY", "change-me-" + GOOD["HANDLED_SECRET_KEY"], "stands in examples"),
    ("HANDLED_SECRET_KEY", "ab" * 40, "repeats itself"),
    ("HANDLED_SECRET_KEY", "abcdefghijklmnop" * 4, "repeats itself"),
    (
        "HANDLED_SECRET_KEY",
        "the quick brown fox jumps over the lazy dog, again and again",
        "spaces",
    ),
    ("HANDLED_TOKEN_KEYS", "not-a-key", "key 1 of 1 is not a Fernet key"),
    ("HANDLED_TOKEN_KEYS", f"{FERNET},{FERNET[:-9]}==", "key 2 of 2"),
    ("HANDLED_TOKEN_KEYS", "A" * 43 + "=", "repeats itself"),
    ("HANDLED_TOKEN_KEYS", "M3XlZ2VmYl9rZXlfZm9yX3Rlc3RzX2FuZF9ub19tb3I=", "it is text"),
    ("HANDLED_TOKEN_KEYS", "dGhpcyBpcyB0aGUga2V5IG9mIGFuIGV4YW1wbGUuLi4=", "it is text"),
    ("HANDLED_METRICS_TOKEN", "prometheus", "has 10 characters of 24"),
    ("HANDLED_METRICS_TOKEN", "changeme-" * 3, "stands in examples"),
    ("DATABASE_URL", "mysql://handled@host/handled", "must begin with postgresql://"),
    ("DATABASE_URL", "postgresql://handled@postgres/handled", "password is missing"),
    ("DATABASE_URL", "postgresql://handled:handled@postgres/handled", "can be guessed"),
    ("DATABASE_URL", "postgresql://handled:changemechangeme@postgres/handled", "examples"),
    ("DATABASE_URL", "postgresql:///handled?host=/run/postgresql", None),
    ("REDIS_URL", "http://valkey", "must begin with redis://"),
    ("HANDLED_WEB_URL", "http://desk.acme.test", "must be an https:// address"),
    ("HANDLED_WEB_URL", "https://desk.acme.test/desk", "origin without path"),
    ("HANDLED_LIVE_URL", "http://live.acme.test", "must be an https:// address"),
    ("X_API_URL", "http://127.0.0.1:9000", "loopback"),
    ("X_API_URL", "https://localhost", "loopback"),
    ("X_API_URL", "http://simulator:9000", "must begin with https://"),
    ("HANDLED_TRUSTED_PROXIES", "0", "1 or more"),
    ("HANDLED_TRUSTED_PROXIES", "two", "1 or more"),
    ("EMAIL_PORT", "smtp", "1 to 65535"),
    ("EMAIL_USE_TLS", "maybe", "yes or no"),
    ("X_STREAM", "perhaps", "yes or no"),
    ("X_FORMER_SECRETS", "consumer", "SECRET@MOMENT"),
    ("X_FORMER_SECRETS", "consumer@2026-12-01", "SECRET@MOMENT"),
    ("X_FORMER_SECRETS", "a@2026-12-01T12:00Z, b@2026-12-01T12:00+01:00", None),
]


@pytest.mark.parametrize(("name", "value", "reason"), WEAK)
def test_what_is_weak_is_named_with_its_reason(name, value, reason):
    told = complaints(**{name: value})
    if reason is None:
        assert told == ""
        return
    (line,) = told.splitlines()[1:]
    assert line.startswith(f"  - {name}")
    assert reason in line
    assert value not in line


def test_fresh_keys_are_always_taken():
    """As the sentences tell people to make them."""
    for _ in range(300):
        assert (
            complaints(
                HANDLED_SECRET_KEY=os.urandom(48).hex(),
                HANDLED_TOKEN_KEYS=f"{Fernet.generate_key().decode()}, {FERNET}",
                HANDLED_METRICS_TOKEN=os.urandom(24).hex(),
            )
            == ""
        )


def test_a_rehearsal_takes_the_pretend_x_and_nothing_else():
    demands.require(GOOD | REHEARSED, pretend_x=True)
    for name in REHEARSED:
        with pytest.raises(ImproperlyConfigured, match=f"{name} must be the pretend X's"):
            demands.require(GOOD | REHEARSED | {name: "https://api.x.com"}, pretend_x=True)
    with pytest.raises(ImproperlyConfigured, match="must be the pretend X's"):
        demands.require(GOOD, pretend_x=True)


def manage(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {k: v for k, v in os.environ.items() if k not in OURS}
    return subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=ROOT,
        env=inherited | environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    "environment",
    [
        {"DJANGO_SETTINGS_MODULE": "config.settings.production"},
        {"DJANGO_SETTINGS_MODULE": "config.settings.rehearsal"} | REHEARSED,
    ],
    ids=["production", "rehearsal"],
)
def test_django_finds_nothing_to_say_of_it(environment):
    answer = manage("check", "--deploy", "--fail-level=WARNING", **GOOD | environment)
    assert answer.returncode == 0, answer.stderr
    assert "no issues (0 silenced)" in answer.stdout


def test_a_command_says_what_is_wrong_and_shows_no_traceback():
    answer = manage("migrate", DJANGO_SETTINGS_MODULE="config.settings.production")
    assert answer.returncode == 1
    assert "HANDLED_SECRET_KEY is missing. Make one: openssl rand" in answer.stderr
    assert "X_CLIENT_SECRET is missing" in answer.stderr
    assert "Traceback" not in answer.stderr


# Who asks, behind proxies


@pytest.mark.parametrize(
    ("proxies", "header", "address"),
    [
        (0, "192.0.2.1", ""),
        (1, "192.0.2.1", "192.0.2.1"),
        (1, "198.51.100.66, 192.0.2.1", "192.0.2.1"),
        (2, "198.51.100.66, 192.0.2.1, 203.0.113.9", "192.0.2.1"),
        (2, "192.0.2.1", ""),  # came past one of them
        (1, "2001:db8::1", "2001:db8::1"),
        (1, "<script>", ""),
        (1, "", ""),
    ],
)
def test_only_what_our_proxies_added_is_believed(proxies, header, address):
    request = RequestFactory().get("/", headers={"X-Forwarded-For": header})
    assert forwarded_address(request, proxies) == address


def test_the_address_that_a_client_made_up_gives_no_new_tries(client, ana, settings):
    settings.AXES_ENABLED = True
    settings.TRUSTED_PROXIES = 1

    def guess(told: str) -> int:
        answer = client.post(
            "/sign-in/",
            {"email": ana.email, "password": "wrong"},
            headers={"X-Forwarded-For": told},
        )
        return int(answer.status_code)

    assert [guess(f"198.51.100.{n}, 192.0.2.1") for n in range(10)][-1] == 429
    assert guess("198.51.100.99, 192.0.2.1") == 429
    assert guess("192.0.2.1, 192.0.2.2") == 422  # another client of the same proxy
