"""`bench/ingest`: what X pushes, kept by the webhook and applied by a worker, beside the floor.

The floor of a push is a bare Django view with the same signature and one insert; that of applying
is a multi-row INSERT of the very rows that applying made. Everything happens in an empty database,
which is empty again afterwards.
"""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from statistics import median
from threading import Event

import redis
from django.conf import settings
from django.core.management import call_command

from bench.applying import Backlog, Lap
from bench.bodies import bodies
from bench.filling import require_empty
from bench.invention import Inventor
from bench.load import Measured, Plan, Request, Target, measure
from bench.surroundings import FLOOR, PRODUCT, serve
from bench.tables import machine, p50, p99, print_table, times
from bench.town import found
from twitter_sync.models import RawEvent
from twitter_sync.signatures import signature

ROUNDS, CLIENTS = 10, 8
PUSH_HEADS = (
    "webhook", "Handled p50", "p99", "per second", "floor p50", "p99", "per second", "ratio",
)  # fmt: skip
APPLY_HEADS = ("applying", "Handled", "per second", "floor", "per second", "ratio", "rows")
QUEUE = "ingest"


def refuse(_: Namespace) -> None:
    require_empty()


def main(options: Namespace) -> None:
    require_empty()
    try:
        inventor = Inventor(options.seed)
        brands = found(inventor, opened_at=datetime.now(UTC), password=None)
        # Each client asks at least once, and nobody twice for the same: X's pushes differ.
        pushes = max(options.pushes, CLIENTS) + options.warm_up
        told = bodies(inventor, brands, max(options.events, pushes))
        measure_pushes(told[:pushes], options.warm_up, options.markdown)
        backlog = Backlog(told[: options.events])
        measure_applying(backlog.race(options.rounds), options.markdown)
    finally:
        call_command("flush", interactive=False, verbosity=0)


# The webhook


def measure_pushes(told: list[str], warm_up: int, markdown: bool) -> None:
    requests = [push(body) for body in told]
    rows = []
    with ExitStack() as stack:
        product, floor = (serve(stack, site, dict(os.environ)) for site in (PRODUCT, FLOOR))
        targets = [Target(product, requests), Target(floor, requests)]
        with taken_at_once():
            rows.append(push_row("one client, the worker is free", targets, warm_up, clients=1))
            rows.append(
                push_row("8 clients, the worker is free", targets, warm_up, clients=CLIENTS)
            )
        rows.append(push_row("8 clients, the worker is busy", targets, warm_up, clients=CLIENTS))
    count = len(told) - warm_up
    title = f"{count:,} pushes to each, kept before the answer. Milliseconds; {machine()}"
    print_table(title, PUSH_HEADS, rows, markdown=markdown)


def push(body: str) -> Request:
    signed = signature(body.encode(), secret=settings.X_CONSUMER_SECRET)
    headers = {"Content-Type": "application/json", "x-twitter-webhooks-signature": signed}
    return Request("POST", "/webhooks/x/", headers, body)


def push_row(name: str, targets: list[Target], warm_up: int, *, clients: int) -> list[str]:
    share = (len(targets[0].requests) - warm_up) // clients
    rounds = min(ROUNDS, share)
    each = share // rounds
    RawEvent.objects.all().delete()
    product, floor = measure(Plan(targets, rounds, each, clients, warm_up))
    require_kept(2 * (each * rounds * clients + warm_up))
    return [
        name,
        f"{p50(product.milliseconds):.2f}",
        f"{p99(product.milliseconds):.2f}",
        f"{rate(product):,.0f}",
        f"{p50(floor.milliseconds):.2f}",
        f"{p99(floor.milliseconds):.2f}",
        f"{rate(floor):,.0f}",
        times(rate(floor) / rate(product)),
    ]


def rate(measured: Measured) -> float:
    return len(measured.milliseconds) / measured.seconds


def require_kept(pushes: int) -> None:
    """Both have answered 200 to everything: is it there?"""
    kept = RawEvent.objects.count()
    if kept != pushes:
        raise AssertionError(f"{pushes} pushes were answered and {kept} are kept")


@contextmanager
def taken_at_once() -> Iterator[None]:
    """As if a worker took each ring at once: the next push rings again."""
    with redis.Redis.from_url(settings.REDIS_URL) as queue, ThreadPoolExecutor(1) as thread:
        is_over = Event()
        taking = thread.submit(take_rings, queue, is_over)
        try:
            yield
        finally:
            is_over.set()
            taking.result()


def take_rings(queue: redis.Redis, is_over: Event) -> None:
    while not is_over.is_set():
        queue.blpop([QUEUE], timeout=0.1)


# Applying


def measure_applying(laps: list[Lap], markdown: bool) -> None:
    ours, theirs = (median(getattr(lap, name) for lap in laps) for name in ("ours", "floor"))
    events, rows = laps[0].events, laps[0].rows
    title = (
        f"A backlog of {events:,} pushes, one worker, median of {len(laps)}. Seconds, messages a "
        f"second; {machine()}"
    )
    row = [
        f"{events:,} pushes",
        f"{ours:.2f}",
        f"{events / ours:,.0f}",
        f"{theirs:.2f}",
        f"{events / theirs:,.0f}",
        times(ours / theirs),
        f"{rows:,}",
    ]
    print_table(title, APPLY_HEADS, [row], markdown=markdown)
