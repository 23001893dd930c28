"""How long to wait before another try: longer each time, and never all at the same moment."""

from __future__ import annotations

import random
from datetime import timedelta

FIRST_SECONDS = 15.0
LONGEST_SECONDS = 600.0


def delay(attempts: int) -> timedelta:
    """After `attempts` failures: 15 s to 10 min, with full jitter (trust R19)."""
    longest = min(LONGEST_SECONDS, FIRST_SECONDS * 4 ** max(0, attempts - 1))
    return timedelta(seconds=random.uniform(1, longest))  # noqa: S311 - spreads workers
