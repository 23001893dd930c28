"""What X answered: a JSON body, or the named error that its status and words mean.

X has several ways to say no: problem JSON, the older list of errors with codes, and plain text from
its edge (reference: x-api §11). None of them may reach a log: an error body can quote the call.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from twitter_sync.errors import (
    Disconnected,
    Forbidden,
    NotFound,
    OutOfCredits,
    RateLimited,
    Refused,
    TokenRejected,
    TooManyConnections,
    Unconfirmed,
    XError,
)
from twitter_sync.transport import Reply

Answer = dict[str, Any]

MAX_REASON = 300
_NAMED = {401: TokenRejected, 402: OutOfCredits, 403: Forbidden, 404: NotFound}
# What X calls its problems and its reasons to end a stream (reference: x-api §11, §12).
_PROBLEMS = {
    "client-forbidden",
    "credits-depleted",
    "disallowed-resource",
    "duplicate-rules",
    "field-hydration-failure",
    "internal-error",
    "invalid-request",
    "invalid-rules",
    "not-authorized-for-field",
    "not-authorized-for-resource",
    "operational-disconnect",
    "rate-limit-exceeded",
    "resource-not-found",
    "resource-unavailable",
    "rule-cap",
    "streaming-connection",
    "unsupported-authentication",
    "usage-capped",
    "ClientApplicationStateDegraded",
    "ForceDisconnect",
    "InternalError",
    "InvalidRules",
    "OperationalDisconnect",
    "SlowReader",
    "TooManyConnections",
    "UpstreamOperationalDisconnect",
    "UpstreamUncleanDisconnect",
}
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
        "problem": _problem(problem),
    }
    if _is_about_connections(problem):
        return TooManyConnections(resets_at=resets_at, **said)
    if reply.status == 429:
        return RateLimited(resets_at=resets_at, **said)
    if 400 <= reply.status < 500:
        return _NAMED.get(reply.status, Refused)(**said)
    # 5xx, and redirects that X never documents: nobody knows what was done before.
    return Unconfirmed(**said)


def is_about_connections(reply: Reply) -> bool:
    """X counts open streams, not calls: nothing is said of a quota (reference: x-api §12)."""
    return _is_about_connections(_parsed(reply.body) or {})


def _is_about_connections(problem: Answer) -> bool:
    return problem.get("connection_issue") == "TooManyConnections"


def disconnect(line: bytes, *, endpoint: str) -> Disconnected | None:
    """What X says of itself in a stream, before it ends it; None for everything else."""
    if b'"errors"' not in line and b'"connection_issue"' not in line:
        return None
    said = _parsed(line) or {}
    if "data" in said or not {"errors", "connection_issue"} & said.keys():
        return None
    errors = said.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else said
    told = first if isinstance(first, dict) else {}
    kind = told.get("disconnect_type") or told.get("connection_issue") or _problem(told)
    words = [told.get(name) for name in ("detail", "message", "title")]
    return Disconnected(_telling(words), endpoint=endpoint, problem=_name(kind))


def _problem(problem: Answer) -> str:
    """The last part of the address by which X names a problem; of the first, where X lists them."""
    errors = problem.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else None
    told = problem.get("type") or (first.get("type") if isinstance(first, dict) else "")
    return _name(str(told or "").rpartition("/")[2])


def _name(told: Any) -> str:
    """A name that may be logged: one that X documents. Others could be anybody's words."""
    return told if isinstance(told, str) and told in _PROBLEMS else ""


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
    return _telling(words)


def _telling(words: list[Any]) -> str:
    for word in words:
        if isinstance(word, str) and word.strip() and word not in _EMPTY_REASONS:
            return one_line(word)
    return ""


def one_line(word: str) -> str:
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
