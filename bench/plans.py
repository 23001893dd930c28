"""How Postgres finds the rows of a page: its scans, out of EXPLAIN ANALYZE."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from django.db import connection, transaction

from bench.tables import print_table

HEADS = ("page", "ms", "rows", "scans")


def print_plans(pages: dict[str, list[str]], markdown: bool) -> None:
    """One line for each statement of a page, in the order in which they run."""
    rows = [row for name, statements in pages.items() for row in rows_of(name, statements)]
    print_table(
        "How Postgres finds the rows (one visit of each page)", HEADS, rows, markdown=markdown
    )


def rows_of(name: str, statements: list[str]) -> list[list[str]]:
    """In one transaction, as long as which settings last that a page makes for some of them."""
    with transaction.atomic():
        return [
            row_of(f"{name} ({number})", statement)
            for number, statement in enumerate(statements, 1)
            if statement.lstrip().startswith(("SELECT", "WITH", "("))
        ]


def row_of(name: str, statement: str) -> list[str]:
    told = explained(statement)
    plan = told["Plan"]
    return [name, f"{told['Execution Time']:.2f}", str(plan["Actual Rows"]), scans_in(plan)]


def explained(statement: str) -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}")
        answer: dict[str, Any] = cursor.fetchone()[0][0]
    return answer


def scans_in(plan: dict[str, Any]) -> str:
    """`conv_open ×20, contact_pkey`; a table that is read from end to end stands with its size."""
    found = Counter(filter(None, map(scan_of, nodes(plan))))
    return ", ".join(
        name if how_many == 1 else f"{name} ×{how_many}" for name, how_many in found.items()
    )


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", []):
        yield from nodes(below)


def scan_of(node: dict[str, Any]) -> str:
    if node["Node Type"] == "Seq Scan":
        rows = int(node["Actual Rows"] + node.get("Rows Removed by Filter", 0))
        return f"all {rows} of {node['Relation Name']}"
    return str(node.get("Index Name", ""))
