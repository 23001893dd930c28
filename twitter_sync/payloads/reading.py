"""Reading single values out of JSON that nobody has checked."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

from inbox.sequence import moment_of

# Ids below it carry no time.
FIRST_SNOWFLAKE = 29_700_859_247
LARGEST_ID = 2**63 - 1

ID = re.compile(r"[0-9]{1,19}")
NUMBER = re.compile(r"-?[0-9]{1,19}")
# What neither Postgres nor UTF-8 can hold. Replaced one for one, so that offsets stay right.
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")

Record = dict[str, Any]


class Unreadable(Exception):
    """A body, or an element of one, that is not what X documents. The text names what and why."""


def json_record(raw: bytes) -> Record:
    """The JSON object in `raw`. Raises Unreadable for anything else."""
    try:
        found = json.loads(raw.decode("utf-8"), parse_constant=refuse_constant)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"not JSON: {type(error).__name__}") from error
    return record(found, "the body")


def refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def record(value: Any, what: str) -> Record:
    if not isinstance(value, dict):
        raise Unreadable(f"{what} is not an object")
    return value


def optional_record(value: Any) -> Record:
    return value if isinstance(value, dict) else {}


def records(value: Any) -> list[Record]:
    """The objects of a list; nothing of anything else. For what only adorns a message."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def either(source: Record, *names: str) -> Any:
    """The first value there is: X has two vocabularies (tweet and post) and two spellings."""
    for name in names:
        if (value := source.get(name)) is not None:
            return value
    return None


def text(value: Any) -> str:
    return UNSTORABLE.sub("\ufffd", value) if isinstance(value, str) else ""


def flag(value: Any) -> bool:
    return value is True or value == "true"


def number(value: Any) -> int | None:
    """An integer, also as text; None for anything else and for what no column of ours holds."""
    if isinstance(value, str) and NUMBER.fullmatch(value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > LARGEST_ID:
        return None
    return value


def optional_id(value: Any) -> str | None:
    """An id of X as text, None when it is not one. Some payloads have it as a number."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value) if 0 <= value <= LARGEST_ID else ""
    if not isinstance(value, str) or not ID.fullmatch(value) or int(value) > LARGEST_ID:
        return None
    return value


def x_id(value: Any, what: str) -> str:
    found = optional_id(value)
    if found is None:
        raise Unreadable(f"{what} is missing" if value is None else f"{what} is not an id")
    return found


def optional_moment(value: Any) -> datetime | None:
    """A time in any of X's three spellings: ISO 8601, milliseconds, `Sat Nov 21 10:20:00 …`."""
    milliseconds = number(value)
    try:
        if milliseconds is not None:
            return datetime.fromtimestamp(milliseconds / 1000, tz=UTC)
        if not isinstance(value, str) or not value:
            return None
        found = datetime.fromisoformat(value) if value[0].isdigit() else older_moment(value)
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError, OSError, TypeError, IndexError):
        return None


def older_moment(value: str) -> datetime:
    return datetime.strptime(value, "%a %b %d %H:%M:%S %z %Y")


def moment(value: Any, snowflake: str, what: str) -> datetime:
    """The time told, else the time in the id. Raises Unreadable where neither has one."""
    found = optional_moment(value)
    if found is not None:
        return found
    if int(snowflake) >= FIRST_SNOWFLAKE:
        return moment_of(int(snowflake))
    raise Unreadable(f"{what} is missing")
