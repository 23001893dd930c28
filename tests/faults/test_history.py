"""The checker itself: each way to break the promise is called by its name."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest

from tests.faults.history import History, Verdict, judge

ACME, CARLA = "1", "2"


def dm(number: int, text: str, *, ours: bool = False) -> dict[str, Any]:
    sender, recipient = (ACME, CARLA) if ours else (CARLA, ACME)
    source = "api" if ours else "app"
    return {"id": str(number), "sender_id": sender, "recipient_id": recipient, "text": text,
            "source": source}  # fmt: skip


def post(number: int, text: str, *, ours: bool = False) -> dict[str, Any]:
    return {"id": str(number), "author_id": ACME if ours else CARLA, "text": text,
            "in_reply_to_post_id": "11" if ours else None, "deleted": False,
            "source": "api" if ours else "app"}  # fmt: skip


def row(number: int, kind: str, x_id: str | None, text: str, **fields: Any) -> dict[str, Any]:
    return {"id": number, "brand": ACME, "kind": kind, "external_id": x_id, "text": text,
            "state": "received", "client_key": None, "conversation_id": 1} | fields  # fmt: skip


def answer(number: int, x_id: str | None, text: str, **fields: Any) -> dict[str, Any]:
    kept = {"state": "sent", "client_key": f"key {number}"} | fields
    return row(number, "dm", x_id, text, **kept)


GOOD = History(
    ledger={
        "dms": [dm(10, "Hello?"), dm(12, "A &amp; B", ours=True), dm(14, "And C", ours=True)],
        "posts": [post(11, "@acme help"), post(13, "nobody"), post(15, "@carla Yes", ours=True)],
    },
    deliveries=[{"subject_id": "10", "state": "delivered"}],
    rows=[
        row(1, "dm", "10", "Hello?"),
        row(2, "public", "11", "@acme help"),
        answer(3, "12", "A &amp; B"),
        answer(4, "14", "And C"),
        row(5, "public", "15", "Yes", state="sent", client_key="key 5", conversation_id=2),
    ],
    kept={"1"},
    lines=[
        {"deed": "reply", "how": "ok", "key": "key 3"},
        {"deed": "push", "how": "ok", "key": "1"},
        {"deed": "push", "how": "info", "key": "2"},
    ],
    brands={"acme": ACME},
)


def broken(verdict: Verdict) -> dict[str, int]:
    found = {part.name: len(getattr(verdict, part.name)) for part in fields(verdict)}
    return {name: count for name, count in found.items() if count}


def without(number: int) -> list[dict[str, Any]]:
    return [row for row in GOOD.rows if row["id"] != number]


def changed(number: int, **fields: Any) -> list[dict[str, Any]]:
    return [row | fields if row["id"] == number else row for row in GOOD.rows]


def test_it_finds_nothing_where_all_is_well():
    assert judge(GOOD).holds


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (without(1), {"lost": 1, "not_kept": 1}),
        (without(2), {"lost": 1}),
        ([*GOOD.rows, row(9, "dm", "10", "Hello?")], {"doubled": 1}),
        ([*GOOD.rows, row(9, "dm", "99", "Boo")], {"invented": 1}),
        (without(3), {"forgotten": 1, "lost": 1}),
        (changed(4, state="queued", external_id=None), {"misjudged": 1, "lost": 1}),
        (changed(4, state="uncertain", external_id=None), {"misjudged": 1, "lost": 1}),
        ([*GOOD.rows, answer(9, None, "Never", state="failed")], {}),
        (
            [*GOOD.rows, answer(9, "16", "Never")],
            {"misjudged": 1, "invented": 1},
        ),
        ([row | {"id": 9 - row["id"]} for row in GOOD.rows], {"disordered": 1}),
    ],
)
def test_it_names_what_is_wrong_with_the_rows(rows, expected):
    assert broken(judge(replace(GOOD, rows=rows))) == expected


def test_one_reply_that_x_accepted_twice_is_found():
    dms = [*GOOD.ledger["dms"], dm(20, "And C", ours=True)]
    history = replace(
        GOOD,
        ledger=GOOD.ledger | {"dms": dms},
        rows=[*GOOD.rows, row(9, "dm", "20", "And C", state="sent")],
    )
    assert broken(judge(history)) == {"sent_twice": 1}


def test_a_push_that_was_acknowledged_and_is_no_row_is_found():
    assert broken(judge(replace(GOOD, kept=set()))) == {"not_kept": 1}


def test_a_deleted_post_is_not_missed():
    posts = [one | {"deleted": one["id"] == "11"} for one in GOOD.ledger["posts"]]
    history = replace(GOOD, ledger=GOOD.ledger | {"posts": posts}, rows=without(2))
    assert judge(history).holds


def test_it_says_how_many_and_names_some():
    said = str(judge(replace(GOOD, rows=without(1))))
    assert "lost 1" in said
    assert "('1', 'dm', '10')" in said
