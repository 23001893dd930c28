"""Fetching what strangers point at: only from X's media, only public addresses, within bounds.

Trust F1, F2, F3. Connections are counted where they are made, by the standard library's own door.
"""

from __future__ import annotations

import io
import socket
import time
from contextlib import ExitStack
from ipaddress import ip_address

import pytest

from tests.twitter_sync import rude
from twitter_sync import safe_fetch as module
from twitter_sync.safe_fetch import (
    Answered,
    NotAllowed,
    TooLarge,
    Unreachable,
    is_public,
    safe_fetch,
    safe_put,
)

PICTURE = "https://pbs.twimg.com/media/a.jpg"
# Loopback, this network, private, shared, link-local, multicast, for examples, of the future; and
# the same by mapping, translation and tunnel.
PRIVATE = [
    *("127.0.0.1", "127.0.0.2", "127.1.2.3", "127.255.255.254", "0.0.0.0", "0.1.2.3"),  # noqa: S104
    *("10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.0.1"),
    *("192.168.255.255", "100.64.0.1", "100.127.255.254", "169.254.169.254", "169.254.0.1"),
    *("192.0.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1"),
    *("239.255.255.250", "240.0.0.1", "255.255.255.255", "::1", "::", "::7f00:1"),
    *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::ffff:0:127.0.0.1"),
    *("64:ff9b::127.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1"),
    *("fe80::1", "fe80::1%eth0", "febf::1", "fec0::1", "fc00::1", "fd12:3456:789a::1"),
    *("ff02::1", "ff0e::1", "2001:db8::1", "2001::7f00:1", "2002:7f00:1::", "2002:a00:1::"),
    *("100::1", "4000::1", "5f00::1"),
]
PUBLIC = [
    *("104.244.42.1", "93.184.216.34", "2606:2800:220:1::1"),
    *("64:ff9b::5db8:d822", "::ffff:93.184.216.34"),
]
# Everything that is no https address of X's media, in the ways in which it is dressed up.
ELSEWHERE = [
    *(f"https://{host if ':' not in host else f'[{host}]'}/a.jpg" for host in PRIVATE),
    *(f"http://{host}/a.jpg" for host in ("127.0.0.1", "localhost", "pbs.twimg.com", "10.0.0.1")),
    *(
        f"https://{host}/a.jpg"
        for host in (
            *("localhost", "localhost.", "LOCALHOST", "localhost.localdomain", "ip6-localhost"),
            *("2130706433", "0x7f000001", "0x7f.1", "017700000001", "0177.0.0.1", "127.1", "0"),
            *("3232235521", "0xa9fea9fe", "metadata.google.internal", "instance-data", "①27.0.0.1"),
            *("[::ffff:7f00:1]", "[0:0:0:0:0:0:0:1]", "127.0.0.1.nip.io", "localtest.me"),
            *("pbs.twimg.com.", "pbs.twimg.com.evil.test", "evil.test", "xpbs.twimg.com"),
            *("twimg.com", "ton.twitter.com", "api.x.com", "pbs.twimg.com:22", "pbs.twimg.com:80"),
            *("pbs.twimg.com:8443", "pbs.twimg.com:0", "pbs.twimg.com:99999", "pbs.twimg.com:x"),
            *("me@pbs.twimg.com", "pbs.twimg.com@127.0.0.1", "pbs.twimg.com:443@127.0.0.1"),
            *("127.0.0.1#@pbs.twimg.com", "127.0.0.1?@pbs.twimg.com", "127.0.0.1\\@pbs.twimg.com"),
            *("pbs.twimg.com\\.evil.test", "pbs.twimg.com\t", "pbs.twimg.com\r\nHost: evil", ""),
        )
    ),
    *("file:///etc/passwd", "gopher://127.0.0.1:6379/_FLUSHALL", "ftp://pbs.twimg.com/a.jpg"),
    *("dict://127.0.0.1:11211/stat", "data:image/png;base64,AAAA", "javascript:alert(1)"),
    *("//pbs.twimg.com/a.jpg", "pbs.twimg.com/a.jpg", "https:pbs.twimg.com/a.jpg", "", " "),
    *("ws://pbs.twimg.com/a.jpg", "ldap://127.0.0.1/a", "unix:///run/docker.sock", "http://[::]/a"),
    *("https:///a.jpg", "https://", f" {PICTURE}", f"{PICTURE} HTTP/1.1\r\nX: y", f"{PICTURE}\n"),
    *("HTTPS//pbs.twimg.com", "https://pbs.twimg.com/\u202e.jpg", "https://[::1", "\x00"),
]


