"""Many rows in one statement, told to Postgres as one JSON text.

Django words and binds every value of every row. For what arrives by the hundred that takes longer
than Postgres takes to keep it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from django.db import connection, models

if TYPE_CHECKING:
    Column = models.Field[Any, Any]

M = TypeVar("M", bound=models.Model)


def insert(rows: Sequence[M]) -> None:
    """Writes new rows of one model, in their order, and gives them their keys."""
    if rows:
        keys = written(rows, "RETURNING id")
        for row, (key,) in zip(rows, keys, strict=True):
            row.pk = key


def insert_new(rows: Sequence[M], *, unique: str) -> list[M]:
    """Writes those whose `unique` field no row has yet, and gives them their keys. Returns them.

    In the order of that field, so that two workers wait for each other in no circle.
    """
    told = {getattr(row, unique): row for row in rows}
    in_order = [told[value] for value in sorted(told)]
    keys = written(in_order, f"ON CONFLICT ({unique}) DO NOTHING RETURNING id, {unique}")
    for key, value in keys:
        told[value].pk = key
    return [row for row in in_order if row.pk is not None]


def written(rows: Sequence[models.Model], ending: str) -> list[tuple[Any, ...]]:
    """Runs the INSERT, which ends with `ending`. Returns what that returns."""
    if not rows:
        return []
    model = type(rows[0])
    columns = [field for field in columns_of(model) if not field.primary_key]
    names = ", ".join(f"{field.column}" for field in columns)
    statement = (
        f"INSERT INTO {model._meta.db_table} AS held ({names})"  # noqa: S608 - names of our models
        f" SELECT {names} FROM jsonb_to_recordset(%s) AS told ({types(columns)}) {ending}"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [as_json(rows, columns)])
        return cursor.fetchall() if cursor.description else []


def update(rows: Sequence[models.Model], *names: str) -> None:
    """Saves the fields of these names of rows of one model. They must be locked."""
    if not rows:
        return
    model = type(rows[0])
    columns = [field for field in columns_of(model) if field.primary_key or field.name in names]
    key, *changed = sorted(columns, key=lambda field: not field.primary_key)
    values = ", ".join(f"{field.column} = told.{field.column}" for field in changed)
    statement = (
        f"UPDATE {model._meta.db_table} AS held SET {values}"  # noqa: S608 - names of our models
        f" FROM jsonb_to_recordset(%s) AS told ({types(columns)})"
        f" WHERE held.{key.column} = told.{key.column}"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [as_json(rows, columns)])


@cache
def columns_of(model: type[models.Model]) -> tuple[Column, ...]:
    return tuple(model._meta.concrete_fields)


def types(columns: Iterable[Column]) -> str:
    return ", ".join(f"{field.column} {field.db_type(connection)}" for field in columns)


def as_json(rows: Iterable[models.Model], columns: Sequence[Column]) -> str:
    """Moments and ids of other types become the text that Postgres reads them from."""
    told = [{field.column: value_of(row, field) for field in columns} for row in rows]
    return json.dumps(told, default=str)


def value_of(row: models.Model, field: Column) -> Any:
    """A row that points at another has its key only since that one was written."""
    value = getattr(row, field.attname)
    if value is None and isinstance(field, models.ForeignKey) and field.is_cached(row):
        setattr(row, field.name, field.get_cached_value(row))
        return getattr(row, field.attname)
    return value
