"""Posts: what was said in public, who is named in it, what answers what."""

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass

from x_simulator import clock, ids, words
from x_simulator.messages import Source
from x_simulator.pages import Page, Slice
from x_simulator.query import Node
from x_simulator.store import Clause, Row, Store, Value, marks
from x_simulator.text import Entities, Prepared
from x_simulator.ways import ways

SEARCH_WINDOW_MS = 7 * clock.DAY_MS
MOST_MENTIONS = 800
MOST_OF_A_TIMELINE = 3_200
# For the customer page.
LOOKED_THROUGH, SHOWN_OF_A_CONVERSATION = 400, 100


@dataclass(frozen=True, slots=True)
class Post:
    id: int
    author_id: int
    text: str
    entities: Entities
    conversation_id: int
    in_reply_to_post_id: int | None
    in_reply_to_user_id: int | None
    quoted_post_id: int | None
    display_range: tuple[int, int]
    lang: str
    created_ms: int
    source: Source
    deleted_ms: int | None = None
    earlier_ids: tuple[int, ...] = ()
    replaced_by: int | None = None
    reposted_post_id: int | None = None
    media_ids: tuple[int, ...] = ()
    note: Prepared | None = None  # all of a long post, of which `text` has the beginning


@dataclass(frozen=True, slots=True)
class Mention:
    """Someone named in a post. Implicit: X put the name there because the post is a reply."""

    user_id: int
    explicit: bool


def _post(row: Row) -> Post:
    return Post(
        id=row["id"],
        author_id=row["author_id"],
        text=row["text"],
        entities=json.loads(row["entities"]),
        conversation_id=row["conversation_id"],
        in_reply_to_post_id=row["in_reply_to_post_id"],
        in_reply_to_user_id=row["in_reply_to_user_id"],
        quoted_post_id=row["quoted_post_id"],
        display_range=(row["display_start"], row["display_end"]),
        lang=row["lang"],
        created_ms=row["created_ms"],
        source=row["source"],
        deleted_ms=row["deleted_ms"],
        earlier_ids=tuple(json.loads(row["earlier_ids"])),
        replaced_by=row["replaced_by"],
        reposted_post_id=row["reposted_post_id"],
        media_ids=tuple(json.loads(row["media_ids"])),
        note=Prepared(**json.loads(row["note"])) if row["note"] else None,
    )


