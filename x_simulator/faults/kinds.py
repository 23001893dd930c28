"""What can go wrong, under the names that users have for it, and what may be said of each."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

DAY_S = 86_400
LISTS = (
    "GET /2/dm_events",
    "GET /2/dm_conversations/*/dm_events",
    "GET /2/users/*/tweets",
    "GET /2/users/*/mentions",
    "GET /2/tweets/search/recent",
)
# What a rule strikes: a call of the API, a delivery, or whatever goes to a webhook.
Of = Literal["call", "delivery", "webhook"]


class Unsettable(ValueError):
    """What of a fault cannot be so, in a sentence."""


class Option(Protocol):
    @property
    def default(self) -> Any: ...

    def read(self, name: str, given: Any) -> Any:
        """As it is kept. Raises Unsettable."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several; the first where nothing is said."""

    values: tuple[Any, ...]

    @property
    def default(self) -> Any:
        return self.values[0]

    def read(self, name: str, given: Any) -> Any:
        if not any(given == value and type(given) is type(value) for value in self.values):
            known = ", ".join(str(value) for value in self.values)
            raise Unsettable(f"{name} must be one of {known}")
        return given


@dataclass(frozen=True, slots=True)
class Span:
    """A number, or [least, most]: each strike takes another one between the two."""

    usual: float
    low: float
    high: float

    @property
    def default(self) -> list[float]:
        return [self.usual, self.usual]

    def read(self, name: str, given: Any) -> list[float]:
        ends = given if isinstance(given, list) else [given, given]
        if len(ends) != 2 or not all(self._fits(end) for end in ends) or ends[0] > ends[1]:
            rule = f"must be a number from {self.low:g} to {self.high:g}, or [least, most]"
            raise Unsettable(f"{name} {rule}")
        return ends

    def _fits(self, end: Any) -> bool:
        is_number = isinstance(end, int | float) and not isinstance(end, bool)
        return is_number and self.low <= end <= self.high


@dataclass(frozen=True, slots=True)
class Kind:
    name: str
    options: Mapping[str, Option] = field(default_factory=dict)
    of: Of = "call"
    # At most one of these befalls a call; the others go together with whatever there is.
    alone: bool = True
    # Only calls of somebody whom X knows.
    known_caller: bool = False
    # The endpoints or event types that it is about where none are named.
    on: tuple[str, ...] = ("*",)


_SECONDS = {"seconds": Span(600, 0, DAY_S)}
_OF_CALLS = (
    Kind(
        "too_many_requests",
        {"reset": Choice(("ahead", "past", "missing")), "seconds": Span(900, 0, DAY_S)},
        known_caller=True,
    ),
    Kind("server_error", {"status": Choice((503, 500, 502))}),
    Kind("credits_depleted", known_caller=True),
    Kind("token_revoked", {"told": Choice((True, False))}, known_caller=True),
    Kind(
        "cut", {"when": Choice(("after", "before", "midway")), "how": Choice(("reset", "closed"))}
    ),
    Kind("accept_then_drop", _SECONDS),
    Kind("never_answers", _SECONDS),
    Kind("slow", {"bytes_per_second": Span(1, 1, 1_000_000)}, alone=False),
    Kind("late", {"seconds": Span(5, 0, DAY_S)}, alone=False),
    Kind("lookup_lag", {"seconds": Span(90, 0, DAY_S)}, alone=False, on=LISTS),
    Kind("clock_skew", {"seconds": Span(600, -DAY_S, DAY_S)}, alone=False),
)
_OVER = {"over": Choice(("webhook", "stream"))}
_OF_DELIVERIES = (
    Kind("delivery_lost", _OVER, of="delivery"),
    Kind(
        "delivery_repeated",
        {"copies": Span(1, 1, 100), "seconds": Span(0, 0, DAY_S), **_OVER},
        of="delivery",
    ),
    Kind("delivery_delayed", {"seconds": Span(5, 0, DAY_S), **_OVER}, of="delivery"),
    Kind(
        "delivery_disordered",
        {"behind": Span(1, 1, 1_000), "seconds": Span(5, 0, DAY_S), **_OVER},
        of="delivery",
    ),
    Kind("webhook_dead", of="webhook"),
)
KINDS: dict[str, Kind] = {kind.name: kind for kind in (*_OF_CALLS, *_OF_DELIVERIES)}
