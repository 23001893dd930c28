"""Holds every answer of the simulator against what X has promised.

A success must be as X's OpenAPI document has it, closed: no property that it does not know, the
fields that were asked for, and nothing that was not. A refusal must be word for word one of those
in `documented`. Where X's answers are known to differ from its document, x_simulator/DIFFERENCES.md
says so in a table, and that table is what is let through.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import httpx

from tests.simulator import documented, sayings
from tests.simulator.document import Document, as_post
from x_simulator.app import ENDPOINTS
from x_simulator.routes import oauth

PAGE = Path(__file__).parents[2] / "x_simulator" / "DIFFERENCES.md"
FIELDS = {"Post": ("tweet.fields", "post.fields"), "User": ("user.fields",)}
FIELDS |= {"DmEvent": ("dm_event.fields",), "Media": ("media.fields",)}
FIELDS |= {"Connection": ("connection.fields",)}
DEFAULT = {
    "Post": {"id", "text", "edit_history_post_ids"},
    "User": {"id", "name", "username"},
    "DmEvent": {"id", "text", "event_type"},
    "Media": {"media_key", "type"},
    "Connection": {"id"},
}
# Only where there is something to tell; everything else is there whenever it was asked for.
OPTIONAL = {
    "Post": {"entities", "in_reply_to_user_id", "referenced_posts", "attachments", "note_post"},
    "User": {"location", "receives_your_dm", "connection_status"},
    "DmEvent": {"entities", "attachments", "referenced_posts"},
    "Media": {"url", "preview_image_url", "duration_ms", "variants", "alt_text"},
    "Connection": {"disconnected_at", "disconnect_reason"},
}
# By its `event_type`: what a message, or somebody who came or went, always has, and what never.
LIKE: dict[str, tuple[set[str], set[str]]] = {
    "": (set(), set()),
    "MessageCreate": (set(), {"participant_ids"}),
    "ParticipantsJoin": ({"participant_ids"}, {"text"}),
    "ParticipantsLeave": ({"participant_ids"}, {"text", "sender_id"}),
}
# What an expansion adds to the things themselves.
EXPANDED = {
    "author_id": "author_id",
    "in_reply_to_user_id": "in_reply_to_user_id",
    "sender_id": "sender_id",
    "participant_ids": "participant_ids",
    "referenced_tweets.id": "referenced_posts",
    "referenced_tweets.id.author_id": "referenced_posts",
    "referenced_posts": "referenced_posts",
    "edit_history_post_ids": "edit_history_post_ids",
    "attachments.media_keys": "attachments",
}


def routes() -> list[str]:
    """Everything that is served in X's name, as `GET /2/users/me`."""
    endpoints = [f"{one.method} {one.path}" for one in ENDPOINTS]
    access = [
        f"{method} {route.path}"
        for route in oauth.ROUTES
        for method in sorted((route.methods or set()) - {"HEAD"})
        if not route.path.startswith("/i/")
    ]
    return endpoints + access


def table(heading: str) -> list[list[str]]:
    """The rows of a table of the differences, without their backticks."""
    section = PAGE.read_text().partition(f"## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| `")]
    return [[cell.strip().replace("`", "") for cell in line.split("|")[1:-1]] for line in lines]


DIFFERENCES = "Where X's answers are not as its document has them"
NEVER = "Fields that are never there"


@cache
def never(kind: str) -> frozenset[str]:
    """Fields of a kind of thing that no answer has."""
    rows = [names.split(", ") for of, names, _ in table(NEVER) if of == kind]
    return frozenset(name for names in rows for name in names)