class Posts:
    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, posts: Sequence[tuple[Post, Sequence[Mention]]]) -> int:
        """How many were new: an id that is there already keeps what it says."""
        with self._store.transaction():
            added = self._store.write_many(
                "INSERT OR IGNORE INTO posts (id, author_id, text, entities, conversation_id,"
                " in_reply_to_post_id, in_reply_to_user_id, quoted_post_id, display_start,"
                " display_end, lang, created_ms, source, earlier_ids, reposted_post_id,"
                " media_ids, note) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [_values(post) for post, _ in posts],
            )
            self._store.write_many(
                "INSERT OR IGNORE INTO post_mentions (user_id, post_id, explicit) VALUES (?, ?, ?)",
                [(m.user_id, post.id, int(m.explicit)) for post, named in posts for m in named],
            )
            self._index([post for post, _ in posts])
        return added

    def _index(self, posts: Iterable[Post]) -> None:
        """What a search for words goes by."""
        self._store.write_many(
            "INSERT OR IGNORE INTO post_words (word, post_id) VALUES (?, ?)",
            [(word, post.id) for post in posts for word in _indexed(post)],
        )

    def index_all(self) -> None:
        """Of a file that an older simulator made."""
        if self._store.row("SELECT 1 FROM post_words LIMIT 1") is None:
            with self._store.transaction():
                self._index(self.all())

    def is_taken(self, post_id: int) -> bool:
        return self._store.row("SELECT 1 FROM posts WHERE id = ?", (post_id,)) is not None

    def get(self, post_id: int) -> Post | None:
        """Also when it was deleted: see `deleted_ms`."""
        row = self._store.row("SELECT * FROM posts WHERE id = ?", (post_id,))
        return None if row is None else _post(row)

    def there(self, post_ids: Iterable[int]) -> dict[int, Post]:
        """Those of them that are not deleted."""
        wanted = list(dict.fromkeys(post_ids))
        rows = self._store.rows(
            f"SELECT * FROM posts WHERE id IN ({marks(len(wanted))}) AND deleted_ms IS NULL",  # noqa: S608 (placeholders only)
            wanted,
        )
        return {row["id"]: _post(row) for row in rows}

    def protected_from(self, viewer_id: int | None, posts: Iterable[Post]) -> set[int]:
        """The ids of those whose authors show them to their followers alone."""
        wanted = [post.id for post in posts]
        rows = self._store.rows(
            f"SELECT id FROM posts WHERE id IN ({marks(len(wanted))}) AND NOT {_READABLE}",  # noqa: S608 (placeholders only)
            [*wanted, viewer_id, viewer_id],
        )
        return {row["id"] for row in rows}

    def mentions_of(self, post_id: int) -> list[Mention]:
        rows = self._store.rows("SELECT * FROM post_mentions WHERE post_id = ?", (post_id,))
        return [Mention(row["user_id"], bool(row["explicit"])) for row in rows]

    def mentions(self, user_id: int, post_id: int) -> Mention | None:
        row = self._store.row(
            "SELECT * FROM post_mentions WHERE user_id = ? AND post_id = ?", (user_id, post_id)
        )
        return None if row is None else Mention(row["user_id"], bool(row["explicit"]))

    def delete(self, post: Post) -> None:
        """In all its forms."""
        forms = self.forms(post)
        self._store.write(
            f"UPDATE posts SET deleted_ms = ? WHERE id IN ({marks(len(forms))})",  # noqa: S608 (placeholders only)
            [clock.now_ms(), *forms],
        )

    def forms(self, post: Post) -> list[int]:
        """The ids that a post has had, and those it got later."""
        forms = [*post.earlier_ids, post.id]
        while post.replaced_by is not None and (newer := self.get(post.replaced_by)):
            post = newer
            forms.append(post.id)
        return forms

    def replace(self, former: Post, post: Post) -> None:
        """The former form stays under its id; lists show the newest alone."""
        self._store.write("UPDATE posts SET replaced_by = ? WHERE id = ?", (post.id, former.id))

    def reply_counts(self, post_ids: Iterable[int]) -> dict[int, int]:
        wanted = list(post_ids)
        rows = self._store.rows(
            "SELECT in_reply_to_post_id AS id, count(*) AS replies FROM posts"  # noqa: S608 (placeholders only)
            f" WHERE in_reply_to_post_id IN ({marks(len(wanted))}) AND deleted_ms IS NULL"
            " GROUP BY in_reply_to_post_id",
            wanted,
        )
        return {row["id"]: row["replies"] for row in rows}

    def was_just_said(self, post: Post) -> bool:
        """The same words by the same author within a day, not deleted since."""
        rows = self._store.rows(
            "SELECT * FROM posts WHERE author_id = ? AND id >= ? AND deleted_ms IS NULL"
            # Short links are all of one length, and each is another.
            " AND length(text) = ? AND (text = ? OR instr(entities, '\"urls\"'))",
            (
                post.author_id,
                ids.first_at(clock.now_ms() - clock.DAY_MS),
                len(post.text),
                post.text,
            ),
        )
        return any(words_of(_post(row)) == words_of(post) for row in rows)

    def timeline(self, author_id: int, window: Slice, excluded: Collection[str] = ()) -> Page[Post]:
        """The latest 3,200, whatever is `excluded` of them: replies, retweets."""
        where, values = window.where("posts.id")
        oldest = "SELECT id FROM posts WHERE author_id = ? AND deleted_ms IS NULL ORDER BY id DESC"
        columns = {"replies": "in_reply_to_post_id", "retweets": "reposted_post_id"}
        only = " ".join(f"AND {columns[kind]} IS NULL" for kind in sorted(excluded))
        rows = self._store.rows(
            "SELECT * FROM posts WHERE author_id = ? AND deleted_ms IS NULL"  # noqa: S608 (fixed text)
            f" AND replaced_by IS NULL {only} AND {where} AND {_among_latest(oldest)}"
            f" ORDER BY id {window.direction} LIMIT ?",
            [author_id, *values, author_id, MOST_OF_A_TIMELINE - 1, window.limit + 1],
        )
        return window.page([_post(row) for row in rows])

    def mentioning(self, user_id: int, window: Slice, viewer_id: int | None) -> Page[Post]:
        """The latest 800, explicit and implicit, never one's own."""
        where, values = window.where("post_mentions.post_id")
        oldest = "SELECT post_id FROM post_mentions WHERE user_id = ? ORDER BY post_id DESC"
        rows = self._store.rows(
            "SELECT posts.* FROM post_mentions JOIN posts ON posts.id = post_mentions.post_id"  # noqa: S608 (fixed text)
            " WHERE post_mentions.user_id = ? AND posts.author_id != ?"
            f" AND posts.deleted_ms IS NULL AND replaced_by IS NULL AND {where}"
            f" AND {_among_latest(oldest)} AND {_READABLE}"
            f" ORDER BY post_mentions.post_id {window.direction} LIMIT ?",
            [
                *(user_id, user_id, *values, user_id, MOST_MENTIONS - 1),
                *(viewer_id, viewer_id, window.limit + 1),
            ],
        )
        return window.page([_post(row) for row in rows])

    def search(
        self, query: tuple[Node, Clause], window: Slice, viewer_id: int | None
    ) -> Page[Post]:
        node, (matching, wanted) = query
        since = clock.now_ms() - SEARCH_WINDOW_MS
        found: set[int] = set()
        for way in ways(node, self._called) or ():
            where, values = window.where(way.id)
            rows = self._store.rows(
                f"SELECT posts.id FROM {way.source} WHERE {way.such} AND {where} AND {matching}"  # noqa: S608 (fixed text)
                " AND posts.deleted_ms IS NULL AND posts.replaced_by IS NULL"
                f" AND (posts.created_ms >= ? OR posts.source = 'load') AND {_READABLE}"
                f" ORDER BY {way.id} {window.direction} LIMIT ?",
                [way.value, *values, *wanted, since, viewer_id, viewer_id, window.limit + 1],
            )
            found |= {row["id"] for row in rows}
        listed = sorted(found, reverse=window.direction == "DESC")[: window.limit + 1]
        posts = self.there(listed)
        return window.page([posts[post_id] for post_id in listed])

    def _called(self, name: str) -> list[int]:
        rows = self._store.rows(
            "SELECT id FROM users WHERE username_key = ? UNION SELECT id FROM users WHERE id = ?",
            (name.lower(), ids.parse(name)),
        )
        return [row["id"] for row in rows]

    def conversations_with(self, user_id: int, limit: int = 40) -> list[list[Post]]:
        """The latest public conversations that someone wrote in or is named in, as far as their
        latest posts and mentions tell; each oldest first, and not more than the end of it."""
        roots = self._store.rows(
            "SELECT conversation_id, max(id) AS latest FROM ("
            " SELECT * FROM (SELECT conversation_id, id FROM posts"
            "  WHERE author_id = ? AND deleted_ms IS NULL ORDER BY id DESC LIMIT ?)"
            " UNION ALL SELECT * FROM (SELECT posts.conversation_id, posts.id FROM post_mentions"
            "  JOIN posts ON posts.id = post_mentions.post_id WHERE post_mentions.user_id = ?"
            "  AND posts.deleted_ms IS NULL ORDER BY post_mentions.post_id DESC LIMIT ?))"
            " GROUP BY conversation_id ORDER BY latest DESC LIMIT ?",
            (user_id, LOOKED_THROUGH, user_id, LOOKED_THROUGH, limit),
        )
        return [self._latest_of(row["conversation_id"]) for row in roots]

    def _latest_of(self, conversation_id: int) -> list[Post]:
        rows = self._store.rows(
            "SELECT * FROM posts WHERE conversation_id = ? AND deleted_ms IS NULL"
            " AND replaced_by IS NULL ORDER BY id DESC LIMIT ?",
            (conversation_id, SHOWN_OF_A_CONVERSATION),
        )
        return [_post(row) for row in reversed(rows)]

    def all(self) -> list[Post]:
        return [_post(row) for row in self._store.rows("SELECT * FROM posts ORDER BY id")]


