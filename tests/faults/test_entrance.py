"""Whoever knocks at the webhook beside X: checks W5, W6 and W8."""

from __future__ import annotations

import gzip
import json
import socket
import threading
import time
from dataclasses import replace
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

import httpx
import pytest

from tests.faults.trial import Trial, share
from tests.stack import Stack
from twitter_sync.signatures import signature

pytestmark = pytest.mark.faults

WEBHOOK = "/webhooks/x/"
TRIES = 5
MOST_GROWTH_KB = 50_000
FLOOD = b"".join(
    [
        b"POST /webhooks/x/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n",
        b"x-twitter-webhooks-signature: sha256=nobody\r\nContent-Length: 1600\r\n\r\n",
        b'{"data": "' + b"x" * 1588 + b'"}',
    ]
)
DEEP = b'{"data":' + b"[" * 1000 + b"]" * 1000 + b"}"
RUDE = {
    "ten megabytes": (b'{"data": "' + b"x" * 10_000_000 + b'"}', {413}),
    "a million keys": (json.dumps(dict.fromkeys(map(str, range(1_000_000)), 0)).encode(), {413}),
    "a thousand deep": (DEEP, {200}),
    "a long number": (b'{"data": ' + b"9" * 100_000 + b"}", {200}),
    "one key twice": (b'{"data": {}, "data": {}}', {200}),
    "packed": (gzip.compress(b'{"data": "' + b" " * 900_000 + b'"}'), {403}),
}


@pytest.fixture
def client(stack: Stack):
    with httpx.Client(base_url=stack.web, trust_env=False, timeout=30) as client:
        yield client


def test_rude_bodies_cost_little(trial, stack, client, size):
    """Signed, as if by X: what is too large is refused at once, the rest is kept and set aside."""
    rude = trial("W5")
    secret = rude.breaks.facts()["environment"]["X_CONSUMER_SECRET"]
    before = memory_of(rude)
    for name, (body, expected) in RUDE.items():
        headers = {"x-twitter-webhooks-signature": signature(body, secret=secret)}
        times = []
        for _ in range(TRIES):
            began = time.monotonic()
            answer = client.post(WEBHOOK, content=body, headers=headers)
            times.append(time.monotonic() - began)
            assert answer.status_code in expected, f"{name}: {answer.status_code}"
        print(f"W5: {name}: {1000 * median(times):.0f} ms", flush=True)
        assert median(times) <= size.within(0.2), name
    assert memory_of(rude) - before <= MOST_GROWTH_KB
    rude.must_hold()


def memory_of(trial: Trial) -> int:
    """Kilobytes that the processes of the pages hold."""
    lines = [
        line
        for pid in trial.breaks.web_workers()
        for line in Path(f"/proc/{pid}/status").read_text().splitlines()
        if line.startswith("VmRSS")
    ]
    return sum(int(line.split()[1]) for line in lines)


def test_a_flood_of_strangers_holds_nobody_up(trial, stack, size):
    flooded = trial("W6")
    before = kept(flooded)
    with Flood(stack, size.flood) as flood, flooded.under_way(replace(size.load, pushes=20)):
        pass
    flooded.figures.note(flood=f"{flood.count} at {flood.rate:.0f}/s")
    flooded.must_hold()
    assert kept(flooded) - before <= flooded.pushes
    assert flooded.acknowledged_p99 <= size.within(1.0)


def kept(trial: Trial) -> int:
    asked = "SELECT count(*) FROM twitter_sync_rawevent WHERE source = 'webhook'"
    return int(trial.rows(asked)[0]["count"])


class Flood:
    """Unsigned bodies over one connection, `per_second` of them, until it is left."""

    def __init__(self, stack: Stack, per_second: float) -> None:
        self.where, self.per_second = urlsplit(stack.web), per_second
        self.over, self.count, self.began = threading.Event(), 0, time.monotonic()
        self.thread = threading.Thread(target=self.pour, daemon=True)

    @property
    def rate(self) -> float:
        return self.count / (time.monotonic() - self.began)

    def __enter__(self) -> Flood:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.thread.join()

    def pour(self) -> None:
        with socket.create_connection((self.where.hostname, self.where.port)) as line:
            while not self.over.wait(
                max(0, self.began + self.count / self.per_second - time.monotonic())
            ):
                line.sendall(FLOOD)
                assert b" 403 " in read_answer(line)[:20]
                self.count += 1


def read_answer(line: socket.socket) -> bytes:
    received = b""
    while b"\r\n\r\n" not in received:
        received += line.recv(65536)
    head, _, body = received.partition(b"\r\n\r\n")
    [length] = [
        int(one[15:]) for one in head.lower().split(b"\r\n") if one[:15] == b"content-length:"
    ]
    while len(body) < length:
        body += line.recv(65536)
    return head


def test_challenges_are_answered_at_once_under_load(trial, client, size):
    challenged = trial("W8")
    times: list[float] = []
    over = threading.Event()

    def challenge() -> None:
        while not over.wait(0.1):
            began = time.monotonic()
            client.get(WEBHOOK, params={"crc_token": "abcdef0123456789"}).raise_for_status()
            times.append(time.monotonic() - began)

    asking = threading.Thread(target=challenge)
    asking.start()
    with challenged.under_way(size.load):
        pass
    over.set()
    asking.join()
    p99 = share(times, 0.99)
    challenged.figures.note(challenges=len(times), answered_p99=f"{1000 * p99:.0f} ms")
    challenged.must_hold()
    assert p99 <= size.within(0.5)
