"""Rules of the filtered stream: which posts it lets through, and under which tag."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from x_simulator.matching import let_through_by
from x_simulator.pages import Page, Slice
from x_simulator.store import Row, Store, marks

CAP = 1_000
MAX_LENGTH = 1_024


@dataclass(frozen=True, slots=True)
class Rule:
    id: int
    value: str
    tag: str = ""

    def body(self) -> dict[str, str]:
        body = {"id": str(self.id), "value": self.value}
        return body | {"tag": self.tag} if self.tag else body


def _rule(row: Row) -> Rule:
    return Rule(row["id"], row["value"], row["tag"])


class StreamRules:
    def __init__(self, store: Store) -> None:
        self._store = store

    def all(self) -> list[Rule]:
        return [_rule(row) for row in self._store.rows("SELECT * FROM stream_rules ORDER BY id")]

    def count(self) -> int:
        return int(self._store.value("SELECT count(*) FROM stream_rules"))

    def page(self, window: Slice, rule_ids: Collection[int] | None) -> Page[Rule]:
        """Newest first; all of them unless some are named."""
        where, values = window.where("id")
        named = "TRUE" if rule_ids is None else f"id IN ({marks(len(rule_ids))})"
        rows = self._store.rows(
            f"SELECT * FROM stream_rules WHERE {named} AND {where}"  # noqa: S608 (placeholders only)
            f" ORDER BY id {window.direction} LIMIT ?",
            [*(rule_ids or ()), *values, window.limit + 1],
        )
        return window.page([_rule(row) for row in rows])

    def add(self, rules: Sequence[Rule]) -> None:
        self._store.write_many(
            "INSERT INTO stream_rules (id, value, tag) VALUES (?, ?, ?)",
            [(rule.id, rule.value, rule.tag) for rule in rules],
        )

    def remove(self, rules: Collection[Rule]) -> None:
        self._store.write_many("DELETE FROM stream_rules WHERE id = ?", [(r.id,) for r in rules])

    def letting_through(self, post_id: int) -> list[Rule]:
        return [rule for rule in self.all() if self._lets_through(rule, post_id)]

    def _lets_through(self, rule: Rule, post_id: int) -> bool:
        sql, values = let_through_by(rule.value)
        found = self._store.row(
            f"SELECT 1 FROM posts WHERE id = ? AND deleted_ms IS NULL AND {sql}",  # noqa: S608 (fixed text)
            [post_id, *values],
        )
        return found is not None
