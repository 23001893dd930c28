"""X for the tests of twitter_sync: the simulator, our webhook's address, connected brands."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from socketserver import ThreadingMixIn
from typing import Any
from uuid import uuid4
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import pytest
from django.conf import settings as configured
from django.core.wsgi import get_wsgi_application
from django.db import connections
from django.test import Client as Browser
from pytest_django import Settings

from accounts.models import BrandAccount, User
from inbox.actions.replies import Said, reply
from inbox.actions.taking_back import cancel
from inbox.models import Contact, Conversation, Message, Thread
from tests import x
from tests.factories import (
    make_contact,
    make_conversation,
    make_message,
    make_thread,
    make_user,
    next_x_id,
)
from tests.twitter_sync.bodies import (
    delete_event,
    dm_received,
    dm_sent,
    mention_event,
    own_event,
    page_dm,
    post,
    push,
)
from tests.twitter_sync.small_x import SmallX
from tests.twitter_sync.small_x import running as small_x_running
from tests.x import Simulator
from twitter_sync import oauth, tokens
from twitter_sync.actions.applying import apply_due
from twitter_sync.actions.recording import record_items
from twitter_sync.actions.sending import accepted, begin
from twitter_sync.client import Client
from twitter_sync.models import Connection, SyncCursor


@pytest.fixture(scope="session")
def _simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    with x.running(tmp_path_factory.mktemp("x"), configured.X_CALLBACK_URL) as simulator:
        yield simulator


@pytest.fixture
def simulator(_simulator: Simulator, settings: Settings) -> Iterator[Simulator]:
    """X is the simulator, for this test; one process serves them all, so people need new names.

    What other tests used up of the app's quotas is given back.
    """
    settings.X_API_URL = _simulator.url
    settings.X_AUTHORIZE_URL = f"{_simulator.url}/i/oauth2/authorize"
    settings.X_IS_SIMULATOR = True
    oauth.forget_bearer()
    _simulator.post("quotas", renew=True)
    yield _simulator
    oauth.forget_bearer()


@pytest.fixture
def connected(simulator: Simulator, db: None) -> Callable[..., BrandAccount]:
    """`connected("acme")`: a brand with tokens that X takes, without webhook or subscriptions."""

    def connected(handle: str = "", **facts: object) -> BrandAccount:
        person = simulator.brand(handle, **facts)
        brand = BrandAccount.objects.create(
            x_user_id=person["id"],
            handle=person["username"],
            name=person["name"],
            public_undo_seconds=0,
        )
        pair = oauth.pair_of(simulator.consent(person))
        Connection.objects.create(brand=brand, **tokens.columns(pair))
        return brand

    return connected


@pytest.fixture
def brand(connected: Callable[..., BrandAccount]) -> BrandAccount:
    """A handle whose tokens X takes."""
    return connected()


@pytest.fixture
def client_of_acme(brand: BrandAccount) -> Client:
    return Client.for_brand(brand)


@pytest.fixture
def agent(brand: BrandAccount) -> User:
    return make_user("Ana Agent", brand)


@pytest.fixture
def browser(client: Browser, ada: User, sign_in: Callable[[Browser, User], Browser]) -> Browser:
    """Ada's: she is the admin of another handle."""
    return sign_in(client, ada)


@pytest.fixture
def customer(simulator: Simulator) -> dict[str, Any]:
    """Somebody on X, as X tells of them."""
    return simulator.person()


@pytest.fixture
def asked(simulator: Simulator) -> Callable[[BrandAccount], Thread]:
    """`asked(brand)`: the thread of somebody new who wrote to the brand, on X and here."""

    def asked(brand: BrandAccount) -> Thread:
        person = simulator.person()
        named = {"sender_id": person["id"], "recipient_id": brand.x_user_id}
        written = simulator.post("dms", **named, text="Where is it?", deliver=False)
        contact = make_contact(person["username"], x_user_id=person["id"])
        both = sorted([person["id"], brand.x_user_id], key=int)
        thread = make_thread(make_conversation(brand, contact), "dm", "-".join(both))
        sequence = int(written["id"])
        make_message(thread, "Where is it?", external_id=written["id"], sequence=sequence)
        return thread

    return asked


