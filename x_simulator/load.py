"""Has a crowd of customers write to a running simulator, so many messages and posts a second.

    python -m x_simulator.load --server URL --per-second 50 --seconds 60

What they say comes from `x_simulator/crowd.py`. Prints what was written as one JSON object.
"""

import argparse
import base64
import json
import queue
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from x_simulator.crowd import Crowd, Customer, Saying
from x_simulator.pictures import png

Body = dict[str, Any]
# Each says in order what it has to say, and what one customer says all goes through the same.
SPEAKERS = 4
MADE_AT_ONCE = 500
TIMEOUT_S = 30


class Unusable(Exception):
    """What about the server or the options makes writing impossible."""


@dataclass(slots=True)
class Written:
    """What came of it: ids in the order of X's answers."""

    dms: list[str] = field(default_factory=list)
    posts: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    per_brand: Counter[str] = field(default_factory=Counter)
    latest_s: float = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, saying: Saying, made_id: str, late_s: float) -> None:
        with self.lock:
            (self.dms if saying.way == "dm" else self.posts).append(made_id)
            self.per_brand[saying.brand] += 1
            self.counts.update(
                {
                    "mentions": saying.way == "mention",
                    "replies": saying.way == "reply",
                    "with_picture": saying.with_picture,
                    "returning": saying.returning,
                }
            )
            self.latest_s = max(self.latest_s, late_s)

    def refuse(self) -> None:
        with self.lock:
            self.counts["refused"] += 1


class Speaker(threading.Thread):
    """Says what it is given, one after the other."""

    def __init__(self, server: str, ids: dict[str, str], written: Written) -> None:
        super().__init__(daemon=True)
        self.to_say: queue.Queue[tuple[Saying, float] | None] = queue.Queue()
        self.failure: Exception | None = None
        self._server = server
        self._ids = ids
        self._written = written
        self._said: dict[int, str] = {}  # the latest post of a visit

    def run(self) -> None:
        with httpx.Client(base_url=self._server, timeout=TIMEOUT_S, trust_env=False) as client:
            while (given := self.to_say.get()) is not None:
                try:
                    self._say(client, *given)
                except (httpx.HTTPError, Unusable) as error:
                    self.failure = error
                    return

    def _say(self, client: httpx.Client, saying: Saying, due: float) -> None:
        path, body = self._call(saying)
        answer = client.post(f"/_sim/{path}", json=body)
        if answer.status_code == 403:
            self._written.refuse()
            return
        made_id = _made(answer)["id"]
        if saying.way != "dm":
            self._said[saying.visit] = made_id
        self._written.note(saying, made_id, time.monotonic() - due)

    def _call(self, saying: Saying) -> tuple[str, Body]:
        author_id = self._ids[saying.customer.username]
        body: Body = {"text": saying.text}
        if saying.with_picture:
            content = base64.b64encode(png(int(author_id))).decode()
            body["media"] = [{"media_type": "image/png", "content": content}]
        if saying.way == "dm":
            recipient = self._ids[saying.brand]
            return "dms", {**body, "sender_id": author_id, "recipient_id": recipient}
        above = self._said.get(saying.visit) if saying.way == "reply" else None
        if above is not None:
            body["in_reply_to_post_id"] = above
        return "posts", {**body, "author_id": author_id}


def write(options: argparse.Namespace) -> Body:
    """Returns when all is written. Raises Unusable."""
    with httpx.Client(base_url=options.server, timeout=TIMEOUT_S, trust_env=False) as client:
        try:
            ids = _brands(client, options.brands)
            lot = random.Random(options.seed)  # noqa: S311 (what is said, and not a secret)
            crowd = Crowd(sorted(ids), options.dms, lot)
            sayings = crowd.sayings(round(options.per_second * options.seconds))
            ids |= _people(client, crowd.people)
        except httpx.HTTPError as error:
            raise Unusable(f"{options.server} does not answer: {error}") from error
    written = Written()
    speakers = [Speaker(options.server, ids, written) for _ in range(SPEAKERS)]
    begun = time.monotonic()
    _have_said(speakers, sayings, options.per_second)
    return _summary(written, crowd, options, time.monotonic() - begun)