@pytest.fixture
def connections(monkeypatch) -> list[tuple[str, int]]:
    """Where connections were asked for. Those to this machine are made, others come to nothing."""
    asked: list[tuple[str, int]] = []
    real = socket.create_connection

    def counted(address, timeout=None, **options):
        asked.append(address)
        if address[0] != "127.0.0.1":
            raise ConnectionRefusedError("not in a test")
        return real(address, timeout, **options)

    monkeypatch.setattr(socket, "create_connection", counted)
    return asked


@pytest.fixture
def server(settings):
    """`server(answer)`: the exempt origin, which meets every connection with `answer`."""
    with ExitStack() as stack:

        def server(answer, heard=None) -> str:
            origin = stack.enter_context(rude.serving(answer, heard))
            settings.X_API_URL, settings.X_IS_SIMULATOR = origin, True
            return f"{origin}/media/1/a.jpg?size=large"

        yield server


def fetch(url: str, **options) -> bytes:
    body = io.BytesIO()
    safe_fetch(url, body, **{"max_bytes": 1000, **options})
    return body.getvalue()


# F1: where


def test_there_are_at_least_120_wrong_addresses():
    assert len(set(ELSEWHERE)) >= 120


@pytest.mark.parametrize("url", ELSEWHERE, ids=ascii)
def test_what_is_not_xs_media_is_not_even_looked_up(url, connections):
    def never(host, port):
        raise AssertionError(f"looked up {host}")

    with pytest.raises(NotAllowed):
        fetch(url, resolve=never)
    assert not connections


@pytest.mark.parametrize("address", PRIVATE)
def test_a_name_of_x_that_leads_to_a_private_address_is_left_alone(address, connections):
    with pytest.raises(NotAllowed):
        fetch(PICTURE, resolve=lambda host, port: [address])
    assert not connections


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_asked(address, connections):
    with pytest.raises(Unreachable):
        fetch(PICTURE, resolve=lambda host, port: [address])
    assert connections == [(address, 443)]


def test_the_words_of_an_error_name_no_address():
    with pytest.raises(NotAllowed) as raised:
        fetch("https://evil.test/secret")
    assert "secret" not in str(raised.value)
    assert "evil" not in str(raised.value)


# F2: names that answer otherwise the next moment


def test_one_private_address_among_public_ones_spoils_them_all(connections):
    for found in (["93.184.216.34", "10.0.0.1"], ["2606:2800:220:1::1", "::1"]):
        with pytest.raises(NotAllowed):
            fetch(PICTURE, resolve=lambda host, port, found=found: found)
    assert not connections


def test_a_name_is_looked_up_once_and_what_was_looked_at_is_what_is_asked(connections):
    answers = [["93.184.216.34"], ["127.0.0.1"], ["127.0.0.1"]]
    with pytest.raises(Unreachable):
        fetch(PICTURE, resolve=lambda host, port: answers.pop(0))
    assert connections == [("93.184.216.34", 443)]
    assert len(answers) == 2


def test_the_second_address_is_tried_where_the_first_is_dead(connections):
    with pytest.raises(Unreachable):
        fetch(PICTURE, resolve=lambda host, port: ["93.184.216.34", "93.184.216.35"])
    assert [address for address, _ in connections] == ["93.184.216.34", "93.184.216.35"]


def test_the_certificate_must_be_of_the_name(monkeypatch):
    """The line goes to an address, and TLS still asks for the name."""
    assert module.trusting().check_hostname
    assert module.trusting().verify_mode.name == "CERT_REQUIRED"
    asked = []

    class Context:
        def wrap_socket(self, line, *, server_hostname):
            asked.append(server_hostname)
            raise OSError

    with rude.serving(rude.never) as origin:
        port = int(origin.rpartition(":")[2])
        real = socket.create_connection
        monkeypatch.setattr(
            socket, "create_connection", lambda _, timeout: real(("127.0.0.1", port), timeout)
        )
        monkeypatch.setattr(module, "trusting", Context)
        with pytest.raises(Unreachable):
            fetch(PICTURE, resolve=lambda host, port: ["93.184.216.34"])
    assert asked == ["pbs.twimg.com"]


# X's store


def test_ids_are_handed_in_at_xs_store_alone_and_nothing_else_is_fetched_there(connections):
    store = "https://storage.googleapis.com/x/ids?key=1"

    def never(host, port):
        raise AssertionError(f"looked up {host}")

    for url in (PICTURE, *ELSEWHERE):
        if "storage.googleapis.com" not in url:
            with pytest.raises(NotAllowed):
                safe_put(url, b"17\n", resolve=never)
    with pytest.raises(NotAllowed):
        fetch(store, resolve=never)
    with pytest.raises(NotAllowed):
        safe_put(store, b"17\n", resolve=lambda host, port: ["10.0.0.1"])
    assert not connections
    with pytest.raises(Unreachable):
        safe_put(store, b"17\n", resolve=lambda host, port: ["93.184.216.34"])
    assert connections == [("93.184.216.34", 443)]


