"""What people keep away from themselves: whose messages they refuse, which answers they hide."""

from x_simulator.store import Store


class Moderation:
    def __init__(self, store: Store) -> None:
        self._store = store

    def block_dms(self, user_id: int, other_id: int, *, on: bool) -> None:
        if on:
            sql = "INSERT OR IGNORE INTO dm_blocks (user_id, other_id) VALUES (?, ?)"
        else:
            sql = "DELETE FROM dm_blocks WHERE user_id = ? AND other_id = ?"
        self._store.write(sql, (user_id, other_id))

    def is_dm_blocked(self, one_id: int, other_id: int) -> bool:
        """By either of the two: then neither writes to the other."""
        found = self._store.row(
            "SELECT 1 FROM dm_blocks WHERE (user_id = ? AND other_id = ?)"
            " OR (user_id = ? AND other_id = ?)",
            (one_id, other_id, other_id, one_id),
        )
        return found is not None

    def dm_blocks(self) -> list[tuple[int, int]]:
        rows = self._store.rows("SELECT user_id, other_id FROM dm_blocks ORDER BY user_id")
        return [(row["user_id"], row["other_id"]) for row in rows]

    def hide(self, post_id: int, *, on: bool) -> None:
        if on:
            sql = "INSERT OR IGNORE INTO hidden_posts (post_id) VALUES (?)"
        else:
            sql = "DELETE FROM hidden_posts WHERE post_id = ?"
        self._store.write(sql, (post_id,))

    def hidden_posts(self) -> set[int]:
        return {row["post_id"] for row in self._store.rows("SELECT post_id FROM hidden_posts")}