def _brands(client: httpx.Client, wanted: Sequence[str]) -> dict[str, str]:
    told = _made(client.get("/_sim/users"))["users"]
    brands = {one["username"]: one["id"] for one in told if one["brand"]}
    missing = sorted(set(wanted) - brands.keys())
    if missing or not brands:
        known = ", ".join(sorted(brands)) or "none: make one by /_sim/users"
        raise Unusable(f"no brand is called {', '.join(missing) or 'anything'} (there is {known})")
    return {name: brands[name] for name in wanted or brands}


def _people(client: httpx.Client, people: Sequence[Customer]) -> dict[str, str]:
    """Who was here in an earlier run is the same person again."""
    ids: dict[str, str] = {}
    for start in range(0, len(people), MADE_AT_ONCE):
        specs = [
            {"username": one.username, "name": one.name}
            for one in people[start : start + MADE_AT_ONCE]
        ]
        told = _made(client.post("/_sim/users", json={"users": specs}))["users"]
        ids |= {one["username"]: one["id"] for one in told}
    return ids


def _made(answer: httpx.Response) -> Body:
    if answer.status_code != 200:
        raise Unusable(f"{answer.url.path} answered {answer.status_code}: {answer.text[:500]}")
    body: Body = answer.json()
    return body


def _have_said(speakers: Sequence[Speaker], sayings: Sequence[Saying], per_second: float) -> None:
    """Gives each its turn at its time. Raises Unusable."""
    for speaker in speakers:
        speaker.start()
    for saying, due in zip(sayings, _times(per_second), strict=False):
        time.sleep(max(0, due - time.monotonic()))
        _speaker_of(saying, speakers).to_say.put((saying, due))
        if any(speaker.failure for speaker in speakers):
            break
    for speaker in speakers:
        speaker.to_say.put(None)
    for speaker in speakers:
        speaker.join()
    for speaker in speakers:
        if speaker.failure is not None:
            raise Unusable(f"the server stopped taking what is said: {speaker.failure}")


def _speaker_of(saying: Saying, speakers: Sequence[Speaker]) -> Speaker:
    return speakers[sum(saying.customer.username.encode()) % len(speakers)]


def _times(per_second: float) -> Iterator[float]:
    begun, number = time.monotonic(), 0
    while True:
        yield begun + number / per_second
        number += 1


def _summary(written: Written, crowd: Crowd, options: argparse.Namespace, took_s: float) -> Body:
    counts = written.counts
    told: Body = {
        "seed": options.seed,
        "written": len(written.dms) + len(written.posts),
        "dms": len(written.dms),
        "posts": len(written.posts),
        "mentions": counts["mentions"],
        "replies": counts["replies"],
        "with_picture": counts["with_picture"],
        "refused": counts["refused"],
        "customers": len(crowd.people),
        "returning": counts["returning"],
        "brands": dict(sorted(written.per_brand.items())),
        "took_seconds": round(took_s, 2),
        "latest_by_seconds": round(written.latest_s, 3),
    }
    return told | {"ids": {"dms": written.dms, "posts": written.posts}} if options.ids else told


def main() -> None:
    try:
        print(json.dumps(write(_options())))
    except Unusable as error:
        sys.exit(f"load: {error}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="x_simulator.load", description=__doc__)
    parser.add_argument("--server", required=True, metavar="URL", help="the simulator's address")
    parser.add_argument("--per-second", type=float, default=1, metavar="N")
    parser.add_argument("--seconds", type=float, default=60, metavar="S")
    parser.add_argument("--seed", default="0", metavar="X", help="of who says what")
    parser.add_argument("--brands", nargs="+", default=[], metavar="NAME", help="all, if not said")
    parser.add_argument(
        "--dms", type=float, default=0.5, metavar="SHARE", help="of visits that begin in private"
    )
    parser.add_argument("--ids", action="store_true", help="name all that was written")
    options = parser.parse_args()
    if options.per_second <= 0 or options.seconds <= 0 or not 0 <= options.dms <= 1:
        parser.error("--per-second and --seconds must be above 0, --dms from 0 to 1")
    return options


if __name__ == "__main__":
    main()
