from __future__ import annotations

import io
import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from pytest_django import Settings

from accounts.models import BrandAccount, Membership, User
from tests.twitter_sync import rude
from tests.x import Simulator
from twitter_sync.actions import connecting_simulated
from twitter_sync.client import Client
from twitter_sync.models import RateBudget, Subscription, Webhook

pytestmark = pytest.mark.django_db


def run(*arguments: object, **options: Any) -> str:
    out = io.StringIO()
    words = [str(argument) for argument in arguments]
    call_command("connect_simulated", *words, stdout=out, stderr=out, **options)
    return out.getvalue()


@pytest.fixture
def file(tmp_path: Path) -> Callable[[object], Path]:
    def write(content: object) -> Path:
        path = tmp_path / "users.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    return write


def test_handles_are_made_and_connected_whole(webhook_url: str, simulator: Simulator) -> None:
    told = run("Simula_One", "@Simula_Two")
    assert "@Simula_One: 6 of 6 subscriptions" in told
    assert "2 handles connected" in told
    for brand in BrandAccount.objects.all():
        assert brand.status == BrandAccount.Status.CONNECTED
        assert Client.for_brand(brand).me()["data"]["username"] == brand.handle
        assert Subscription.objects.filter(brand=brand).active().count() == 8
    assert Webhook.objects.get(url=webhook_url).is_valid
    assert BrandAccount.objects.count() == 2
    assert not Membership.objects.exists()


def test_a_file_connects_those_it_marks_as_brands(
    webhook_url: str, simulator: Simulator, file: Callable[[object], Path]
) -> None:
    ids = ["910000001", "910000002"]
    people = [
        {"id": ids[0], "username": "FileBrand", "name": "File Brand", "brand": True, "_note": 1},
        {"id": ids[1], "username": "FileCarla", "name": "Carla", "brand": False},
    ]
    run("--users", file(people))
    brand = BrandAccount.objects.get()
    assert (brand.x_user_id, brand.handle, brand.name) == (ids[0], "FileBrand", "File Brand")


def test_a_second_time_makes_nothing_twice(webhook_url: str, simulator: Simulator) -> None:
    run("Simula_Again")
    token = BrandAccount.objects.get().connection.access_token
    run("simula_again")
    assert BrandAccount.objects.get().connection.access_token != token
    assert Subscription.objects.count() == 8


def test_members_are_given_the_role_that_was_said(
    webhook_url: str, simulator: Simulator, ana: User, sam: User
) -> None:
    run("Simula_Team", "--member", ana.email.upper(), "--member", f"{sam.email}:manager")
    brand = BrandAccount.objects.get(handle="Simula_Team")
    roles = brand.memberships.values_list("user__email", "role")
    assert set(roles) == {(ana.email, "agent"), (sam.email, "manager")}


def test_quotas_are_lifted_for_the_run_alone(
    webhook_url: str, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bool] = []
    connect = connecting_simulated.connect

    def watching(*arguments: Any, **options: Any) -> BrandAccount:
        seen.append(simulator.get("quotas")["lifted"])
        return connect(*arguments, **options)

    monkeypatch.setattr(connecting_simulated, "connect", watching)
    run("Simula_Quota")
    assert seen == [True]
    assert simulator.get("quotas")["lifted"] is False
    assert not RateBudget.objects.exists()


@pytest.mark.parametrize("end", ["error", "SIGTERM", "SIGINT"])
def test_quotas_are_put_back_however_it_ends(
    simulator: Simulator, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    def failing(*arguments: Any, **options: Any) -> BrandAccount:
        assert simulator.get("quotas")["lifted"]
        if end != "error":
            os.kill(os.getpid(), getattr(signal, end))
        raise ZeroDivisionError

    monkeypatch.setattr(connecting_simulated, "connect", failing)
    with pytest.raises((ZeroDivisionError, SystemExit, KeyboardInterrupt)):
        run("Simula_Ends")
    assert simulator.get("quotas")["lifted"] is False


def test_quotas_that_were_lifted_before_stay_lifted(webhook_url: str, simulator: Simulator) -> None:
    simulator.post("quotas", lifted=True)
    try:
        run("Simula_Lifted")
        assert simulator.get("quotas")["lifted"] is True
    finally:
        simulator.post("quotas", lifted=False)


def test_a_handle_without_webhook_is_connected_and_the_gap_is_said(
    simulator: Simulator, settings: Settings
) -> None:
    simulator.forget_webhooks()
    settings.X_WEBHOOK_URL = "http://127.0.0.1:9/webhooks/x/"
    told = run("Simula_Gap")
    assert "no webhook: CrcValidationFailed" in told
    assert "1 with gaps" in told


# Refused


def test_the_real_x_is_refused(settings: Settings) -> None:
    settings.X_IS_SIMULATOR = False
    settings.X_API_URL = "https://api.x.com"
    with pytest.raises(CommandError, match="not done to the real X"):
        run("acme")


def test_another_program_on_this_machine_is_refused(settings: Settings) -> None:
    settings.X_IS_SIMULATOR = True
    with rude.serving(rude.says("200 OK", '{"program": "something else"}')) as url:
        settings.X_API_URL = url
        with pytest.raises(CommandError, match="not a simulator"):
            run("acme")


def test_a_simulator_that_is_not_there_is_said(settings: Settings) -> None:
    settings.X_IS_SIMULATOR = True
    settings.X_API_URL = "http://127.0.0.1:9"
    with pytest.raises(CommandError, match="does not answer"):
        run("acme")


def test_nothing_to_connect_is_said() -> None:
    with pytest.raises(CommandError, match="at least one handle"):
        run()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "can't be read as JSON"),
        ({"users": []}, "must be a list"),
        (
            [{"name": "nameless", "brand": True}],
            "must be a list of objects, each with a `username`",
        ),
        ([{"username": "carla", "brand": False}], "marks nobody"),
    ],
)
def test_a_file_that_says_nothing_is_named(
    file: Callable[[object], Path], content: object, reason: str
) -> None:
    with pytest.raises(CommandError, match=reason):
        run("--users", file(content))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"nowhere\.json"):
        run("--users", tmp_path / "nowhere.json")


@pytest.mark.parametrize(
    ("given", "reason"),
    [("nobody@example.com", "nobody@example.com"), ("ana@example.com:boss", "'boss' is no role")],
)
def test_an_unknown_member_is_named_before_anything_is_done(
    ana: User, given: str, reason: str
) -> None:
    with pytest.raises(CommandError, match=reason):
        run("acme", "--member", given)


def test_a_name_that_x_would_not_give_is_said(simulator: Simulator) -> None:
    with pytest.raises(CommandError, match="users: 400"):
        run("not a handle")
    assert simulator.get("quotas")["lifted"] is False
