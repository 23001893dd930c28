"""JSON as it comes from outside."""

import json
from typing import Any


def parse(raw: bytes) -> Any:
    """Raises ValueError: also for what is no text (half of a surrogate pair), which could neither
    be stored nor sent on, and for what is nested deeper than anybody means."""
    text = raw.decode()
    try:
        parsed = json.loads(text)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    if "\\u" in text:
        json.dumps(parsed, ensure_ascii=False).encode()
    return parsed