# By whoever looks (twice; None: the app itself): X shows protected posts to followers alone.
_READABLE = (
    "posts.author_id NOT IN (SELECT id FROM users WHERE protected AND id IS NOT ? AND id NOT IN"
    " (SELECT target_id FROM relations WHERE source_id = ? AND kind = 'following'))"
)


def _among_latest(newest_first: str) -> str:
    """Not older than the last that X still lists; what was loaded is there all the same."""
    oldest = f"ifnull(({newest_first} LIMIT 1 OFFSET ?), 0)"
    return f"(posts.id >= {oldest} OR posts.source = 'load')"


def _indexed(post: Post) -> set[str]:
    """Its words, and those of the addresses it links to."""
    whole = post.note or Prepared(post.text, post.entities)
    links = whole.entities.get("urls", [])
    addresses = [link[name] for link in links for name in ("url", "expanded_url") if name in link]
    return words.of(" ".join((whole.text, *addresses)))


def words_of(post: Post) -> str:
    """All that its author wrote: with links as they were before X made them short."""
    whole = post.note or Prepared(post.text, post.entities)
    words = whole.text
    for link in reversed(whole.entities.get("urls", [])):
        words = words[: link["start"]] + link["expanded_url"] + words[link["end"] :]
    return words


def _values(post: Post) -> tuple[Value, ...]:
    return (
        post.id,
        post.author_id,
        post.text,
        json.dumps(post.entities, ensure_ascii=False),
        post.conversation_id,
        post.in_reply_to_post_id,
        post.in_reply_to_user_id,
        post.quoted_post_id,
        *post.display_range,
        post.lang,
        post.created_ms,
        post.source,
        json.dumps(post.earlier_ids),
        post.reposted_post_id,
        json.dumps(post.media_ids),
        "" if post.note is None else json.dumps(asdict(post.note), ensure_ascii=False),
    )
