from __future__ import annotations

import pytest

from tests.factories import PASSWORD

NEW = "seven new words to say"


def change_password(client, current=PASSWORD, password=NEW, again=NEW):
    return client.post(
        "/profile/password/", {"current": current, "password": password, "again": again}
    )


@pytest.fixture
def elsewhere(client_class, sign_in, ana):
    """Ana's session on another machine."""
    return sign_in(client_class(), ana)


@pytest.fixture
def client_class():
    from django.test import Client

    return Client


def is_in(client) -> bool:
    return client.get("/profile/").status_code == 200


def test_it_saves_name_and_clock(client, sign_in, ana):
    sign_in(client, ana).post("/profile/", {"name": " Ana  María ", "time_zone": "Europe/Madrid"})
    ana.refresh_from_db()
    assert (ana.name, ana.time_zone) == ("Ana María", "Europe/Madrid")


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../../etc/passwd", "", "europe/madrid"])
def test_it_refuses_a_clock_that_does_not_exist(client, sign_in, ana, zone):
    response = sign_in(client, ana).post("/profile/", {"name": "New", "time_zone": zone})
    assert response.status_code == 422
    ana.refresh_from_db()
    assert (ana.name, ana.time_zone) == ("Ana Agent", "UTC")


def test_a_name_cannot_disguise_itself(client, sign_in, ana):
    sign_in(client, ana).post(
        "/profile/", {"name": "Olga\u202e\u2066 Owner\r\nBcc: x", "time_zone": "UTC"}
    )
    ana.refresh_from_db()
    assert ana.name == "Olga Owner Bcc: x"


def test_only_the_fields_of_the_form_change(client, sign_in, ana):
    sign_in(client, ana).post(
        "/profile/",
        {
            "name": "Ana",
            "time_zone": "UTC",
            "is_superuser": "1",
            "email": "evil@example.com",
            "is_active": "0",
            "role": "admin",
            "id": "1",
        },
    )
    ana.refresh_from_db()
    assert (ana.email, ana.is_superuser, ana.is_active) == ("ana@example.com", False, True)


def test_pages_show_the_persons_own_clock(client, sign_in, ana):
    ana.time_zone, ana.last_login = "Asia/Tokyo", None
    ana.save()
    from django.utils import timezone

    sign_in(client, ana).get("/profile/")
    assert timezone.get_current_timezone_name() == "Asia/Tokyo"
    client.post("/sign-out/")
    client.get("/sign-in/")
    assert timezone.get_current_timezone_name() == "UTC"


def test_a_new_password_works_and_the_old_one_does_not(client, sign_in, ana):
    assert change_password(sign_in(client, ana)).status_code == 302
    ana.refresh_from_db()
    assert ana.check_password(NEW)


def test_a_new_password_ends_every_other_session(client, sign_in, ana, elsewhere):
    key = sign_in(client, ana).session.session_key
    change_password(client)
    assert is_in(client)
    assert not is_in(elsewhere)
    assert client.session.session_key != key


def test_a_new_password_is_told_to_open_streams(client, sign_in, ana, heard):
    sign_in(client, ana)
    with heard() as people:
        change_password(client)
    assert people == [ana.pk]


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ({"current": "wrong"}, "not your current password"),
        ({"again": "something else"}, "not the same"),
        ({"password": "short", "again": "short"}, "at least 10 characters"),
        ({"password": "ana@example.com", "again": "ana@example.com"}, "too similar"),
        ({"password": "password123", "again": "password123"}, "too common"),
        ({"password": "", "again": ""}, "required"),
    ],
)
def test_it_refuses_a_password_and_says_why(client, sign_in, ana, elsewhere, form, says):
    response = change_password(sign_in(client, ana), **form)
    assert response.status_code == 422
    assert says in response.content.decode()
    assert is_in(elsewhere)
    ana.refresh_from_db()
    assert ana.check_password(PASSWORD)


def test_ending_other_sessions_keeps_this_one(client, sign_in, ana, elsewhere, heard):
    sign_in(client, ana)
    with heard() as people:
        client.post("/profile/sessions/")
    assert is_in(client)
    assert not is_in(elsewhere)
    assert people == [ana.pk]


def test_ending_other_sessions_leaves_colleagues_alone(client, sign_in, ana, ben, client_class):
    theirs = sign_in(client_class(), ben)
    sign_in(client, ana).post("/profile/sessions/")
    assert is_in(theirs)
