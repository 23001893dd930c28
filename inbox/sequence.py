"""The order of messages is the order of X's ids, which carry X's clock (trust R24)."""

from __future__ import annotations

from datetime import UTC, datetime

X_EPOCH_MS = 1_288_834_974_657


def sequence_at(moment: datetime) -> int:
    """The smallest id that X could give at `moment`: where a message without one stands."""
    return (int(moment.timestamp() * 1000) - X_EPOCH_MS) << 22


def moment_of(sequence: int) -> datetime:
    """X's clock, in UTC to the millisecond, out of an id."""
    return datetime.fromtimestamp(((sequence >> 22) + X_EPOCH_MS) / 1000, tz=UTC)
