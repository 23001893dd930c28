"""Plays recorded conversations through a running simulator.

    python -m x_simulator.replay FILE --users FILE --server URL [--as posts|dms]

FILE is in one of the formats of `x_simulator/recordings.py`. Everything is loaded first (ids and
times kept), then delivered in the asked order, to whoever X would tell of it. Prints one line of
JSON at the end.
"""

import argparse
import json
import random
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from x_simulator.recordings import FORMATS, Post, Recording, Unusable

LOADED_AT_ONCE = 1_000
DELIVERED_AT_ONCE = 250
# In the order of time one after the other; shuffled there is no order to keep.
CONCURRENCY = {"time": 1, "shuffled": 8}

Event = dict[str, str]


@dataclass(slots=True)
class Plan:
    """What to load and what to deliver, in the order of time."""

    threads: int = 0
    dms: list[Post] = field(default_factory=list)
    posts: list[Post] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)


def as_posts(posts: Iterable[Post], brand_ids: frozenset[str]) -> Plan:
    """Every post as it stands. Whom X tells of which is the simulator's to know; a post that nobody
    is told of is there for whoever looks."""
    plan = Plan(posts=sorted(posts, key=lambda post: int(post["id"])))
    plan.threads = len({post["conversation_id"] for post in plan.posts})
    plan.events = [{"kind": "post", "id": post["id"]} for post in plan.posts]
    return plan


def as_dms(posts: Iterable[Post], brand_ids: frozenset[str]) -> Plan:
    """Every thread of one brand and one customer, whole, as direct messages between the two.

    A post keeps its id, its text (the names at its head too), its entities and its time.
    """
    plan = Plan()
    for thread in _threads(posts):
        authors = {post["author_id"] for post in thread}
        if len(authors) != 2 or len(authors & brand_ids) != 1:
            continue
        plan.threads += 1
        plan.dms += [_dm(post, authors) for post in thread]
    plan.dms.sort(key=lambda dm: int(dm["id"]))
    plan.events = [{"kind": "dm", "id": dm["id"]} for dm in plan.dms]
    return plan


def _threads(posts: Iterable[Post]) -> Iterable[list[Post]]:
    threads: dict[str, list[Post]] = defaultdict(list)
    for post in posts:
        threads[post["conversation_id"]].append(post)
    return threads.values()


def _dm(post: Post, authors: set[str]) -> Post:
    (other,) = authors - {post["author_id"]}
    return {
        "id": post["id"],
        "sender_id": post["author_id"],
        "recipient_id": other,
        "text": post["text"],
        "entities": post.get("entities", {}),
        "created_at": post["created_at"],
    }


WAYS = {"posts": as_posts, "dms": as_dms}


def arranged(events: Sequence[Event], order: str, repeat: int, rng: random.Random) -> list[Event]:
    """The order of delivery: again and again in time, or all repeats shuffled, none beside its
    like as long as there is anything else to put between."""
    everything = list(events) * repeat
    if order == "time":
        return everything
    rng.shuffle(everything)
    for here in range(1, len(everything)):
        if everything[here] == everything[here - 1]:
            there = _elsewhere(everything, here, rng)
            everything[here], everything[there] = everything[there], everything[here]
    return everything


def _elsewhere(events: Sequence[Event], here: int, rng: random.Random) -> int:
    """A place whose event may change with the one here, leaving no two alike side by side."""
    for _ in range(50):
        there = rng.randrange(len(events))
        around_here = (events[here - 1], events[here + 1] if here + 1 < len(events) else None)
        around_there = (
            events[there - 1] if there else None,
            events[there + 1] if there + 1 < len(events) else None,
        )
        if events[there] not in around_here and events[here] not in around_there:
            return there
    return here


