"""The list of all calls in docs/x-api.md is that of the client; the simulator answers each."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

import pytest
from django.conf import settings as configured

from accounts.models import BrandAccount
from tests.twitter_sync.every_call import EVERY_CALL
from tests.twitter_sync.small_x import Call, Said, SmallX
from twitter_sync import budgets
from twitter_sync.client import Client
from twitter_sync.endpoints import ENDPOINTS, UNDOCUMENTED, Endpoint
from twitter_sync.errors import XError

HERE = Path(__file__).parent
PAGE = configured.BASE_DIR / "docs/x-api.md"
HEAD = "| call | of X | with whose token, and its scopes | in 15 minutes |"
# These meet a small server that answers as X's documents say.
BY_DOCUMENTS = {"test_calls", "test_streaming", "test_uploads", "test_arrivals"}
# Called by `uploads.upload`.
UPLOAD = "upload"
IN_UPLOADS = ("initialize_upload", "append_upload", "finalize_upload", "upload_status")


def test_the_page_lists_every_call(acme: BrandAccount, small_x: SmallX) -> None:
    small_x.anything = Said({})
    table = "\n".join([HEAD, "|---|---|---|---|", *rows(acme, small_x)])
    assert table in PAGE.read_text(), f"Put this into {PAGE.name}:\n\n{table}\n"


def rows(acme: BrandAccount, x: SmallX) -> Iterator[str]:
    client = Client("token", scope=budgets.user_scope(acme.x_user_id), brand=acme)
    for name, call in EVERY_CALL.items():
        x.calls.clear()
        with suppress(XError), budgets.lifted():
            call(client)
        asked = [(shown(made), endpoint_of(made)) for made in x.calls]
        routes = ", ".join(f"`{route}`" for route, _ in asked)
        endpoint = asked[0][1]
        token = f"handle: {endpoint.scopes}" if endpoint.scopes else "app"
        limits = limits_of(endpoint)
        yield f"| `{name}` | {routes} | {token} | {limits} |"


def shown(call: Call) -> str:
    path = re.sub(r"(?<=.)/(\d+(-\d+)?|u-1)(?=/|$)", "/:id", call.path)
    return f"{call.method} {path.replace('a.jpg', ':name')}"


def endpoint_of(call: Call) -> Endpoint:
    return next(endpoint for endpoint in ENDPOINTS if endpoint.takes(call.method, call.path))


def limits_of(endpoint: Endpoint) -> str:
    limits = endpoint.limits
    if limits is UNDOCUMENTED:
        return "not told"
    days = [(limits.user_24h, "a day"), (limits.app_24h, "a day for the app")]
    told = [f"{limits.user_15m if endpoint.scopes else limits.app_15m:,}"]
    return "; ".join(told + [f"{count:,} {span}" for count, span in days if count])


@cache
def tries() -> dict[str, set[str]]:
    """The test modules that call each by its name."""
    found: dict[str, set[str]] = {name: set() for name in (*EVERY_CALL, UPLOAD)}
    for module in HERE.glob("test_*.py"):
        for node in ast.walk(ast.parse(module.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                found.get(node.func.attr, set()).add(module.stem)
    return found | {name: found[name] | found[UPLOAD] for name in IN_UPLOADS}


@pytest.mark.parametrize("name", EVERY_CALL)
def test_each_is_tried_with_the_simulator(name: str) -> None:
    assert tries()[name] - BY_DOCUMENTS
