"""X's own OpenAPI document, read strictly.

Its success schemas require almost nothing and forbid nothing. Here they are closed: whatever the
document does not know is a finding. Findings are short texts that begin with the place.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema_rs import Draft202012Validator, ValidationError, ValidationErrorKind

Json = dict[str, Any]

# The document speaks the newer vocabulary alone; answers in the older one are put into it first.
TWEET_TO_POST = {
    "referenced_tweets": "referenced_posts",
    "edit_history_tweet_ids": "edit_history_post_ids",
    "note_tweet": "note_post",
    "retweet_count": "repost_count",
    "tweet_count": "post_count",
    "pinned_tweet_id": "pinned_post_id",
    "most_recent_tweet_id": "most_recent_post_id",
    "tweets": "posts",
}
# The document leaves these three endpoints out: the bodies of X's pages about authentication.
_TEXT = {"type": "string", "minLength": 1}
_BEARER = {"const": "bearer"}
ACCESS = {
    "POST /2/oauth2/token": {
        "token_type": _BEARER,
        "expires_in": {"const": 7200},
        "access_token": _TEXT,
        "scope": _TEXT,
        "refresh_token": _TEXT,
    },
    "POST /2/oauth2/revoke": {"revoked": {"const": True}},
    "POST /oauth2/token": {"token_type": _BEARER, "access_token": _TEXT},
}


def path() -> Path:
    return Path(os.environ["SHARED_DATA"]).parent / "reference" / "x-openapi-2.167.json"


@cache
def document() -> Document:
    return Document(json.loads(path().read_text()))


def shape(path: str) -> str:
    """A path whose parameters have no names: the document and the simulator name them apart."""
    return re.sub(r"\{\w+\}", "{}", path)


def as_post(value: Any) -> Any:
    if isinstance(value, dict):
        return {TWEET_TO_POST.get(key, key): as_post(item) for key, item in value.items()}
    return [as_post(item) for item in value] if isinstance(value, list) else value


class Document:
    def __init__(self, raw: Json) -> None:
        self.raw = raw
        self.components = {"schemas": closed(raw["components"]["schemas"])}
        self._validators: dict[str, Draft202012Validator] = {}
        self.operations = {
            f"{method.upper()} {shape(path)}": operation
            for path, methods in raw["paths"].items()
            for method, operation in methods.items()
        }

    def knows(self, route: str) -> bool:
        return shape(route) in self.operations or route in ACCESS

    def is_stream(self, route: str) -> bool:
        """Its answer has no end: a body a line."""
        return bool(self.operations.get(shape(route), {}).get("x-twitter-streaming"))

    def success(self, route: str) -> tuple[int, Json]:
        """The status of a success, and what its content may be, by media type."""
        if route in ACCESS:
            must = [name for name in ACCESS[route] if name != "refresh_token"]
            schema = {"type": "object", "properties": ACCESS[route], "required": must}
            return 200, {"application/json": {"schema": schema | {"additionalProperties": False}}}
        responses = self.operations[shape(route)]["responses"]
        status = next(code for code in responses if code.startswith("2"))
        return int(status), responses[status].get("content", {})

    def findings(self, route: str, body: Any) -> list[str]:
        """What the document would not have in this answer: `data.shoe_size: is not known`."""
        _, content = self.success(route)
        if route not in self._validators:
            schema = closed(content["application/json"]["schema"])
            self._validators[route] = Draft202012Validator(schema | {"components": self.components})
        found = self._validators[route].iter_errors(as_post(body))
        return sorted({text for error in found for text in _told(error)})

    def kind(self, route: str) -> str:
        """Of the things in `data`: Post, User, DmEvent, Connection, or empty."""
        text = json.dumps(self._data(route))
        known = re.search(r"schemas/(Post|User|DmEvent|Connection)\"", text)
        return known.group(1) if known else ""

    def _data(self, route: str) -> Json:
        if route in ACCESS:
            return {}
        schema = self.success(route)[1].get("application/json", {}).get("schema", {})
        if "$ref" in schema:
            schema = self.raw["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        data: Json = schema.get("properties", {}).get("data", {})
        return data

    def parameters(self, route: str) -> set[str]:
        """The names of what a call may have in its query."""
        given = self.operations[shape(route)].get("parameters", [])
        known = self.raw["components"]["parameters"]
        whole = [known[one["$ref"].rpartition("/")[2]] if "$ref" in one else one for one in given]
        return {one["name"] for one in whole if one["in"] == "query"}

    def choices(self, parameter: str) -> list[str]:
        """The values that a parameter of the components may have."""
        values: list[str] = self.raw["components"]["parameters"][parameter]["schema"]["items"][
            "enum"
        ]
        return list(dict.fromkeys(values))


def closed(schema: Any) -> Any:
    """In the words of JSON Schema, and with nothing allowed that is not named."""
    if isinstance(schema, list):
        return [closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    strict = {key: closed(item) for key, item in schema.items() if key != "nullable"}
    if isinstance(schema.get("properties"), dict):
        strict.setdefault("additionalProperties", False)
    if schema.get("nullable") is True and "type" in schema:
        strict["type"] = [schema["type"], "null"]
    return strict


def _told(error: ValidationError) -> Iterator[str]:
    steps = ["[]" if isinstance(step, int) else step for step in error.instance_path]
    place = ".".join(steps).replace(".[]", "[]")
    if isinstance(error.kind, ValidationErrorKind.AdditionalProperties):
        for name in error.kind.unexpected:
            yield f"{place}.{name}: is not known".removeprefix(".")
    else:
        yield f"{place}: {error.message[:200]}"