def play(server: str, recording: Recording, options: argparse.Namespace) -> Post:
    """Loads, then delivers; the summary."""
    # Deliveries take as long as the receiver takes.
    with httpx.Client(base_url=server, timeout=None, trust_env=False) as client:  # noqa: S113
        told: list[Post] = []
        for batch in _batches(recording.users, LOADED_AT_ONCE):
            told += _post(client, "/_sim/users", {"users": batch})["users"]
        recording.author_ids(told)
        brands = frozenset(user["id"] for user in told if user["brand"])
        plan = WAYS[options.as_](recording.posts, brands)
        for name, items in (("dms", plan.dms), ("posts", plan.posts)):
            for batch in _batches(items, LOADED_AT_ONCE):
                _post(client, "/_sim/load", {name: batch})
        return _deliver(client, plan, options)


def _deliver(client: httpx.Client, plan: Plan, options: argparse.Namespace) -> Post:
    rng = random.Random(options.seed)  # noqa: S311 (an order that can be had again)
    events = arranged(plan.events, options.order, options.repeat, rng)
    summary = {"threads": plan.threads, "messages": len(plan.events)}
    summary |= {"delivered": 0, "dropped": 0, "failed": 0, "unsubscribed": 0}
    for number, batch in enumerate(_batches(events, _batch_size(options.speed))):
        call = {"events": batch, "drop": options.drop, "seed": f"{options.seed}:{number}"}
        call |= {"per_second": options.speed, "concurrency": options.concurrency}
        for name, count in _post(client, "/_sim/deliver", call).items():
            summary[name] += count
        _show_progress(summary, len(events))
    return summary


def _batch_size(speed: float) -> int:
    """About a second's worth, where a speed is given."""
    return max(1, min(DELIVERED_AT_ONCE, round(speed))) if speed else DELIVERED_AT_ONCE


def _batches(items: Sequence[Post], size: int) -> Iterator[list[Post]]:
    for start in range(0, len(items), size):
        yield list(items[start : start + size])


def _post(client: httpx.Client, path: str, body: Post) -> Post:
    try:
        answer = client.post(path, json=body)
    except httpx.HTTPError as error:
        raise Unusable(f"{client.base_url} does not answer: {error}") from error
    if answer.status_code != 200:
        raise Unusable(f"{path} answered {answer.status_code}: {answer.text[:500]}")
    body = answer.json()
    return body


def _show_progress(summary: Post, total: int) -> None:
    if sys.stderr.isatty():
        done = summary["delivered"] + summary["dropped"] + summary["failed"]
        print(f"\r{done} of {total} delivered", end="", file=sys.stderr, flush=True)


def main() -> None:
    options = _options()
    try:
        recording = FORMATS[options.format](options.file, options.users)
        print(json.dumps(play(options.server, recording, options)))
    except (Unusable, OSError) as error:
        sys.exit(f"replay: {error}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="x_simulator.replay", description=__doc__)
    parser.add_argument("file", type=Path, metavar="FILE", help="what was said")
    parser.add_argument("--format", choices=list(FORMATS), default="v2")
    parser.add_argument("--users", type=Path, metavar="FILE", help="everyone in it (v2)")
    parser.add_argument("--server", required=True, metavar="URL", help="the simulator's address")
    parser.add_argument("--as", dest="as_", choices=list(WAYS), default="posts")
    parser.add_argument("--order", choices=sorted(CONCURRENCY), default="time")
    parser.add_argument("--repeat", type=int, default=1, metavar="N", help="deliver each N times")
    parser.add_argument("--drop", type=float, default=0, metavar="P", help="lose this share")
    parser.add_argument(
        "--speed",
        type=float,
        default=0,
        metavar="X",
        help="events per second; 0: as fast as the receiver answers",
    )
    parser.add_argument("--seed", default="0", metavar="N", help="of the shuffle and the losses")
    parser.add_argument(
        "--concurrency", type=int, metavar="N", help="deliveries at once (1; shuffled: 8)"
    )
    options = parser.parse_args()
    options.concurrency = options.concurrency or CONCURRENCY[options.order]
    return options


if __name__ == "__main__":
    main()
