"""Conversations of more than two by direct message: who is in which."""

from collections.abc import Iterable

from x_simulator.store import Store

MOST_INVITED = 49


class Groups:
    def __init__(self, store: Store) -> None:
        self._store = store

    def join(self, group_id: int, user_ids: Iterable[int]) -> None:
        self._store.write_many(
            "INSERT OR IGNORE INTO group_members (group_id, user_id) VALUES (?, ?)",
            [(group_id, user_id) for user_id in user_ids],
        )

    def leave(self, group_id: int, user_id: int) -> None:
        gone = "DELETE FROM group_members WHERE group_id = ? AND user_id = ?"
        self._store.write(gone, (group_id, user_id))

    def members(self, group_id: int) -> list[int]:
        members = "SELECT user_id FROM group_members WHERE group_id = ? ORDER BY user_id"
        return [row["user_id"] for row in self._store.rows(members, (group_id,))]
