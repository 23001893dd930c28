"""What X answered: a JSON body, or the named error that its status and words mean.

X has several ways to say no: problem JSON, the older list of errors with codes, and plain text from
its edge (reference: x-api §11). None of them may reach a log: an error body can quote the call.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from twitter_sync.errors import (
    Forbidden,
    NotFound,
    OutOfCredits,
    RateLimited,
    Refused,
    TokenRejected,
    Unconfirmed,
    XError,
)
from twitter_sync.transport import Reply

Answer = dict[str, Any]

MAX_REASON = 300
_NAMED = {401: TokenRejected, 402: OutOfCredits, 403: Forbidden, 404: NotFound}
# These say only what our own default words say better.
_EMPTY_REASONS = {"Unauthorized", "Too Many Requests", "Rate limit exceeded"}


def read(reply: Reply, *, endpoint: str) -> Answer:
    """The body of a success. Raises Unconfirmed when it can't be read: it did happen, perhaps."""
    if not reply.body.strip():
        return {}
    answer = _parsed(reply.body)
    if answer is None:
        raise Unconfirmed("X's answer could not be read.", endpoint=endpoint, status=reply.status)
    return answer


def error(reply: Reply, *, endpoint: str, resets_at: datetime) -> XError:
    """The error of any status but 2xx. `resets_at` is used when the answer is "too many"."""
    problem = _parsed(reply.body) or {}
    said: dict[str, Any] = {
        "reason": _reason(problem, reply),
        "endpoint": endpoint,
        "status": reply.status,
        "problem": str(problem.get("type", "")).rpartition("/")[2].removeprefix("about:blank"),
    }
    if reply.status == 429:
        return RateLimited(resets_at=resets_at, **said)
    if 400 <= reply.status < 500:
        return _NAMED.get(reply.status, Refused)(**said)
    # 5xx, and redirects that X never documents: nobody knows what was done before.
    return Unconfirmed(**said)


def _parsed(body: bytes) -> Answer | None:
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return parsed if isinstance(parsed, dict) else None


def _reason(problem: Answer, reply: Reply) -> str:
    """The most telling words of the answer, on one line; "" when it has none."""
    named = ("detail", "error_description", "title")
    words = [*_messages(problem), *(problem.get(name) for name in named)]
    if not problem and reply.headers.get("content-type", "").startswith("text/plain"):
        words.append(reply.body[:MAX_REASON].decode(errors="replace"))
    for word in words:
        if isinstance(word, str) and word.strip() and word not in _EMPTY_REASONS:
            return _on_one_line(word)
    return ""


def _on_one_line(word: str) -> str:
    """Without what breaks lines, terminals or Postgres: controls, NUL, lone surrogates."""
    shown = "".join(letter if letter.isprintable() else " " for letter in word)
    return " ".join(shown.split())[:MAX_REASON]


def _messages(problem: Answer) -> list[Any]:
    """Of `errors[]`: what was wrong in the call, or what a v1.1 code means."""
    errors = problem.get("errors")
    if not isinstance(errors, list):
        return []
    return [
        error.get("message") or error.get("detail") for error in errors if isinstance(error, dict)
    ]
