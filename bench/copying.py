"""Rows on their way into a table by COPY, whatever columns its model has today."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from io import StringIO
from typing import Any

from django.db import connection
from django.db.models import Field, JSONField, Model

ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"})


class Sheet:
    """Columns that are not named take the default of their field, the same in every row."""

    def __init__(self, model: type[Model], *names: str) -> None:
        fields = {field.attname: field for field in model._meta.concrete_fields}
        rest = [field for name, field in fields.items() if name not in names and has_default(field)]
        named = [fields[name] for name in names]
        self.table = model._meta.db_table
        self._columns = ", ".join(f'"{field.column}"' for field in [*named, *rest])
        self._tail = "".join(f"\t{copied(default_of(field))}" for field in rest) + "\n"
        self._lines = StringIO()
        self.rows = 0

    def add(self, *values: Any) -> None:
        self._lines.write("\t".join(map(copied, values)) + self._tail)
        self.rows += 1

    def send(self) -> None:
        """Copies what was added since the last time."""
        self._lines.seek(0)
        with connection.cursor() as cursor:
            cursor.copy_expert(f"COPY {self.table} ({self._columns}) FROM STDIN", self._lines)
        self._lines = StringIO()

    def set_sequence(self) -> None:
        """The next row of the product takes the id after the last of ours."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_get_serial_sequence(%s, 'id')", [self.table])
            name = cursor.fetchone()[0]
            table = connection.ops.quote_name(self.table)
            last = f"SELECT setval(%s, greatest(max(id), 1)) FROM {table}"
            cursor.execute(last, [name])


def has_default(field: Field[Any, Any]) -> bool:
    """Generated columns, and those for which Postgres has a default, are left to Postgres."""
    return not (field.primary_key or field.generated or field.has_db_default())


def default_of(field: Field[Any, Any]) -> Any:
    value = field.get_default()
    return json.dumps(value) if isinstance(field, JSONField) and value is not None else value


def copied(value: Any) -> str:
    """A value as COPY's text format wants it."""
    write = FORMS.get(type(value), str)
    return write(value)


def copied_text(text: str) -> str:
    if "\\" in text or "\n" in text or "\r" in text or "\t" in text:
        return text.translate(ESCAPES)
    return text


def copied_json(value: Any) -> str:
    return json.dumps(value).translate(ESCAPES) if value else "{}"


FORMS: dict[type, Callable[[Any], str]] = {
    type(None): lambda value: "\\N",
    str: copied_text,
    bool: lambda value: "t" if value else "f",
    datetime: datetime.isoformat,
    dict: copied_json,
}
