"""The ledger as JSON lines: what was said, every accepted write, every delivery attempt, and the
latest of the other calls. What comes first within a kind happened first."""

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from x_simulator import clock
from x_simulator.store import Row, Store

Line = dict[str, Any]
MEDIA_TYPE = "application/jsonl"
TOLD_AT_ONCE = 200


def dm(row: Row) -> Line:
    return {
        "id": str(row["id"]),
        "sender_id": str(row["sender_id"]),
        "recipient_id": _id(row["recipient_id"] or None),
        "conversation_id": row["conversation_id"],
        "event_type": row["event_type"],
        "text": row["text"],
        "created_at": clock.iso(row["created_ms"]),
        "source": row["source"],
    }


def post(row: Row) -> Line:
    return {
        "id": str(row["id"]),
        "author_id": str(row["author_id"]),
        "text": row["text"],
        "conversation_id": str(row["conversation_id"]),
        "in_reply_to_post_id": _id(row["in_reply_to_post_id"]),
        "quoted_post_id": _id(row["quoted_post_id"]),
        "reposted_post_id": _id(row["reposted_post_id"]),
        "replaced_by": _id(row["replaced_by"]),
        "created_at": clock.iso(row["created_ms"]),
        "source": row["source"],
        "deleted_at": _time(row["deleted_ms"]),
        "hidden": bool(row["hidden"]),
    }


def chat(row: Row) -> Line:
    """With the words, which nobody but the two and this ledger knows."""
    return {
        "id": str(row["id"]),
        "message_id": row["message_id"],
        "conversation_id": row["chat"],
        "sender_id": str(row["sender_id"]),
        "text": row["text"],
        "created_at": clock.iso(row["created_ms"]),
    }


def call(row: Row) -> Line:
    return {
        "at": clock.iso(row["at_ms"]),
        "method": row["method"],
        "path": row["path"],
        "status": row["status"],
        "user_id": _id(row["user_id"]),
        "fault": row["fault"],
    }


def write(row: Row) -> Line:
    return {**call(row), "subject_id": _id(row["subject_id"] or None)}


def delivery(row: Row) -> Line:
    return {
        "event_type": row["event_type"],
        "user_id": str(row["user_id"]),
        "subject_id": str(row["subject_id"]),
        "webhook_id": str(row["webhook_id"]),
        "state": row["state"],
        "reason": row["reason"],
        "attempt": row["attempt"],
        "fault": row["fault"],
        "replay_job_id": _id(row["replay_job_id"] or None),
        "queued_at": clock.iso(row["queued_ms"]),
        "done_at": _time(row["done_ms"]),
    }


def _id(number: int | None) -> str | None:
    return None if number is None else str(number)


def _time(ms: int | None) -> str | None:
    return None if ms is None else clock.iso(ms)


# Each kind: where its rows are, and what is told of one.
KINDS: dict[str, tuple[str, Callable[[Row], Line]]] = {
    "dm": ("SELECT * FROM dms ORDER BY id", dm),
    "post": (
        "SELECT posts.*, hidden_posts.post_id IS NOT NULL AS hidden FROM posts"
        " LEFT JOIN hidden_posts ON hidden_posts.post_id = posts.id ORDER BY posts.id",
        post,
    ),
    "chat": ("SELECT * FROM chat_events WHERE kind = 'message' ORDER BY id", chat),
    "write": ("SELECT * FROM calls WHERE subject_id IS NOT NULL ORDER BY id", write),
    "delivery": ("SELECT * FROM deliveries ORDER BY id", delivery),
    "call": ("SELECT * FROM calls WHERE subject_id IS NULL ORDER BY id", call),
}


def of(store: Store, kinds: Iterable[str]) -> Iterator[str]:
    """Some lines at a time, of everything as it was when the first of them were asked for."""
    with store.still() as view:
        for kind in kinds:
            sql, told = KINDS[kind]
            rows = view.execute(sql)
            while batch := rows.fetchmany(TOLD_AT_ONCE):
                yield "".join(_line({"kind": kind, **told(row)}) for row in batch)


def _line(line: Line) -> str:
    return json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n"
