"""Whoever knocks at the webhook beside X: checks W5, W6 and W8."""

from __future__ import annotations

import gzip
import json
import threading
import time
from dataclasses import replace
from pathlib import Path
from statistics import median

import httpx
import pytest

from tests.faults.flood import Flood
from tests.faults.trial import Trial, share
from tests.stack import Stack
from twitter_sync.signatures import signature

pytestmark = pytest.mark.faults

WEBHOOK = "/webhooks/x/"
TRIES = 5
# A minute of them.
MOST_EVENTS = 1_200
MOST_GROWTH_KB = 50_000
DEEP = b'{"data":' + b"[" * 1000 + b"]" * 1000 + b"}"


def rude_bodies() -> dict[str, tuple[bytes, set[int]]]:
    """By name, with what may be answered. Some of them take seconds to make."""
    million = json.dumps(dict.fromkeys(map(str, range(1_000_000)), 0))
    return {
        "ten megabytes": (b'{"data": "' + b"x" * 10_000_000 + b'"}', {413}),
        "a million keys": (million.encode(), {413}),
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
    for name, (body, expected) in rude_bodies().items():
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
    load = replace(size.load, events=min(size.events, MOST_EVENTS), per_second=20, pushes=20)
    with Flood(stack.web, size.flood) as flood, flooded.under_way(load):
        pass
    flooded.figures.note(flood=f"{flood.count} at {flood.rate:.0f}/s")
    flooded.must_hold()
    assert kept(flooded) - before <= flooded.pushes
    assert flooded.acknowledged_p99 <= size.within(1.0)


def kept(trial: Trial) -> int:
    asked = "SELECT count(*) FROM twitter_sync_rawevent WHERE source = 'webhook'"
    return int(trial.rows(asked)[0]["count"])


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
