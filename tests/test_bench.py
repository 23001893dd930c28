"""The benches run, print every line, fill in what the product itself would keep, and measure floors
that do the same work. How fast anything is, no test says."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg2
import pytest
from django.conf import settings
from django.db import connection
from django.test import RequestFactory

from accounts.models import BrandAccount
from bench import floor
from bench.checking import Inconsistent, check
from bench.filling import copy_in
from bench.invention import Inventor, Somebody
from bench.recording import recorded
from bench.stories import Story, Storyteller
from bench.town import Brand
from inbox.models import Contact, Conversation, Message
from tests.factories import make_contact, make_conversation
from tests.servers import TEMPLATE
from twitter_sync.models import RawEvent
from twitter_sync.signatures import signature

ROOT = Path(__file__).resolve().parent.parent
UNTIL = datetime(2026, 5, 1, 12, tzinfo=UTC)
DATABASE = f"bench_{os.getpid()}"
PAGES = {
    "rows of a list",
    "rows of a list, 20 brands",
    "rows, far down the resolved",
    "counts and list",
    "counts and list, 20 brands",
    "conversation",
    "desk, whole page",
    "desk with a conversation, whole page",
    "search, a common word",
    "search, a rare word",
}


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    """Nobody's, with our tables."""
    with made(DATABASE, of=TEMPLATE) as database:
        yield database


@pytest.fixture
def somebody_elses() -> Iterator[str]:
    with made(f"{DATABASE}_else") as database:
        with closing(psycopg2.connect(database)) as server, server.cursor() as cursor:
            cursor.execute("CREATE TABLE ledger (id int)")
            server.commit()
        yield database


@contextmanager
def made(name: str, of: str = "template1") -> Iterator[str]:
    """The address of a database beside the one of the tests, a copy of another."""
    ours = os.environ["DATABASE_URL"]
    with closing(psycopg2.connect(ours)) as server:
        server.autocommit = True
        with server.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {name} TEMPLATE {of}")
            yield urlunsplit(urlsplit(ours)._replace(path=f"/{name}"))
            cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")


