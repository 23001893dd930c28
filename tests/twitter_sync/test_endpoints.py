"""Every call is one that X documents, with its limit and its scopes: `twitter_sync.endpoints`."""

from __future__ import annotations

import json
import os
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from twitter_sync import endpoints, oauth
from twitter_sync.endpoints import ENDPOINTS, LIMITS, Endpoint, UnknownEndpoint, endpoint_of

REFERENCE = Path(os.environ.get("SHARED_DATA", "/nowhere"), "../reference/x-openapi-2.167.json")
# X names these as posts only in later documents; a path parameter differs.
SAMPLES = {"endpoint_id": "filtered_stream", "resource_id": "x1Y2z3.jpg"}
# Where X asks for no scope in general, but for one by the kind of event.
BY_EVENT = {"subscribe"}


def test_no_call_goes_uncounted():
    assert len(LIMITS) == len(ENDPOINTS)
    with pytest.raises(UnknownEndpoint):
        endpoint_of("GET", "/2/users/1/liked_tweets")


@pytest.mark.parametrize(
    ("method", "path", "name"),
    [
        ("GET", "/2/dm_events/1992", "dm_event"),
        ("DELETE", "/2/dm_events/1992", "dm_delete"),
        ("GET", "/2/dm_conversations/1-2/dm_events", "dm_events_of"),
        ("GET", "/2/dm_conversations/with/2/dm_events", "dm_events_with"),
        ("GET", "/2/dm_conversations/media/1/2/a.jpg", "dm_media"),
        ("POST", "/2/dm_conversations/1991/messages", "dm_send"),
        ("POST", "/2/webhooks/replay", "replay_webhook"),
        ("PUT", "/2/webhooks/1", "check_webhook"),
        ("DELETE", "/2/connections/all", "end_all_connections"),
        ("DELETE", "/2/connections/filtered_stream", "end_connections_of"),
        ("DELETE", "/2/connections/firehose_stream_lang_en", "end_connections_of"),
        ("GET", "/2/tweets/search/stream/rules/counts", "rule_counts"),
    ],
)
def test_each_call_is_known_by_its_path(method, path, name):
    assert endpoint_of(method, path) == name
    assert [one.name for one in ENDPOINTS if one.takes(method, path)] == [name]


def test_consent_is_asked_for_all_that_the_calls_need():
    needed = {scope for endpoint in ENDPOINTS for scope in endpoint.scopes.split()}
    assert needed | {"offline.access"} == set(oauth.SCOPES.split())


@cache
def documented() -> dict[str, dict[str, Any]]:
    operations: dict[str, dict[str, Any]] = {}
    for path, methods in json.loads(REFERENCE.read_text())["paths"].items():
        sample = re.sub(r"{(\w+)}", lambda name: SAMPLES.get(name[1], "1"), path)
        for method, operation in methods.items():
            operations[f"{method.upper()} {sample}"] = operation
    return operations


@pytest.mark.shared_data
@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.name)
def test_each_is_documented_with_the_token_that_it_takes(endpoint: Endpoint):
    found = [
        operation
        for call, operation in documented().items()
        if endpoint.takes(*call.split(" ", 1)) and "/search/all" not in call
    ]
    assert found
    for operation in found:
        ways = {name: scopes for way in operation["security"] for name, scopes in way.items()}
        if not endpoint.scopes:
            assert "BearerToken" in ways
        elif endpoint.name not in BY_EVENT:
            assert set(ways["OAuth2UserToken"]) == set(endpoint.scopes.split())


def test_a_day_of_a_handle_never_exceeds_that_of_the_app():
    for name, limits in endpoints.LIMITS.items():
        if limits.user_24h and limits.app_24h:
            assert limits.user_24h <= limits.app_24h, name