@pytest.fixture
def threads(simulator: Simulator, brand: BrandAccount) -> dict[str, Thread]:
    """Carla wrote privately and in public, on X and here."""
    carla = simulator.person()
    contact = make_contact(carla["username"], x_user_id=carla["id"])
    conversation = make_conversation(brand, contact)
    people = {"sender_id": carla["id"], "recipient_id": brand.x_user_id}
    asked = simulator.post("dms", **people, text="Where is it?", deliver=False)
    both = sorted([carla["id"], brand.x_user_id], key=int)
    private = make_thread(conversation, "dm", "-".join(both))
    make_message(private, "Where is it?", external_id=asked["id"], sequence=int(asked["id"]))
    text = f"@{brand.handle} where is it?"
    named = simulator.post("posts", author_id=carla["id"], text=text, deliver=False)
    public = make_thread(conversation, "public", named["id"])
    make_message(public, text, external_id=named["id"], sequence=int(named["id"]))
    return {"dm": private, "public": public}


@pytest.fixture
def without_quotas(simulator: Simulator) -> Iterator[None]:
    """X counts nothing; who sends says so as well (`budgets.lifted`)."""
    simulator.post("quotas", lifted=True)
    yield
    simulator.post("quotas", lifted=False)


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, *args: object) -> None:
        pass


def _only_challenges(pages: WSGIApplication) -> WSGIApplication:
    """X's deliveries end here: what they would write no test could undo."""

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] == "GET":
            try:
                return pages(environ, start_response)
            finally:
                connections.close_all()  # or this thread keeps the database from being dropped
        start_response("200 OK", [])
        return []

    return answer


@pytest.fixture(scope="session")
def _web() -> Iterator[str]:
    """Our pages on a real port, for X's challenge."""
    pages = _only_challenges(get_wsgi_application())
    server = make_server("127.0.0.1", 0, pages, server_class=_Server, handler_class=_Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


@pytest.fixture
def webhook_url(_web: str, simulator: Simulator, settings: Settings) -> str:
    """Where X reaches our webhook view; X has no webhook yet."""
    settings.X_WEBHOOK_URL = f"{_web}/webhooks/x/"
    simulator.forget_webhooks()
    return settings.X_WEBHOOK_URL


@pytest.fixture
def small_x(settings: Settings) -> Iterator[SmallX]:
    """X is a server that answers what the test says, and remembers what it was asked."""
    with small_x_running() as x:
        settings.X_API_URL = x.url
        yield x


@pytest.fixture
def day(client: Browser, acme: BrandAccount, carla: Contact, ana: User) -> Message:
    """Pushes and polls, a reply that X accepted and one taken back, a post that was deleted.
    Returns the reply."""
    push(client, dm_received(acme, carla, "Where is my parcel?"))
    polled = page_dm(carla, acme, "Hello?")
    record_items(acme, "dm", [{"data": polled, "includes": {}}])
    SyncCursor.objects.create(brand=acme, feed="dms", newest_id=polled["id"])
    named = post(carla, "@acme is it lost?", names=[acme])
    push(client, mention_event(acme, named))
    answer = post(acme, "@carla we look into it.", answers=named, names=[carla])
    push(client, own_event(acme, answer))
    apply_due()
    push(client, delete_event(acme, answer["id"]))
    apply_due()
    thread = Conversation.objects.get().threads.get(kind="dm")
    cancel(reply(thread, Said("Wait", uuid4()), by=ana), by=ana)
    sent = reply(thread, Said("On its way.", uuid4()), by=ana)
    attempt = begin(thread.conversation_id)
    assert attempt is not None
    x_id = next_x_id()
    accepted(attempt, x_id)
    push(client, dm_sent(acme, carla, "On its way.", id=x_id))
    apply_due()
    sent.refresh_from_db()
    return sent