def bench(database: str, *words: str, code: int = 0) -> str:
    """Runs a bench on `database`. Returns what it printed, or why it refused."""
    ran = subprocess.run(
        [sys.executable, "-m", "bench", *words],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": database},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == code, ran.stdout + ran.stderr
    return ran.stderr if code else ran.stdout


@pytest.fixture(scope="module")
def printed(database) -> dict[str, str]:
    """What each bench prints of a handful of conversations. Ingest comes first, and cleans up."""
    few = ("--rounds=1", "--warm-up=8", "--markdown")
    ingest = bench(database, "ingest", "--events=20", "--pushes=3", *few)
    fill = bench(database, "fill", "60")
    desk = bench(database, "desk", "60", "--plans", *few)
    return {"ingest": ingest, "fill": fill, "desk": desk}


def tables_in(text: str) -> list[dict[str, list[str]]]:
    """The Markdown tables of a text: the cells of each line by its first."""
    blocks = re.findall(r"(?:^\|.*\|\n)+", text, re.MULTILINE)
    split = [[line.strip("| ").split("|") for line in block.splitlines()[2:]] for block in blocks]
    return [{row[0].strip(): [cell.strip() for cell in row[1:]] for row in rows} for rows in split]


# The programs


@pytest.mark.deep
@pytest.mark.processes
def test_fill_says_what_it_wrote_and_that_the_product_agrees(printed):
    assert re.search(r"inbox_conversation +60 rows", printed["fill"])
    assert "60 conversations are as the product would have kept them" in printed["fill"]


@pytest.mark.deep
@pytest.mark.processes
def test_desk_has_every_page_beside_a_floor_of_the_same_statements(printed):
    lines = tables_in(printed["desk"])[0]
    assert set(lines) >= PAGES
    for name, cells in lines.items():
        statements, below = (max(map(int, cells[place].split("–"))) for place in (5, 6))
        assert 0 < below == statements - 2, f"{name}: all but the session and its person"


@pytest.mark.deep
@pytest.mark.processes
def test_desk_tells_how_the_rows_of_every_page_are_found(printed):
    plans = tables_in(printed["desk"])[1]
    assert {name.rpartition(" (")[0] for name in plans} >= PAGES


@pytest.mark.deep
@pytest.mark.processes
def test_ingest_has_the_webhook_and_applying_beside_their_floors(printed):
    pushes, applying = tables_in(printed["ingest"])
    assert list(pushes) == [
        "one client, the worker is free",
        "8 clients, the worker is free",
        "8 clients, the worker is busy",
    ]
    assert list(applying) == ["20 pushes"]
    assert all(cells[-1].endswith("×") for cells in pushes.values())


@pytest.mark.deep
@pytest.mark.processes
@pytest.mark.parametrize("words", [("fill", "10"), ("ingest",), ("desk", "61")])
def test_they_refuse_a_database_that_is_not_theirs_to_use(printed, database, words):
    said = bench(database, *words, code=1)
    assert "DATABASE_URL" in said
    assert "--data-dir" in said


@pytest.mark.processes
@pytest.mark.parametrize("words", [("fill", "10"), ("ingest",), ("desk", "60")])
def test_they_write_nothing_into_a_database_of_somebody_else(somebody_elses, words):
    """Not even our tables."""
    said = bench(somebody_elses, *words, code=1)
    assert "nothing was touched" in said
    with closing(psycopg2.connect(somebody_elses)) as server, server.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        assert cursor.fetchall() == [("ledger",)]


@pytest.mark.deep
@pytest.mark.processes
def test_the_docs_have_figures_of_every_line(printed):
    told = {
        name for table in tables_in((ROOT / "docs/performance.md").read_text()) for name in table
    }
    assert set(tables_in(printed["desk"])[0]) <= told
    assert set(tables_in(printed["ingest"])[0]) <= told


# What is filled in


@pytest.fixture
def filled(db) -> int:
    copy_in(120, seed=3, until=UNTIL, password=None)
    return 120


def test_every_filled_conversation_is_as_the_product_would_have_kept_it(filled):
    assert check(filled, seed=1) == filled
    assert 4 < Message.objects.count() / filled < 6
    most = Counter(Conversation.objects.values_list("status", flat=True)).most_common(1)
    assert most[0][0] == "resolved"


@pytest.mark.parametrize("wrong", [{"preview": "Something else"}, {"message_count": 1_000}])
def test_a_filled_row_that_the_product_would_not_keep_is_noticed(filled, wrong):
    Conversation.objects.filter(pk=1).update(**wrong)
    with pytest.raises(Inconsistent, match="#1 has"):
        check(filled, seed=1)


def test_an_entity_that_stands_elsewhere_is_noticed(filled):
    message = Message.objects.filter(entities__has_key="mentions").first()
    message.entities["mentions"][0]["start"] += 1
    message.save()
    with pytest.raises(Inconsistent, match="mentions"):
        check(filled, seed=1)


def test_the_next_row_of_the_product_takes_the_next_number(filled):
    assert make_contact().pk == Contact.objects.count()
    assert make_conversation(BrandAccount.objects.first()).number == filled + 1


def test_the_same_seed_tells_the_same_stories():
    assert told(seed=1) == told(seed=1)
    assert told(seed=1) != told(seed=2)


def told(seed: int) -> list[tuple[str, str]]:
    brand = Brand(1, Somebody("9", "acme_cares", "Acme", "en"), 1.0, [1, 2])
    teller = Storyteller(Inventor(seed), [brand], 30, UNTIL)
    stories: list[Story] = [teller.story(number) for number in range(1, 31)]
    return [(one.x_id, one.text.words) for story in stories for one in story.utterances]


# The floor


def test_the_floor_of_a_page_runs_the_very_statements(db, tmp_path, monkeypatch):
    make_contact("lena_b")
    statements = ["SELECT 1", "SELECT handle FROM inbox_contact WHERE handle LIKE 'lena%'"]
    pages = tmp_path / "pages.json"
    pages.write_text(json.dumps({"0/0": statements}))
    monkeypatch.setenv("BENCH_PAGES", str(pages))
    floor.statements.cache_clear()
    with recorded() as ran:
        answer = floor.page(RequestFactory().get("/pages/0/0"), "0/0")
    assert ran == statements
    assert answer.content == b"<p>1</p>\n<p>lena_b</p>"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("makes_settings", "found"), [(True, "off"), (False, "on")])
def test_settings_of_a_page_hold_in_its_floor_too(makes_settings, found):
    setting = "SELECT set_config('enable_sort', 'off', true)"
    asked = [setting] if makes_settings else []
    with floor.transaction_for(asked), connection.cursor() as cursor:
        cursor.execute(setting)
        cursor.execute("SHOW enable_sort")
        assert cursor.fetchone() == (found,)


def test_the_floor_of_the_webhook_checks_the_signature_and_inserts_one_row(db):
    body = b'{"data": {}}'
    assert knock(body, "sha256=wrong").status_code == 403
    assert not RawEvent.objects.exists()
    assert knock(body, signature(body, secret=settings.X_CONSUMER_SECRET)).status_code == 200
    assert bytes(RawEvent.objects.get().body) == body


def knock(body: bytes, signed: str):
    headers = {"x-twitter-webhooks-signature": signed}
    request = RequestFactory().post("/", body, content_type="application/json", headers=headers)
    return floor.webhook(request)


def test_recording_sees_the_parameters(db):
    with recorded() as found, connection.cursor() as cursor:
        cursor.execute("SELECT %s", ["100 %"])
    assert found == ["SELECT '100 %'"]
