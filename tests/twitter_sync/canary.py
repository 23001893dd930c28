"""Looking for words that must be nowhere: in every column of every table, and in a folder."""

from __future__ import annotations

from pathlib import Path

from django.db import connection

COLUMNS = """
SELECT table_name, column_name, data_type FROM information_schema.columns
WHERE table_schema = 'public' ORDER BY table_name, ordinal_position
"""


def places_of(word: str, folder: Path | None = None) -> list[str]:
    """`table.column`, or the name of a file, wherever the word stands in any letters."""
    found = []
    with connection.cursor() as cursor:
        cursor.execute(COLUMNS)
        for table, column, kind in cursor.fetchall():
            told = f"encode(\"{column}\", 'escape')" if kind == "bytea" else f'"{column}"::text'
            cursor.execute(
                f'SELECT 1 FROM "{table}" WHERE {told} ILIKE %s LIMIT 1',  # noqa: S608
                [f"%{word}%"],
            )
            found += [f"{table}.{column}"] if cursor.fetchone() else []
    files = [path for path in folder.rglob("*") if path.is_file()] if folder else []
    return found + [path.name for path in files if word.encode() in path.read_bytes()]
