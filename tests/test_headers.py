"""Security headers on every answer: every URL × status, errors included (trust X4, S7)."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import include, path

from config.importmap import importmap_hash
from config.middleware import PERMISSIONS
from tests.role_matrix import MATRIX
from tests.world import World

pytestmark = pytest.mark.django_db  # makes the database; the world opens its own transaction

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": PERMISSIONS,
    "Cache-Control": "no-store",
}
POLICY = {
    "default-src": {"'none'"},
    "script-src": {"'self'", importmap_hash()},
    "style-src": {"'self'"},
    "img-src": {"'self'", "data:"},
    "media-src": {"'self'"},
    "font-src": {"'self'"},
    "connect-src": {"'self'"},
    "worker-src": {"'self'"},
    "manifest-src": {"'self'"},
    "frame-ancestors": {"'none'"},
    "base-uri": {"'none'"},
    "form-action": {"'self'", settings.X_API_URL},
}


def policy(response: HttpResponse) -> dict[str, set[str]]:
    directives = response["Content-Security-Policy"].split(";")
    words = [directive.split() for directive in directives]
    return {name: set(sources) for name, *sources in words}


# A file that somebody sent, where it is given out: nothing may run where it is opened.
OF_FILES = {"sandbox": set(), "default-src": {"'none'"}}
HEADERS_OF_FILES = HEADERS | {"Cache-Control": "private, no-cache"}


def assert_safe(response: HttpResponse) -> None:
    is_file = response.streaming
    assert policy(response) == (OF_FILES if is_file else POLICY)
    expected = HEADERS_OF_FILES if is_file else HEADERS
    assert {name: response.headers.get(name) for name in expected} == expected
    assert "Server" not in response.headers
    assert "X-Powered-By" not in response.headers


@pytest.mark.parametrize("name", MATRIX)
def test_every_url_carries_them_whatever_its_answer(world: World, name):
    row = MATRIX[name]
    for who in ("anonymous", "ada"):
        for method in (*row.methods(), "OPTIONS"):
            assert_safe(world.ask(who, method, world.path(name, row), row.form))


@pytest.mark.parametrize("name", MATRIX)
def test_answers_about_a_person_vary_with_the_cookie(world: World, name):
    response = world.ask("ana", "GET", world.path(name, MATRIX[name]), MATRIX[name].query)
    if response.status_code == 200 and name not in {"live", "ready", "twitter_sync:webhook"}:
        assert "Cookie" in response["Vary"]


def forbidden(request: HttpRequest) -> HttpResponse:
    raise PermissionDenied("Not you.")


def bad(request: HttpRequest) -> HttpResponse:
    raise SuspiciousOperation("Not so.")


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("a canary of the stack trace")


urlpatterns = [
    path("", include("config.urls")),
    path("forbidden/", forbidden),
    path("bad/", bad),
    path("broken/", broken),
]
handler400 = "config.errors.bad_request"
handler403 = "config.errors.forbidden"
handler404 = "config.errors.not_found"
handler500 = "config.errors.server_error"

WAYS = {
    400: lambda client, **how: client.get("/bad/", **how),
    403: lambda client, **how: client.get("/forbidden/", **how),
    404: lambda client, **how: client.get("/nowhere/", **how),
    405: lambda client, **how: client.get("/sign-out/", **how),
    500: lambda client, **how: client.get("/broken/", **how),
}


@pytest.fixture
def client() -> Client:
    return Client(raise_request_exception=False)


@pytest.mark.urls(__name__)
@pytest.mark.parametrize("status", WAYS)
class TestErrors:
    def test_the_page_carries_them(self, client, status):
        response = WAYS[status](client)
        assert response.status_code == status
        assert_safe(response)

    def test_people_get_a_page_that_leads_on(self, client, status):
        response = WAYS[status](client, headers={"Accept": "text/html"})
        body = response.content.decode()
        assert response["Content-Type"].startswith("text/html")
        assert f"Error {status}" in body
        assert 'href="/"' in body

    def test_programs_get_json(self, client, status):
        response = WAYS[status](client, headers={"Accept": "application/json"})
        assert response.json()["status"] == status
        assert_safe(response)

    def test_fragments_and_the_rest_get_a_line_of_text(self, client, status):
        for headers in ({"HX-Request": "true"}, {"Accept": "text/plain"}):
            response = WAYS[status](client, headers=headers)
            assert response["Content-Type"] == "text/plain; charset=utf-8"
            assert "<" not in response.content.decode()

    def test_nothing_of_the_inside_is_shown(self, client, status):
        body = WAYS[status](client).content.decode()
        assert "canary" not in body
        assert "Traceback" not in body


@pytest.mark.urls(__name__)
def test_a_host_that_is_not_ours_is_refused_with_them(client):
    response = client.get("/sign-in/", headers={"Host": "evil.example"})
    assert response.status_code == 400
    assert_safe(response)
    assert "evil.example" not in response.content.decode()


def test_a_form_without_its_token_gets_a_page_with_them(db):
    response = Client(enforce_csrf_checks=True).post("/sign-in/", {})
    assert response.status_code == 403
    assert "gone stale" in response.content.decode()
    assert_safe(response)


def test_a_body_that_is_too_large_is_refused_with_them(client, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
    response = client.post("/sign-in/", {"email": "x" * 100})
    assert response.status_code == 400
    assert_safe(response)


def test_a_405_still_names_the_methods(client):
    assert client.get("/sign-out/")["Allow"] == "POST"


def test_an_error_page_needs_no_database(client, sign_in, ana, monkeypatch):
    """trust C5: the database may be what is broken"""
    from django.contrib.sessions.backends.db import SessionStore
    from django.db import OperationalError

    def gone(self):
        raise OperationalError("the connection is closed")

    sign_in(client, ana)
    monkeypatch.setattr(SessionStore, "load", gone)
    response = client.get("/profile/")
    assert response.status_code == 500
    assert "Something broke on our side" in response.content.decode()
    assert_safe(response)


class TestCookies:
    def test_the_session_is_for_this_site_alone(self, client, ana):
        from tests.factories import PASSWORD

        response = client.post("/sign-in/", {"email": ana.email, "password": PASSWORD})
        for name in (settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME):
            cookie = response.cookies[name]
            assert cookie["httponly"]
            assert cookie["samesite"] == "Lax"
            assert cookie["path"] == "/"
            assert not cookie["domain"]
