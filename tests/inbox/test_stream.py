"""The live stream: real HTTP to the real ASGI program, news through the real Redis."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import httpx
import pytest
import uvicorn
from django.conf import settings
from django.db import transaction
from django.test import Client

from accounts.announcements import access_changed, publisher
from accounts.models import BrandAccount, User
from config.live_asgi import application
from inbox import live
from inbox.actions.assignment import claim
from inbox.actions.notes import add_note
from tests.factories import make_conversation, make_membership

pytestmark = pytest.mark.django_db(transaction=True)


class Server(uvicorn.Server):
    """uvicorn in a thread, which says when it listens and on which port."""

    def __init__(self) -> None:
        super().__init__(
            uvicorn.Config(application, port=0, log_level="warning", timeout_graceful_shutdown=1)
        )
        self.listens = threading.Event()

    async def startup(self, *args: Any, **kwargs: Any) -> None:
        await super().startup(*args, **kwargs)
        self.listens.set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.servers[0].sockets[0].getsockname()[1]}"


@pytest.fixture(scope="module")
def live_url() -> Iterator[str]:
    server = Server()
    thread = threading.Thread(target=server.run)
    thread.start()
    assert server.listens.wait(60)
    wait_until_ready(server.url)
    yield server.url
    server.should_exit = True
    thread.join(60)


def wait_until_ready(url: str) -> None:
    transport = httpx.HTTPTransport(retries=3)
    with httpx.Client(transport=transport) as client:
        while client.get(f"{url}/live/ready").status_code != 200:
            continue


def cookies_of(user: User) -> dict[str, str]:
    client = Client()
    client.force_login(user)
    return {settings.SESSION_COOKIE_NAME: client.cookies[settings.SESSION_COOKIE_NAME].value}


class Stream:
    """An EventSource of the tests: reads events, pings left out."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self.lines = response.iter_lines()

    def next(self) -> tuple[str, dict[str, Any]]:
        """The next event; StopIteration when the server ends the stream."""
        name = ""
        for line in self.lines:
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("data: "):
                return name, json.loads(line.removeprefix("data: "))
        raise StopIteration

    def ended(self) -> bool:
        try:
            self.next()
        except StopIteration:
            return True
        return False


@contextmanager
def listening(live_url: str, user: User) -> Iterator[Stream]:
    with httpx.stream(
        "GET", f"{live_url}/live/stream", cookies=cookies_of(user), timeout=60
    ) as response:
        stream = Stream(response)
        assert stream.next()[0] == "hello"
        yield stream


def test_it_tells_ids_and_versions_and_no_text(live_url, conversation, ana, ben):
    with listening(live_url, ben) as stream:
        add_note(conversation, text="a canary sings", by=ana, client_key=uuid4())
        name, news = stream.next()
    assert name == "conversation"
    assert set(news) == {"id", "version", "brand", "what", "at"}
    assert (news["id"], news["what"]) == (conversation.pk, "note")


def test_what_is_for_one_person_they_alone_hear(live_url, conversation, ana, ben):
    with listening(live_url, ana) as hers, listening(live_url, ben) as his:
        with transaction.atomic():
            live.announce_arrival(conversation, to=ana.pk)
            live.announce_draft_gone(conversation, to=ana.pk)
        claim(conversation, by=ana)
        for expected in ("arrival", "draft"):
            name, news = hers.next()
            assert (name, set(news)) == (expected, {"id", "brand", "what", "at"})
        assert hers.next()[0] == his.next()[0] == "conversation"


def test_nobody_hears_of_another_brand(live_url, conversation, acme, globex, ana, zoe):
    own = make_conversation(globex)
    with listening(live_url, zoe) as stream:
        claim(conversation, by=ana)
        claim(own, by=zoe)
        assert stream.next()[1]["id"] == own.pk


def test_the_owner_without_a_membership_hears_nothing(live_url, conversation, acme, ana, olga):
    with listening(live_url, olga) as stream:
        claim(conversation, by=ana)
        make_membership(olga, acme)
        access_changed(olga)
        assert stream.next()[0] == "access"


def test_it_refuses_who_is_not_signed_in(live_url):
    assert httpx.get(f"{live_url}/live/stream").status_code == 401


def test_it_refuses_another_origin(live_url, ana):
    answer = httpx.get(
        f"{live_url}/live/stream",
        cookies=cookies_of(ana),
        headers={"Origin": "https://evil.example"},
    )
    assert answer.status_code == 403


def test_it_allows_our_own_origin_alone(live_url, ana):
    headers = {"Origin": settings.WEB_URL}
    with httpx.stream(
        "GET", f"{live_url}/live/stream", cookies=cookies_of(ana), headers=headers
    ) as response:
        assert response.headers["access-control-allow-origin"] == settings.WEB_URL
        assert response.headers["access-control-allow-credentials"] == "true"
        assert response.headers["cache-control"] == "no-store"


def test_it_ends_for_somebody_who_is_disabled(live_url, ana):
    with listening(live_url, ana) as stream:
        ana.is_active = False
        ana.save()
        assert stream.ended()


def test_it_ends_when_the_password_changes(live_url, ana):
    with listening(live_url, ana) as stream:
        ana.set_password("another long password")
        ana.save()
        access_changed(ana)
        assert stream.ended()


def test_it_tells_that_access_changed_and_falls_silent(live_url, conversation, ana, ben):
    with listening(live_url, ben) as stream:
        ben.memberships.all().delete()
        assert stream.next()[0] == "access"
        claim(conversation, by=ana)
        ben.is_active = False
        ben.save()
        access_changed(ben)
        assert stream.ended()


def test_it_tells_who_works_for_a_handle_that_it_was_paused_and_nobody_else(
    live_url, acme, globex, ana, zoe
):
    own = make_conversation(globex)
    with listening(live_url, ana) as stream, listening(live_url, zoe) as elsewhere:
        BrandAccount.objects.filter(pk=acme.pk).update(status="paused")
        access_changed(ana)
        assert stream.next()[0] == "access"
        claim(own, by=zoe)
        assert elsewhere.next()[1]["id"] == own.pk


def test_a_line_that_is_no_news_silences_nothing(live_url, conversation, ana, ben):
    with listening(live_url, ben) as stream:
        publisher().publish(live.CHANNEL, "not json")
        publisher().publish(live.CHANNEL, "{}")
        claim(conversation, by=ana)
        assert stream.next()[1]["id"] == conversation.pk
