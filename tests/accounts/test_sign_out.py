from __future__ import annotations

from django.contrib.sessions.models import Session


def test_it_ends_the_session(client, sign_in, ana):
    sign_in(client, ana)
    assert client.post("/sign-out/")["Location"] == "/sign-in/"
    assert client.get("/profile/").status_code == 302
    assert not Session.objects.exists()


def test_the_old_cookie_is_worth_nothing(client, sign_in, ana):
    sign_in(client, ana)
    old = client.cookies["handled_session"].value
    client.post("/sign-out/")
    client.cookies["handled_session"] = old
    assert client.get("/profile/").status_code == 302


def test_a_link_cannot_sign_anybody_out(client, sign_in, ana):
    sign_in(client, ana)
    assert client.get("/sign-out/").status_code == 405
    assert client.get("/profile/").status_code == 200


def test_the_browser_forgets_the_pages(client, sign_in, ana):
    response = sign_in(client, ana).post("/sign-out/")
    assert response["Clear-Site-Data"] == '"cache"'


def test_open_streams_of_the_person_are_told(client, sign_in, ana, heard):
    sign_in(client, ana)
    with heard() as people:
        client.post("/sign-out/")
    assert people == [ana.pk]


def test_doing_it_twice_is_harmless(client, sign_in, ana):
    sign_in(client, ana)
    client.post("/sign-out/")
    assert client.post("/sign-out/").status_code == 302
