"""Imports go one way, and views reach tenants' rows through `visible_to` alone.

twitter_sync → inbox → accounts; config may import all; x_simulator none (ARCHITECTURE.md). Rows of
tenants are reached in views through `visible_to` or `administered_by` (trust R12).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps

ROOT = Path(__file__).resolve().parent.parent
APPS = ("accounts", "inbox", "twitter_sync")
MAY_IMPORT = {
    "accounts": {"accounts"},
    "inbox": {"accounts", "inbox"},
    "twitter_sync": {"accounts", "inbox", "twitter_sync"},
    "x_simulator": {"x_simulator"},
}
HOUSES = {"accounts", "inbox", "twitter_sync", "x_simulator", "config", "tests"}
# What X calls things on the wire. `inbox` has its own words for them.
WIRE_WORDS = re.compile(r"tweet|dm_?event|account_activity|for_user_id|twitter_sync\.", re.I)
# Of this machine.
OUR_CLOCK = re.compile(
    r"\b(timezone\.now|datetime\.now|datetime\.utcnow|time\.time|time_ns)\b"
    r"|\blocal(time|date)\(\)"
)
# What asks the machine: to tell how far off it is, or before there is a database.
ASK_IT = {
    "accounts/clock.py",
    "config/on_time.py",
    "config/embedded/bootstrap.py",
    "config/embedded/session.py",
}
# Tasks are called by name, and one library has a function called so.
HARMLESS = re.compile(r'"twitter_sync\.[a-z_]+"|\bparse_tweet\b')


def modules(folder: str) -> list[Path]:
    return sorted(path for path in (ROOT / folder).rglob("*.py") if "migrations" not in path.parts)


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imported(path: Path) -> Iterator[tuple[int, str]]:
    """Line and top package of every import of a module, those inside functions too."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name.split(".")[0]) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = (node.module or "").split(".")[0]
            yield node.lineno, path.relative_to(ROOT).parts[0] if node.level else package


@pytest.mark.parametrize("house", MAY_IMPORT)
def test_imports_go_one_way(house):
    allowed = MAY_IMPORT[house] | (set() if house == "x_simulator" else {"config"})
    strays = [
        f"{name_of(path)}:{line} imports {package}"
        for path in modules(house)
        for line, package in imported(path)
        if package in HOUSES - allowed
    ]
    assert not strays


def test_apps_import_no_settings_and_no_urls_of_config():
    """They may read its words and helpers; its settings come through django.conf."""
    strays = [
        f"{name_of(path)}:{node.lineno}"
        for house in APPS
        for path in modules(house)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom)
        and re.match(r"config\.(settings|urls|wsgi|live_asgi)", node.module or "")
    ]
    assert not strays


def test_the_inbox_never_names_xs_wire():
    strays = [
        f"{name_of(path)}:{number} {line.strip()}"
        for path in modules("inbox")
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if WIRE_WORDS.search(HARMLESS.sub("", line))
    ]
    assert not strays


def test_what_time_it_is_the_clock_of_the_database_says():
    """trust R24: the clock of a machine may be an hour off. `accounts/clock.py` says how."""
    strays = [
        f"{name_of(path)}:{number} {line.strip()}"
        for house in (*APPS, "config")
        for path in modules(house)
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if OUR_CLOCK.search(line) and name_of(path) not in ASK_IT
    ]
    assert not strays


def test_nothing_is_copied_into_the_database():
    """psycopg2 can't where it hangs up on silence: `config/silence.py`."""
    strays = [
        name_of(path)
        for house in (*APPS, "config")
        for path in modules(house)
        if re.search(r"\.copy_(expert|from|to)\b", path.read_text())
    ]
    assert not strays


# What speaks to the world, by any door of it: X's API, the simulator's control calls, the storage
# that whoever runs this has chosen, and the one way to all the rest.
SPEAKERS = {
    "twitter_sync/transport.py",
    "twitter_sync/client.py",
    "twitter_sync/streaming.py",
    "twitter_sync/simulator.py",
    "twitter_sync/safe_fetch.py",
    "inbox/media/bucket.py",
}
DOORS = {"requests", "httpx", "urllib3", "socket", "ftplib", "aiohttp", "tweepy", "boto3"}
DOORS_WITHIN = re.compile(r"\b(urllib\.request|http\.client|urlopen|asyncio\.open_connection)\b")


def test_nothing_fetches_past_the_one_way_to_fetch():
    """trust R15: what is no call of X's API goes through `twitter_sync.safe_fetch`."""
    strays = [
        name_of(path)
        for house in APPS
        for path in modules(house)
        if {package for _, package in imported(path)} & DOORS
        or DOORS_WITHIN.search(path.read_text())
    ]
    assert set(strays) == SPEAKERS


def tenant_models() -> set[str]:
    """Every model whose rows belong to some people and not to others."""
    return {model.__name__ for app in APPS for model in apps.get_app_config(app).get_models()}


def unguarded(tree: ast.AST, models: set[str]) -> Iterator[int]:
    """Lines of `Model.objects` that is not followed by a guard at once."""
    guarded = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in {"visible_to", "administered_by"}
    }
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Attribute) and node.attr == "objects"):
            continue
        if isinstance(node.value, ast.Name) and node.value.id not in models:
            continue
        if id(node) not in guarded:
            yield node.lineno


def view_modules() -> list[Path]:
    names = {"accounts/context.py"}  # what every template is given
    return [
        path
        for house in APPS
        for path in modules(house)
        if name_of(path) in names or {"views", "api"} & set(path.parts)
    ]


def test_views_reach_rows_through_their_visibility_alone():
    models = tenant_models()
    strays = [
        f"{name_of(path)}:{line}"
        for path in view_modules()
        for line in unguarded(ast.parse(path.read_text()), models)
    ]
    assert not strays, "use .visible_to(user) or .administered_by(user), or an access_… function"


@pytest.mark.parametrize(
    "code",
    [
        "Conversation.objects.get(pk=1)",
        "User.objects.enabled()",
        "models.Team.objects.all()",
        "Team.objects",
        "[m for m in Message.objects.filter(x=1).visible_to(user)]",
    ],
)
def test_the_rule_catches_what_it_should(code):
    assert list(unguarded(ast.parse(code), tenant_models()))


@pytest.mark.parametrize(
    "code", ["Team.objects.visible_to(user)", "AccessAttempt.objects.filter(x=1)"]
)
def test_the_rule_lets_the_rest_pass(code):
    assert not list(unguarded(ast.parse(code), tenant_models()))


def test_every_model_that_people_read_has_a_visibility():
    """Rows of history and bookkeeping are reached through the conversation or brand they are of."""
    readable = {
        "accounts": {"BrandAccount", "Membership", "Team", "User"},
        "inbox": {"Contact", "Conversation", "ConversationEvent", "Message", "Note", "Thread"},
    }
    for app, names in readable.items():
        for name in names:
            assert hasattr(apps.get_model(app, name).objects.all(), "visible_to"), name
