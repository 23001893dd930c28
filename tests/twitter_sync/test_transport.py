from __future__ import annotations

import io
import socket
import time
from pathlib import Path

import pytest

from tests.twitter_sync import rude
from tests.x import Simulator
from twitter_sync import transport
from twitter_sync.errors import NotSent, Unconfirmed

DRIP = b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n" + b" " * 1000


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bounds short enough to wait for."""
    monkeypatch.setattr(transport, "READ_SECONDS", 0.3)
    monkeypatch.setattr(transport, "TOTAL_SECONDS", 0.6)


def call(url: str, method: str = "POST", path: str = "/2/tweets") -> transport.Reply:
    session = transport.session()
    return transport.exchange(session, method, url + path, endpoint="post_create", json={})


def test_what_never_connected_was_not_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(NotSent) as caught:
        call(f"http://127.0.0.1:{port}")
    assert not caught.value.may_have_taken_effect
    assert caught.value.status is None


def test_an_unknown_name_was_not_sent() -> None:
    with pytest.raises(NotSent):
        call("http://nowhere.invalid")


@pytest.mark.parametrize(
    "answer",
    [
        rude.resets,
        rude.says("200 OK", b"{}", content_length="999"),
        lambda connection: None,
        lambda connection: connection.sendall(b"no http at all\r\n\r\n"),
    ],
    ids=["reset", "cut off", "closed without a word", "not http"],
)
def test_after_bytes_left_no_clear_answer_is_no_refusal(answer: rude.Answer) -> None:
    with rude.serving(answer) as url, pytest.raises(Unconfirmed) as caught:
        call(url)
    assert caught.value.may_have_taken_effect


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize(
    "answer",
    [
        rude.never,
        rude.drips(DRIP, 0.05),
        rude.drips(DRIP[DRIP.index(b"\r\n\r\n") + 4 :], 0.05),
    ],
    ids=["silence", "headers by drips", "nonsense by drips"],
)
def test_a_call_ends_at_its_deadline(answer: rude.Answer) -> None:
    with rude.serving(answer) as url:
        began = time.monotonic()
        with pytest.raises(Unconfirmed):
            call(url)
        assert time.monotonic() - began < 10


@pytest.mark.usefixtures("hurried")
def test_a_body_that_drips_ends_at_the_deadline_too() -> None:
    head, body = DRIP.split(b"\r\n\r\n")

    def answer(connection: socket.socket) -> None:
        connection.sendall(head + b"\r\n\r\n")
        rude.drips(body, 0.05)(connection)

    with rude.serving(answer) as url:
        began = time.monotonic()
        with pytest.raises(Unconfirmed):
            call(url)
        assert time.monotonic() - began < 10


def test_a_file_may_take_longer_to_write_than_to_connect(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a thin line a megabyte takes seconds: only the deadline of the call holds."""
    monkeypatch.setattr(transport, "CONNECT_SECONDS", 0.2)
    monkeypatch.setattr(transport, "READ_SECONDS", 1.5)
    content = b"x" * 8_000_000

    def takes_its_time(connection: socket.socket) -> None:
        time.sleep(2)
        left = len(content) - 66_000  # what was read with the headers, at most
        while left > 0:
            left -= len(connection.recv(1_000_000))
        rude.says("200 OK", "{}")(connection)
        while connection.recv(66_000):
            pass

    with rude.serving(takes_its_time) as url:
        session = transport.session()
        reply = transport.exchange(session, "POST", url, endpoint="upload_append", data=content)
    assert reply.status == 200


def test_a_server_that_reads_nothing_ends_at_the_deadline() -> None:
    """More than the buffers of both sides hold."""
    with rude.serving(lambda connection: time.sleep(12)) as url:
        began = time.monotonic()
        with pytest.raises(Unconfirmed):
            transport.exchange(
                transport.session(),
                "POST",
                url,
                endpoint="upload_append",
                data=b"x" * 30_000_000,
                within=0.5,
            )
        assert time.monotonic() - began < 10


def test_a_redirect_is_no_file() -> None:
    answer = rude.says("302 Found", "elsewhere", location="http://127.0.0.1:9/elsewhere")
    into = io.BytesIO()
    with rude.serving(answer) as url:
        reply = transport.exchange(transport.session(), "GET", url, endpoint="dm_media", into=into)
    assert (reply.status, reply.body, into.getvalue()) == (302, b"elsewhere", b"")


def test_an_endless_body_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "MAX_ANSWER_BYTES", 100_000)

    def answer(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            connection.sendall(b" " * 65_536)

    with rude.serving(answer) as url, pytest.raises(Unconfirmed, match="post_create"):
        call(url)


def test_a_redirect_is_not_followed() -> None:
    answer = rude.says("307 Temporary Redirect", location="http://127.0.0.1:9/elsewhere")
    with rude.serving(answer) as url:
        assert call(url).status == 307


@pytest.fixture
def accepted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The local ports that were opened, one per connection."""
    opened: list[int] = []
    connect = transport._Connection.connect

    def noting(self: transport._Connection) -> None:
        connect(self)
        opened.append(self.sock.getsockname()[1])

    monkeypatch.setattr(transport._Connection, "connect", noting)
    return opened


def test_a_connection_serves_many_calls(simulator: Simulator, accepted: list[int]) -> None:
    for _ in range(5):
        assert call(simulator.url, "GET", "/2/users/me").status == 401
    assert len(accepted) <= 1


def test_neither_cookies_nor_netrc_are_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password mine")
    monkeypatch.setenv("NETRC", str(netrc))
    session, heard = transport.session(), list[str]()
    with rude.serving(rude.says("200 OK", "{}", set_cookie="guest=1"), heard) as url:
        for _ in range(2):
            headers = {"Authorization": "Bearer token"}
            transport.exchange(session, "GET", f"{url}/", endpoint="me", headers=headers)
    assert len(heard) == 2
    assert all("Authorization: Bearer token" in said for said in heard)
    assert not any("cookie" in said.lower() for said in heard)
