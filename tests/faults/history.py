"""The checker: X's own ledger, what the actors said and the rows of the database, side by side.

X's ledger is the truth about what was written and what X accepted. Nothing here asks our code.
"""

from __future__ import annotations

import html
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Any

from tests.faults.lines import How, Line

Record = dict[str, Any]
# X's id of the brand, dm or public, X's id of the message.
Fact = tuple[str, str, str]
NAMED = 10


@dataclass(frozen=True)
class History:
    """`ledger` is the simulator's, `deliveries` what it pushed and what came of it; `rows` are the
    messages of the database with `brand`, X's id of theirs, `kept` the keys of the trial's own
    pushes in it. `brands` are ids by handle."""

    ledger: Record
    deliveries: list[Record]
    rows: list[Record]
    kept: set[str]
    lines: list[Line]
    brands: dict[str, str]


@dataclass
class Verdict:
    """What broke the promise; each list is empty when it was kept."""

    # X has it, we don't.
    lost: list[Fact] = field(default_factory=list)
    # We said 200 to it, and don't have it.
    not_kept: list[Fact] = field(default_factory=list)
    # More than one row for it.
    doubled: list[Fact] = field(default_factory=list)
    # We have it, X doesn't.
    invented: list[Fact] = field(default_factory=list)
    # An agent was told that it is queued, and it is nowhere.
    forgotten: list[str] = field(default_factory=list)
    # X accepted one reply more than once.
    sent_twice: list[str] = field(default_factory=list)
    # What the desk says of a reply is not what X says.
    misjudged: list[str] = field(default_factory=list)
    # X has replies of a conversation in another order.
    disordered: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        return not any(getattr(self, part.name) for part in fields(self))

    def __str__(self) -> str:
        counts = ", ".join(
            f"{part.name.replace('_', ' ')} {len(getattr(self, part.name))}"
            for part in fields(self)
        )
        named = [
            f"\n  {part.name}: {one}"
            for part in fields(self)
            for one in getattr(self, part.name)[:NAMED]
        ]
        return counts + "".join(named)


def judge(history: History) -> Verdict:
    written = expected(history)
    held = Counter(
        (row["brand"], row["kind"], row["external_id"])
        for row in history.rows
        if row["external_id"] is not None
    )
    lost = sorted(written - held.keys())
    acknowledged = {one["subject_id"] for one in history.deliveries if one["state"] == "delivered"}
    verdict = Verdict(
        lost=lost,
        not_kept=[fact for fact in lost if fact[2] in acknowledged] + unkept(history),
        doubled=[fact for fact, count in held.items() if count > 1],
        invented=sorted(held.keys() - written),
        forgotten=forgotten(history),
    )
    judge_replies(history, verdict)
    return verdict


# What came in


def expected(history: History) -> set[Fact]:
    """Every message that a brand must hold: private ones of its own, posts that name it, and its
    answers."""
    ids = set(history.brands.values())
    facts = {
        (brand, "dm", dm["id"])
        for dm in history.ledger["dms"]
        for brand in {dm["sender_id"], dm["recipient_id"]} & ids
    }
    for post in history.ledger["posts"]:
        if post["deleted"]:
            continue
        facts |= {(brand, "public", post["id"]) for brand in concerned(post, history.brands)}
    return facts


def concerned(post: Record, brands: dict[str, str]) -> set[str]:
    if post["author_id"] in brands.values():
        return {post["author_id"]} if post["in_reply_to_post_id"] else set()
    named = re.findall(r"@(\w+)", post["text"])
    return {brands[handle] for handle in named if handle in brands}


def unkept(history: History) -> list[Fact]:
    """What was answered with 200, and is no row."""
    pushes = (line for line in history.lines if line["deed"] == "push")
    told = {line["key"] for line in pushes if line["how"] == How.OK}
    return [("", "push", key) for key in sorted(told - history.kept)]


# What went out


def forgotten(history: History) -> list[str]:
    told = {
        line["key"] for line in history.lines if line["deed"] == "reply" and line["how"] == How.OK
    }
    return sorted(told - {row["client_key"] for row in history.rows})


def judge_replies(history: History, verdict: Verdict) -> None:
    accepted = by_words(history)
    for row in replies(history.rows):
        ids = accepted[row["brand"], words(row["text"])]
        name = f"message {row['id']}, {row['state']}, on X {len(ids)} times"
        if len(ids) > 1:
            verdict.sent_twice.append(name)
        elif (row["state"] == "sent" and ids != [row["external_id"]]) or (
            row["state"] != "sent" and ids
        ):
            verdict.misjudged.append(name)
    verdict.disordered = disordered(history.rows)


def by_words(history: History) -> dict[tuple[str, str], list[str]]:
    """Ids of what the app had X publish, by its author and its words. Each reply has its own."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for dm in history.ledger["dms"]:
        if dm["source"] == "api":
            found[dm["sender_id"], words(dm["text"])].append(dm["id"])
    for post in history.ledger["posts"]:
        if post["source"] == "api":
            found[post["author_id"], words(post["text"])].append(post["id"])
    return found


def words(text: str) -> str:
    """Without the names that X puts before a public reply."""
    return re.sub(r"^(@\w+ )+", "", html.unescape(text))


def replies(rows: Iterable[Record]) -> list[Record]:
    """Ours, in the order in which they were written."""
    return sorted((row for row in rows if row["client_key"]), key=lambda row: int(row["id"]))


def disordered(rows: list[Record]) -> list[str]:
    """Replies that X has before one that was written earlier in the same conversation."""
    latest: dict[int, int] = {}
    found = []
    for row in replies(rows):
        if row["state"] != "sent":
            continue
        x_id, conversation = int(row["external_id"]), row["conversation_id"]
        if x_id < latest.get(conversation, 0):
            found.append(f"message {row['id']}")
        latest[conversation] = max(x_id, latest.get(conversation, 0))
    return found
