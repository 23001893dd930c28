"""Texts as cells of a spreadsheet: no programme takes them for formulas (trust X7)."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from io import StringIO

# At the beginning, and behind whatever another programme may take for the end of a cell.
FORMULA = re.compile(r"^(?=[\t\r]|\s*[=+\-@])|(?<=[,;|\t\r\n])(?=[ ]*[=+\-@])")


def cell(value: object) -> str:
    """A number stays one; a text that could be read as a formula is marked with an apostrophe."""
    return str(value) if isinstance(value, int | float) else FORMULA.sub("'", str(value))


def as_csv(rows: Iterable[Iterable[object]]) -> str:
    """Quoted throughout, with the mark by which spreadsheets know UTF-8."""
    written = StringIO()
    csv.writer(written, quoting=csv.QUOTE_ALL).writerows([map(cell, row) for row in rows])
    return "\ufeff" + written.getvalue()
