"""The faults that are set: whom each strikes, how often, and by which lot.

The lot of a call is drawn from the rule's seed and from how many calls the rule has seen, and from
nothing else: the same rules and the same order of calls make the same faults. Rules and counts
outlive the program.
"""

import asyncio
import json
import random
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from x_simulator.faults.kinds import KINDS, Kind, Of
from x_simulator.store import Row, Store


@dataclass(slots=True)
class Rule:
    kind: Kind
    options: dict[str, Any]
    brand_id: int | None = None  # None: everybody
    on: tuple[str, ...] = ("*",)  # patterns of endpoints or event types
    share: float = 1
    seed: str = "0"
    after: int = 0  # lets so many pass first
    times: int | None = None  # then strikes at most so often
    id: int = 0
    seen: int = 0
    struck: int = 0

    def is_about(self, of: Of, what: str, user_id: int | None, *, over: str = "") -> bool:
        return (
            self.kind.of == of
            and self.options.get("over", "") == over
            and (self.brand_id is None or self.brand_id == user_id)
            and (self.times is None or self.struck < self.times)
            and any(fnmatchcase(what, pattern) for pattern in self.on)
        )

    def strike(self) -> "Strike | None":
        """Counts one more that it is about, and strikes it or not."""
        self.seen += 1
        lot = random.Random(f"{self.seed}:{self.seen}")  # noqa: S311 (a lot that can be had again)
        if self.seen <= self.after or lot.random() >= self.share:
            return None
        self.struck += 1
        return Strike(self, lot)


@dataclass(frozen=True, slots=True)
class Strike:
    """One time that a rule strikes."""

    rule: Rule
    lot: random.Random

    @property
    def name(self) -> str:
        return self.rule.kind.name

    def said(self, option: str) -> Any:
        return self.rule.options[option]

    def within(self, option: str) -> float:
        """A number of the option's span."""
        least, most = self.rule.options[option]
        return self.lot.uniform(least, most)

    def whole(self, option: str) -> int:
        least, most = self.rule.options[option]
        return self.lot.randint(round(least), round(most))


class Faults:
    def __init__(self, store: Store) -> None:
        self._store = store
        self.reload()
        # Calls that a fault holds wait for this.
        self.released = asyncio.Event()
        # Everything that can be called, as `GET /2/users/me`: known once the routes are.
        self.endpoints: tuple[str, ...] = ()

    def reload(self) -> None:
        rows = self._store.rows("SELECT * FROM faults ORDER BY id")
        self._rules = [_rule(row) for row in rows]

    def all(self) -> list[Rule]:
        return list(self._rules)

    def set(self, rule: Rule) -> Rule:
        rule.id = self._store.insert(
            "INSERT INTO faults (kind, rule) VALUES (?, ?)", (rule.kind.name, _written(rule))
        )
        self._rules.append(rule)
        return rule

    def clear(self, fault_id: int | None = None) -> int:
        """One of them or all; how many there were. Calls that are held are let go of."""
        cleared = [rule for rule in self._rules if fault_id in (None, rule.id)]
        self._rules = [rule for rule in self._rules if rule not in cleared]
        for rule in cleared:
            self._store.write("DELETE FROM faults WHERE id = ?", (rule.id,))
        self.release()
        return len(cleared)

    def release(self) -> None:
        self.released.set()
        self.released = asyncio.Event()

    def strikes(
        self, of: Of, what: str, user_id: int | None, *, known: bool = True, over: str = ""
    ) -> list[Strike]:
        """What befalls one call or delivery. A rule that stands alone is not asked when another
        such has struck."""
        struck: list[Strike] = []
        about = [rule for rule in self._rules if rule.is_about(of, what, user_id, over=over)]
        for rule in about:
            if rule.kind.known_caller and not known:
                continue
            if rule.kind.alone and of == "call" and any(s.rule.kind.alone for s in struck):
                continue
            strike = rule.strike()
            self._store.write(
                "UPDATE faults SET seen = ?, struck = ? WHERE id = ?",
                (rule.seen, rule.struck, rule.id),
            )
            if strike is not None:
                struck.append(strike)
        return struck

    def webhook_is_dead(self) -> bool:
        return bool(self.strikes("webhook", "", None))


def _written(rule: Rule) -> str:
    return json.dumps(
        {
            "options": rule.options,
            "brand_id": rule.brand_id,
            "on": rule.on,
            "share": rule.share,
            "seed": rule.seed,
            "after": rule.after,
            "times": rule.times,
        }
    )


def _rule(row: Row) -> Rule:
    written = json.loads(row["rule"])
    written["on"] = tuple(written["on"])
    counts = {name: row[name] for name in ("id", "seen", "struck")}
    return Rule(kind=KINDS[row["kind"]], **written, **counts)