class Contract:
    def __init__(self, document: Document) -> None:
        self.document = document
        self.routes = [(route, _pattern(route)) for route in routes()]
        self.known = {(route, part): why for route, part, why in table(DIFFERENCES)}
        self.answers: Counter[str] = Counter()
        self.successes: Counter[str] = Counter()
        self.refusals: Counter[str] = Counter()
        self.said: Counter[str] = Counter()
        self.differed: Counter[tuple[str, str]] = Counter()
        self.served: defaultdict[str, set[str]] = defaultdict(set)

    def findings(self, answer: httpx.Response) -> list[str]:
        """What X would not have answered like this. Counts what it has seen."""
        path = answer.request.url.path
        if not path.startswith(("/2/", "/oauth2/")):
            return []
        route = self.route(answer.request.method, path)
        self.answers[route] += 1
        found = self._refused(answer) if answer.status_code >= 400 else self._told(route, answer)
        return [f"{answer.request.method} {path} ({answer.status_code}) {text}" for text in found]

    def goes_on(self, answer: httpx.Response) -> bool:
        """It is a stream: its lines are looked at one by one, as they come."""
        route = self.route(answer.request.method, answer.request.url.path)
        return answer.status_code < 400 and self.document.is_stream(route)

    def findings_of_line(self, request: httpx.Request, body: Any) -> list[str]:
        """What X would not have said like this in a stream."""
        route = self.route(request.method, request.url.path)
        if "data" not in body:
            row = sayings.saying(body, sayings.ENDINGS)
            if row is None:
                return [f"{route} ends with what is not documented: {body}"]
            self.said[row.name] += 1
            return []
        return [f"{route} says {text}" for text in self._of_body(route, body, request)]

    def route(self, method: str, path: str) -> str:
        called = f"{method} {path}"
        return next((route for route, pattern in self.routes if pattern.fullmatch(called)), "")

    def _refused(self, answer: httpx.Response) -> list[str]:
        row = documented.refusal(answer)
        if row is None:
            return [f"is no documented refusal: {documented.described(answer)}"]
        self.refusals[row.name] += 1
        kind = answer.headers["content-type"].partition(";")[0]
        problem = isinstance(row.body, dict) and "title" in row.body
        if problem != (kind == "application/problem+json"):
            return [f"has the content type {kind}"]
        return []

    def _told(self, route: str, answer: httpx.Response) -> list[str]:
        self.successes[route] += 1
        status, content = self.document.success(route)
        if answer.status_code != status:
            return [f"should be {status}"]
        if self.document.is_stream(route):
            kind = answer.headers["content-type"]
            return [] if kind in content else [f"has the content type {kind}"]
        if "application/json" not in content:
            return [] if answer.content else ["has no content"]
        return self._of_body(route, answer.json(), answer.request)

    def _of_body(self, route: str, body: Any, request: httpx.Request) -> list[str]:
        found = [
            text for text in self.document.findings(route, body) if not self._is_known(route, text)
        ]
        if (route, "errors") in self.known:
            found += self._reservations(body)
        query = dict(parse_qsl(request.url.query.decode(), keep_blank_values=True))
        return found + self._fields(route, as_post(body), query)

    def _reservations(self, body: Any) -> Iterator[str]:
        for problem in body.get("errors", []):
            row = sayings.saying(problem, sayings.RESERVATIONS)
            if row is None:
                yield f"has a reservation that is not documented: {problem}"
            else:
                self.said[row.name] += 1

    def _is_known(self, route: str, text: str) -> bool:
        """A difference that is named, by its part or a part around it."""
        part = text.partition(": ")[0]
        for named in (key for key in self.known if key[0] == route):
            if part == named[1] or part.startswith((f"{named[1]}.", f"{named[1]}[")):
                self.differed[named] += 1
                return True
        return False

    def _fields(self, route: str, body: Mapping[str, Any], query: Mapping[str, str]) -> list[str]:
        kind = self.document.kind(route)
        if not kind or route.startswith("POST"):
            return []
        included = body.get("includes", {})
        things = [("data", kind, one) for one in _listed(body.get("data", []))]
        for name, its_kind in (("users", "User"), ("posts", "Post"), ("media", "Media")):
            things += [(f"includes.{name}", its_kind, one) for one in included.get(name, [])]
        doubled = [
            f"includes.{name}: has something twice"
            for name, ones in included.items()
            if len({one.get("id", one.get("media_key")) for one in ones}) != len(ones)
        ]
        found = {text for thing in things for text in self._of_thing(*thing, query)}
        return sorted(found) + doubled

    def _of_thing(
        self, place: str, kind: str, thing: Mapping[str, Any], query: Mapping[str, str]
    ) -> Iterator[str]:
        self.served[kind] |= thing.keys()
        asked = self.asked(kind, query)
        expansions = set(query.get("expansions", "").split(","))
        expanded = {EXPANDED[name] for name in expansions & EXPANDED.keys()}
        always, lacking = LIKE[thing.get("event_type", "")]
        for name in sorted(thing.keys() - asked - expanded - always):
            yield f"{place}: {name} was not asked for"
        for name in sorted((asked | always) - thing.keys() - OPTIONAL[kind] - lacking):
            if name not in never(kind):
                yield f"{place}: {name} was asked for and is not there"

    def asked(self, kind: str, query: Mapping[str, str]) -> set[str]:
        """The default and what was named, of those that the vocabulary of the call has."""
        properties = set(self.document.raw["components"]["schemas"][kind]["properties"])
        named = {
            name
            for parameter in FIELDS[kind]
            for name in as_post(dict.fromkeys(query.get(parameter, "").split(",")))
        }
        if is_post_vocabulary(query):
            properties &= set(self.document.choices(f"{kind}FieldsParameter"))
        return DEFAULT[kind] | (named & properties)


def is_post_vocabulary(query: Mapping[str, str]) -> bool:
    newer = {"referenced_posts", "edit_history_post_ids", "pinned_post_id", "most_recent_post_id"}
    return "post.fields" in query or bool(newer & set(query.get("expansions", "").split(",")))


def _pattern(route: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(route)))


def _listed(data: Any) -> list[Any]:
    return data if isinstance(data, list) else [data]
