"""What the benches can be told."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path

SIZES = (10_000, 100_000)


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    programs = parser.add_subparsers(dest="program", required=True)
    fill = programs.add_parser("fill", prog="bench/fill", help="fill a database")
    fill.add_argument("conversations", type=positive, metavar="N", help="how many conversations")
    fill.add_argument("--password", help="lets the invented people sign in with it")
    fill.add_argument(
        "--until", type=moment, help="when the newest was said (ISO, default: this hour)"
    )
    common(fill)
    ingest = programs.add_parser("ingest", prog="bench/ingest", help="measure what comes in")
    ingest.add_argument("--events", type=positive, default=2_000, help="backlog that is applied")
    ingest.add_argument("--pushes", type=positive, default=2_000, help="pushes to each webhook")
    measured(ingest, rounds=3, warm_up=40)
    desk = programs.add_parser("desk", prog="bench/desk", help="measure the pages of the desk")
    desk.add_argument(
        "conversations", type=positive, nargs="*", default=[*SIZES], metavar="N",
        help="sizes to measure at (default: 10000 100000)",
    )  # fmt: skip
    desk.add_argument("--plans", action="store_true", help="also print how Postgres finds the rows")
    measured(desk, rounds=20, warm_up=20)
    return parser.parse_args(arguments)


def common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data-dir",
        type=Path,
        help="folder of the database, kept; without it (and without DATABASE_URL) a temporary one",
    )
    parser.add_argument("--seed", type=int, default=1, help="the same seed invents the same")


def measured(parser: argparse.ArgumentParser, *, rounds: int, warm_up: int) -> None:
    common(parser)
    parser.add_argument("--rounds", type=positive, default=rounds, help="product, floor, product …")
    parser.add_argument(
        "--warm-up", type=positive, default=warm_up, help="requests to each that do not count"
    )
    parser.add_argument("--markdown", action="store_true", help="print tables as Markdown")


def moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text} is not a moment like 2026-05-01T12:00") from error


def positive(text: str) -> int:
    number = int(text) if text.isdecimal() and len(text) < 10 else 0
    if not number:
        raise argparse.ArgumentTypeError(f"{text} is not a number of one or more")
    return number
