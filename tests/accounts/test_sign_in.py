from __future__ import annotations

from datetime import timedelta

import pytest
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.sessions.models import Session
from django.utils import timezone

from accounts.views.sign_in import local_path
from config.settings import base
from tests.factories import PASSWORD, make_user


def try_in(client, email, password=PASSWORD, **more):
    return client.post("/sign-in/", {"email": email, "password": password, **more})


def test_it_lets_a_person_in(client, ana):
    response = try_in(client, "ana@example.com")
    assert response.status_code == 302
    assert response["Location"] == "/"
    assert client.get("/profile/").status_code == 200


def test_the_address_may_be_typed_in_any_case_and_with_spaces(client, ana):
    assert try_in(client, "  ANA@Example.COM ").status_code == 302


def test_it_goes_where_the_person_wanted_to_go(client, ana):
    assert client.get("/profile/")["Location"] == "/sign-in/?next=/profile/"
    assert b'name="next" value="/profile/"' in client.get("/sign-in/?next=/profile/").content
    assert try_in(client, ana.email, next="/profile/")["Location"] == "/profile/"


@pytest.mark.parametrize(
    "wanted",
    [
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "https://evil.example/",
        "https:evil.example",
        "https:/evil.example",
        "javascript:alert(1)",
        "/\t/evil.example",
        " //evil.example",
        "evil.example",
        "@evil.example",
        "\x00//evil.example",
    ],
)
def test_it_goes_nowhere_else_than_this_site(client, ana, wanted):
    assert local_path(wanted) == "/"
    assert try_in(client, ana.email, next=wanted)["Location"] == "/"


def test_a_local_path_keeps_its_question(client):
    assert local_path("/desk/?view=mine&brand=acme#top") == "/desk/?view=mine&brand=acme#top"


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("ana@example.com", "wrong"),
        ("nobody@example.com", "wrong"),
        ("dan@example.com", PASSWORD),
        ("dan@example.com", "wrong"),
        ("ivy@example.com", "!"),
    ],
)
def test_every_failure_reads_the_same(client, ana, email, password):
    """trust S4: wrong password, nobody's address, disabled, invited"""
    make_user("Dan", email="dan@example.com", is_active=False)
    make_user("Ivy", email="ivy@example.com", password=None, invited_at=timezone.now())
    expected = try_in(client, "someone@example.com", "else")
    response = try_in(client, email, password)
    assert response.status_code == expected.status_code == 422
    assert without_token(response, email) == without_token(expected, "someone@example.com")
    assert "_auth_user_id" not in client.session


def without_token(response, email) -> str:
    lines = response.content.decode().replace(email, "…").splitlines()
    return "\n".join(line for line in lines if "csrfmiddlewaretoken" not in line)


def test_what_was_typed_is_kept_but_not_the_password(client, ana):
    body = try_in(client, "ana@example.com", "my-wrong-password").content.decode()
    assert 'value="ana@example.com"' in body
    assert "my-wrong-password" not in body


def test_the_session_id_changes_when_someone_signs_in(client, ana):
    session = client.session
    session["seen"] = "before"
    session.save()
    before = session.session_key
    client.cookies[settings.SESSION_COOKIE_NAME] = before
    try_in(client, ana.email)
    assert client.session.session_key != before
    assert not Session.objects.filter(session_key=before).exists()


def test_someone_who_is_in_is_sent_on(client, sign_in, ana):
    assert sign_in(client, ana).get("/sign-in/?next=/profile/")["Location"] == "/profile/"


def test_a_program_whose_session_ended_gets_401_instead_of_a_page(client, db):
    response = client.get("/sign-in/", headers={"Accept": "application/json"})
    assert response.status_code == 401
    assert response.json() == {"error": "Sign in first."}


def test_a_fragment_whose_session_ended_gets_401_instead_of_a_page(client, db):
    assert client.get("/sign-in/", headers={"HX-Request": "true"}).status_code == 401


class TestArgon2:
    """trust S12, with the hashers of every installation"""

    @pytest.fixture(autouse=True)
    def real_hashers(self, settings):
        settings.PASSWORD_HASHERS = base.PASSWORD_HASHERS

    def test_a_new_password_is_kept_as_argon2id(self, ana):
        ana.set_password("x" * 70 + " and spaces ")
        assert ana.password.startswith("argon2$argon2id$v=19$m=102400,t=2,p=8$")
        assert ana.check_password("x" * 70 + " and spaces ")
        assert not ana.check_password("x" * 70)

    def test_an_older_hash_is_replaced_at_sign_in(self, client, ana):
        ana.password = make_password(PASSWORD, hasher="pbkdf2_sha256")
        ana.save()
        assert try_in(client, ana.email).status_code == 302
        ana.refresh_from_db()
        assert ana.password.startswith("argon2$argon2id$")


class TestLockedOut:
    @pytest.fixture(autouse=True)
    def axes(self, settings):
        settings.AXES_ENABLED = True

    def fail(self, client, email, times=10):
        return [try_in(client, email, "wrong") for _ in range(times)][-1]

    def test_it_pauses_after_ten_failures_and_says_until_when(self, client, ana):
        assert self.fail(client, ana.email, 9).status_code == 422
        response = self.fail(client, ana.email, 1)
        assert response.status_code == 429
        again = timezone.now() + timedelta(minutes=15)
        assert f"{again:%H:%M}" in response.content.decode()

    def test_the_right_password_does_not_help_meanwhile(self, client, ana):
        self.fail(client, ana.email)
        assert try_in(client, ana.email).status_code == 429

    def test_trying_on_does_not_move_the_time(self, client, ana):
        self.fail(client, ana.email)
        before = AccessAttempt.objects.get().attempt_time
        self.fail(client, ana.email, 3)
        assert AccessAttempt.objects.get().attempt_time == before

    def test_it_lets_in_again_after_the_pause(self, client, ana):
        self.fail(client, ana.email)
        AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=16))
        assert try_in(client, ana.email).status_code == 302

    def test_writing_the_address_otherwise_gives_no_new_tries(self, client, ana):
        for spelling in ("ana@example.com", "ANA@example.com", " Ana@Example.com"):
            response = self.fail(client, spelling, 4)
        assert response.status_code == 429

    def test_nobody_else_is_locked_out(self, client, ana, ben):
        self.fail(client, ana.email)
        assert try_in(client, ben.email).status_code == 302

    def test_the_same_person_gets_in_from_elsewhere(self, client, ana):
        self.fail(client, ana.email)
        response = client.post(
            "/sign-in/",
            {"email": ana.email, "password": PASSWORD},
            REMOTE_ADDR="192.0.2.7",
        )
        assert response.status_code == 302

    def test_a_forged_forwarding_header_gives_no_new_tries(self, client, ana):
        for place in range(10):
            response = client.post(
                "/sign-in/",
                {"email": ana.email, "password": "wrong"},
                headers={"X-Forwarded-For": f"192.0.2.{place}"},
            )
        assert response.status_code == 429

    def test_unknown_addresses_are_locked_out_alike(self, client, db):
        assert self.fail(client, "nobody@example.com").status_code == 429
