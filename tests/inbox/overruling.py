"""What a form says back to a guard that spoke."""

from __future__ import annotations

import re
from typing import Any


def told_in(answer: Any) -> dict[str, str]:
    """The fields of the answer that say of which words each guard spoke: `{"told_leak": "…"}`."""
    return dict(re.findall(r'name="(told_\w+)" value="([0-9a-f]{64})"', answer.text))
