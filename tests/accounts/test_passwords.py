from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.contrib.auth.tokens import PasswordResetTokenGenerator, default_token_generator
from django.test import Client
from django.utils import timezone

from accounts.actions import passwords, people
from accounts.links import invitation_link, reset_link
from accounts.models import Letter
from tests.factories import PASSWORD, make_user

NEW = {"password": "seven new words to say", "again": "seven new words to say"}


def ask(client, email):
    return client.post("/password/", {"email": email})


def test_it_mails_a_link_that_sets_a_new_password(client, ana, link_to):
    ask(client, "ANA@example.com")
    path = link_to(ana)
    assert client.get(path).status_code == 200
    assert client.post(path, NEW)["Location"] == "/sign-in/"
    ana.refresh_from_db()
    assert ana.check_password(NEW["password"])


def test_known_and_unknown_addresses_get_the_same_answer(client, ana, post):
    make_user("Dan", email="dan@example.com", is_active=False)
    answers = [
        ask(client, email) for email in ("ana@example.com", "nobody@example.com", "dan@example.com")
    ]
    assert {(answer.status_code, answer["Location"]) for answer in answers} == {
        (302, "/password/asked/")
    }
    assert [mail.to for mail in post()] == [["ana@example.com"]]


def test_asking_again_at_once_mails_nothing_more(client, ana, post):
    ask(client, ana.email)
    ask(client, ana.email)
    assert len(post()) == 1


def test_someone_who_never_chose_one_gets_the_invitation_again(client, acme, post):
    ivy = make_user("Ivy", acme, password=None, invited_at=timezone.now())
    ask(client, ivy.email)
    assert "/invitations/" in post()[0].body


def test_a_used_link_is_refused(client, ana, link_to):
    ask(client, ana.email)
    path = link_to(ana)
    client.post(path, NEW)
    ana.refresh_from_db()
    assert client.get(path).status_code == 410
    assert client.post(path, NEW).status_code == 410


def test_a_new_password_ends_every_session(client, sign_in, ana, link_to, heard):
    theirs = sign_in(Client(), ana)
    passwords.ask_for_reset(ana.email)
    path = link_to(ana)
    with heard() as announced:
        client.post(path, NEW)
    assert theirs.get("/profile/").status_code == 302
    assert announced == [ana.pk]


def test_looking_at_the_link_does_not_use_it_up(client, ana, link_to):
    ask(client, ana.email)
    path = link_to(ana)
    for _ in range(3):
        assert client.get(path).status_code == 200


def test_a_weak_password_is_refused_and_the_link_lives(client, ana, link_to):
    ask(client, ana.email)
    path = link_to(ana)
    weak = client.post(path, {"password": "ana@example.com", "again": "ana@example.com"})
    assert weak.status_code == 422
    assert client.post(path, NEW).status_code == 302


ALTERATIONS = {
    "empty": lambda token: " ",
    "a prefix": lambda token: token[:-1],
    "longer": lambda token: token + "0",
    "a trailing space": lambda token: token + " ",
    "a leading space": lambda token: " " + token,
    "other case": lambda token: token.upper(),
    "case of its time": lambda token: token.split("-")[0].upper() + "-" + token.split("-")[1],
    "case of its hash": lambda token: token.split("-")[0] + "-" + token.split("-")[1].upper(),
    "a wildcard": lambda token: "%",
    "a star": lambda token: "*",
    "no hash": lambda token: token.split("-")[0] + "-",
    "no time": lambda token: "-" + token.split("-")[1],
    "another time": lambda token: "zzzzzz-" + token.split("-")[1],
    "a null": lambda token: token + "\x00",
    "not ascii": lambda token: token + "ß",
    "very long": lambda token: "z" * 5000,
}


@pytest.mark.parametrize("alteration", ALTERATIONS)
def test_an_altered_link_is_refused(client, ana, alteration):
    """trust S6"""
    token = ALTERATIONS[alteration](reset_link.make_token(ana))
    with pytest.raises(passwords.LinkSpent):
        passwords.person_of_reset(ana.pk, token)
    with pytest.raises(passwords.LinkSpent):
        passwords.reset_password(ana.pk, token, password=NEW["password"])
    ana.refresh_from_db()
    assert ana.check_password(PASSWORD)


def test_the_link_of_one_person_opens_nothing_for_another(client, ana, ben):
    token = reset_link.make_token(ana)
    assert client.get(f"/password/{ben.pk}/{token}/").status_code == 410
    assert client.get(f"/password/999999/{token}/").status_code == 410


def test_a_link_of_another_kind_is_refused(client, ana):
    for token in (invitation_link.make_token(ana), default_token_generator.make_token(ana)):
        assert client.get(f"/password/{ana.pk}/{token}/").status_code == 410


def test_an_expired_link_is_refused(client, ana, monkeypatch):
    made = reset_link.make_token(ana)
    later = datetime.now() + reset_link.lifetime + timedelta(seconds=1)
    monkeypatch.setattr(PasswordResetTokenGenerator, "_now", lambda self: later)
    assert client.get(f"/password/{ana.pk}/{made}/").status_code == 410


def test_it_is_good_until_its_last_second(client, ana, monkeypatch):
    made = reset_link.make_token(ana)
    later = datetime.now() + reset_link.lifetime - timedelta(seconds=2)
    monkeypatch.setattr(PasswordResetTokenGenerator, "_now", lambda self: later)
    assert client.get(f"/password/{ana.pk}/{made}/").status_code == 200


def test_a_link_dies_with_a_sign_in(client, ana):
    token = reset_link.make_token(ana)
    client.post("/sign-in/", {"email": ana.email, "password": PASSWORD})
    assert client.get(f"/password/{ana.pk}/{token}/").status_code == 410


def test_a_link_dies_when_the_person_is_disabled_even_for_a_while(client, ana, ada):
    token = reset_link.make_token(ana)
    people.disable(ana, by=ada)
    assert client.get(f"/password/{ana.pk}/{token}/").status_code == 410
    people.enable(ana, by=ada)
    assert client.get(f"/password/{ana.pk}/{token}/").status_code == 410


def test_a_letter_that_waited_until_the_person_was_disabled_is_not_sent(ana, ada, post):
    passwords.ask_for_reset(ana.email)
    people.disable(ana, by=ada)
    assert post() == []
    letter = Letter.objects.get()
    assert (letter.sent_at, letter.due_at) == (None, None)
    assert "disabled" in letter.failure
