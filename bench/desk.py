"""`bench/desk`: every page of the desk beside a bare Django view that runs the same statements."""

from __future__ import annotations

import json
import os
import re
import tempfile
from argparse import Namespace
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.models import Role, User
from bench import Refused
from bench.filling import fill, require_empty
from bench.load import Measured, Plan, Request, Target, measure
from bench.plans import print_plans
from bench.recording import statements_of, without_sign_in
from bench.surroundings import FLOOR, PRODUCT, serve
from bench.tables import machine, p50, p95, print_table, times
from inbox.desk import VIEWS, cursor_of
from inbox.models import Conversation, Message

VISITS, EACH = 12, 12
FRAGMENT = {"HX-Request": "true"}
HEADS = (
    "page", "Handled p50", "p95", "floor p50", "p95", "ratio", "statements", "of the floor", "kB",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Visit:
    """One person looks at one page."""

    user: User
    path: str
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the table: a page as several people see it, and what it asks the database."""

    name: str
    visits: list[Visit]
    requests: list[Request] = field(default_factory=list)
    statements: list[list[str]] = field(default_factory=list)

    @property
    def without_sign_in(self) -> list[list[str]]:
        return [without_sign_in(one) for one in self.statements]


def refuse(options: Namespace) -> None:
    if is_filled():
        require(options.conversations[0])
    else:
        require_empty()


def main(options: Namespace) -> None:
    size = have(options.conversations[0], options.seed)
    lines = [record(Line(name, visits)) for name, visits in pages(options.seed)]
    found = race(lines, options.rounds, options.warm_up)
    title = (
        f"{size:,} conversations, {Message.objects.count():,} messages. Milliseconds; {machine()}"
    )
    rows = [row_of(line, *pair) for line, pair in zip(lines, found, strict=True)]
    print_table(title, HEADS, rows, markdown=options.markdown)
    if options.plans:
        print_plans({line.name: line.without_sign_in[0] for line in lines}, options.markdown)


def have(size: int, seed: int) -> int:
    """Fills an empty database. Raises Refused when it has another size."""
    if not is_filled():
        fill(size, seed=seed)
    require(size)
    return size


def is_filled() -> bool:
    tables = connection.introspection.table_names()
    return Conversation._meta.db_table in tables and Conversation.objects.exists()


def require(size: int) -> None:
    """Raises Refused when `bench/fill` did not make these conversations, or another number."""
    found = Conversation.objects.count()
    if found != size or not User.objects.filter(email__endswith="@bench.example").exists():
        raise Refused(
            f"this database has {found:,} conversations, not {size:,} of bench/fill. Name that "
            "number, an empty database in DATABASE_URL, or a new folder with --data-dir."
        )


# Which pages, and who looks at them


def pages(seed: int) -> Iterator[tuple[str, list[Visit]]]:
    random = Random(seed)
    agents = list(User.objects.filter(memberships__role=Role.AGENT).distinct().order_by("pk"))
    busy = [one for one in agents if Conversation.objects.visible_to(one).exists()]
    agents = random.sample(busy, min(VISITS, len(busy)))
    manager = User.objects.filter(memberships__role=Role.MANAGER).distinct().get()
    yield "rows of a list", [Visit(one, f"/desk/rows/?view={some_view(random)}") for one in agents]
    yield (
        "rows of a list, 20 brands",
        [Visit(manager, f"/desk/rows/?view={view}") for view in VIEWS],
    )
    yield "rows, far down the resolved", [Visit(one, far_down(one)) for one in agents]
    yield "counts and list", [Visit(one, f"/desk/list/?view={some_view(random)}") for one in agents]
    yield (
        "counts and list, 20 brands",
        [Visit(manager, f"/desk/list/?view={view}") for view in VIEWS],
    )
    yield "conversation", [Visit(one, some_thread(one, random), FRAGMENT) for one in agents]
    yield "desk, whole page", [Visit(one, "/desk/") for one in agents]
    yield (
        "desk with a conversation, whole page",
        [Visit(one, some_thread(one, random)) for one in agents],
    )
    yield "search, a common word", [Visit(one, common_word(one)) for one in agents]
    yield "search, a rare word", [Visit(one, rare_word(one)) for one in agents]


def some_view(random: Random) -> str:
    return random.choice(list(VIEWS))


def some_thread(user: User, random: Random) -> str:
    """The address of a conversation that `user` may see, of any length."""
    numbers = Conversation.objects.visible_to(user).values_list("pk", flat=True)
    return reverse("inbox:conversation-detail", args=[random.choice(list(numbers))])


def far_down(user: User) -> str:
    """The rows after the middle of all resolved conversations that `user` sees."""
    rows = Conversation.objects.visible_to(user).resolved().newest_first()
    middle = rows[rows.count() // 2 :].first()
    after = f"&after={cursor_of(middle.pk, middle.last_activity_at)}" if middle else ""
    return f"/desk/rows/?view=resolved{after}"


def common_word(user: User) -> str:
    """A word of one message in ten."""
    return f"{reverse('inbox:search')}?q=order"


def rare_word(user: User) -> str:
    """The number of an order that somebody names, and hardly anybody else."""
    messages = Message.objects.visible_to(user).filter(text__regex="[0-9]{8}").order_by("pk")
    said = messages.values_list("text", flat=True).first() or "00000000"
    number = "".join(re.findall("[0-9]{8}", said)[:1])
    return f"{reverse('inbox:search')}?q={number}"


# Measuring


def record(line: Line) -> Line:
    """Visits each page once in this process, to learn its statements."""
    for visit in line.visits:
        client = Client(SERVER_NAME="127.0.0.1")
        client.force_login(visit.user, "django.contrib.auth.backends.ModelBackend")
        cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
        headers = visit.headers | {"Cookie": f"{settings.SESSION_COOKIE_NAME}={cookie}"}
        line.requests.append(Request("GET", visit.path, headers))
        line.statements.append(statements_of(client, visit.path, visit.headers))
    return line


def race(lines: list[Line], rounds: int, warm_up: int) -> list[list[Measured]]:
    """Product and floor of every line, in turns, one client at a time."""
    with ExitStack() as stack:
        plans = floor_requests(lines, stack)
        environment = dict(os.environ)
        product, floor = (serve(stack, site, environment) for site in (PRODUCT, FLOOR))
        asked = [
            [Target(product, line.requests), Target(floor, below)]
            for line, below in zip(lines, plans, strict=True)
        ]
        return [measure(Plan(targets, rounds, EACH, warm_up=warm_up)) for targets in asked]


def floor_requests(lines: list[Line], stack: ExitStack) -> list[list[Request]]:
    """Writes what the floor is to run, and tells it through its environment where that is."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-pages-")))
    pages = {
        f"{number}/{place}": statements
        for number, line in enumerate(lines)
        for place, statements in enumerate(line.without_sign_in)
    }
    file = folder / "pages.json"
    file.write_text(json.dumps(pages))
    os.environ["BENCH_PAGES"] = str(file)
    return [
        [Request("GET", f"/pages/{number}/{place}") for place in range(len(line.visits))]
        for number, line in enumerate(lines)
    ]


def row_of(line: Line, product: Measured, floor: Measured) -> list[str]:
    ours, theirs = product.milliseconds, floor.milliseconds
    return [
        line.name,
        f"{p50(ours):.1f}",
        f"{p95(ours):.1f}",
        f"{p50(theirs):.1f}",
        f"{p95(theirs):.1f}",
        times(p50(ours) / p50(theirs)),
        span([len(one) for one in line.statements]),
        span([len(one) for one in line.without_sign_in]),
        f"{product.bytes / 1000:.0f}",
    ]


def span(numbers: list[int]) -> str:
    low, high = min(numbers), max(numbers)
    return str(low) if low == high else f"{low}–{high}"