def test_what_is_handed_in_is_text_with_nothing_of_ours(server):
    heard: list[str] = []
    safe_put(server(rude.says("200 OK", b""), heard), b"17\n18\n")
    [asked] = heard
    assert asked.startswith("PUT /media/1/a.jpg?size=large HTTP/1.1\r\n")
    assert "\r\nContent-Type: text/plain\r\nContent-Length: 6\r\n" in asked
    assert "authorization" not in asked.lower()


# The exemption


def test_the_simulator_is_asked_with_its_own_name_and_nothing_of_ours(server, connections):
    heard: list[str] = []
    url = server(rude.says("200 OK", b"a picture"), heard)
    assert fetch(url) == b"a picture"
    assert len(connections) == 1
    [asked] = heard
    origin = url.removeprefix("http://").partition("/")[0]
    assert asked.startswith("GET /media/1/a.jpg?size=large HTTP/1.1\r\n")
    assert f"\r\nHost: {origin}\r\n" in asked
    assert "cookie" not in asked.lower()
    assert "authorization" not in asked.lower()


def test_it_is_that_origin_alone_and_only_a_simulators(server, settings, connections):
    url = server(rude.says("200 OK", b"a picture"))
    origin = settings.X_API_URL
    port = int(origin.rpartition(":")[2])
    for near in (
        f"http://127.0.0.1:{port + 1 if port < 65535 else 1}/media/1/a.jpg",
        f"http://127.0.0.1/{port}/a.jpg",
        f"http://localhost:{port}/media/1/a.jpg",
        f"{origin}@evil.test/a.jpg",
        f"{origin}.evil.test/a.jpg",
        origin,
    ):
        with pytest.raises(NotAllowed):
            fetch(near)
    settings.X_IS_SIMULATOR = False
    with pytest.raises(NotAllowed):
        fetch(url)
    assert not connections


# F3: what a server may do


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary Redirect"])
def test_no_redirect_is_followed(server, connections, status):
    with rude.serving(rude.says("200 OK", b"inside")) as inside:
        url = server(rude.says(status, location=f"{inside}/secret"))
        with pytest.raises(Answered) as raised:
            fetch(url)
    assert raised.value.status == int(status[:3])
    assert len(connections) == 1


@pytest.mark.parametrize("status", ["404 Not Found", "410 Gone", "403 Forbidden", "206 Partial"])
def test_any_other_answer_is_said(server, status):
    with pytest.raises(Answered) as raised:
        fetch(server(rude.says(status, b"no")))
    assert raised.value.status == int(status[:3])


def within(limit: float, url: str, error: type[Exception], **options) -> None:
    begun = time.monotonic()
    with pytest.raises(error):
        fetch(url, **options)
    assert time.monotonic() - begun < limit


@pytest.mark.parametrize(
    "answer",
    [
        rude.never,
        rude.drips(b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 500, 0.05),
        rude.drips(b"HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n" + b"a" * 900, 0.02),
        rude.streams(b"a", then=rude.drips(rude.chunk(b"a") * 500, 0.05)),
    ],
    ids=["silent", "headers drip", "body drips", "chunks drip"],
)
def test_a_slow_server_is_left_at_the_deadline(server, answer):
    within(20, server(answer), Unreachable, seconds=0.6)


def test_five_seconds_is_what_a_fetch_has():
    assert module.SECONDS == 5.0


def endless(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        connection.sendall(b"a" * 10_000)


def test_an_endless_body_is_left_at_the_limit(server):
    within(20, server(endless), TooLarge)


def test_a_body_that_says_it_is_too_large_is_not_begun(server):
    body = io.BytesIO()
    with pytest.raises(TooLarge):
        safe_fetch(server(rude.says("200 OK", b"a" * 2000)), body, max_bytes=1000)
    assert not body.getvalue()


@pytest.mark.parametrize(
    "answer",
    [
        rude.says("200 OK", b"half", content_length="8"),
        rude.streams(b"half", then=rude.resets),
        rude.says("200 OK", b"", content_length="0", transfer_encoding="chunked"),
        lambda connection: connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n"),
        lambda connection: connection.sendall(b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 1000),
    ],
    ids=["shorter", "reset", "no chunks", "another protocol", "a thousand headers"],
)
def test_what_is_no_whole_answer_is_none(server, answer):
    with pytest.raises(Unreachable):
        fetch(server(answer), seconds=3)


def test_lies_about_type_and_packing_change_no_byte(server):
    url = server(rude.says("200 OK", b"<svg/>", content_type="image/png", content_encoding="gzip"))
    assert fetch(url) == b"<svg/>"


def test_public_and_private_are_told_apart():
    assert not [one for one in PRIVATE if is_public(ip_address(one))]
    assert all(is_public(ip_address(one)) for one in PUBLIC)
