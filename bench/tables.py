"""What is printed: a table for people, or the same in Markdown for the docs."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from statistics import median, quantiles


def print_table(
    title: str, heads: Sequence[str], rows: Sequence[Sequence[str]], *, markdown: bool
) -> None:
    """The first column names the line and stands left, numbers stand right."""
    widths = [max(len(row[place]) for row in [heads, *rows]) for place in range(len(heads))]
    lines = [aligned(row, widths) for row in [heads, *rows]]
    print(f"\n{title}\n")
    if markdown:
        ruler = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
        lines.insert(1, ruler)
        print("\n".join(f"| {' | '.join(line)} |" for line in lines), flush=True)
    else:
        print("\n".join("  ".join(line) for line in lines), flush=True)


def aligned(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    first, *rest = zip(row, widths, strict=True)
    return [first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in rest)]


def machine() -> str:
    """What the figures were taken on, and how busy it was with other things."""
    load = " ".join(f"{number:.1f}" for number in os.getloadavg())
    return f"{os.cpu_count()} cores, Python {platform.python_version()}, load average {load}"


def p50(milliseconds: Sequence[float]) -> float:
    return median(milliseconds)


def p95(milliseconds: Sequence[float]) -> float:
    return percentile(milliseconds, 95)


def p99(milliseconds: Sequence[float]) -> float:
    return percentile(milliseconds, 99)


def percentile(numbers: Sequence[float], share: int) -> float:
    return quantiles(numbers, n=100, method="inclusive")[share - 1]


def times(ratio: float) -> str:
    return f"{ratio:.1f}×"
