"""The known tree in hand: posts, what stands above them, and what their authors said besides.

For what is decided about many posts at once: they are fetched together, and what nobody thought of
is fetched when it is asked for. Good for one transaction, in which whatever changes a post says so.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from twitter_sync.models import KnownPost

# No thread is followed further than this; X's own go not nearly as deep.
HIGHEST = 200

# What is met twice ends the walk: chains that meet are walked once.
ABOVE = """
WITH RECURSIVE above AS (
    SELECT unnest(%s::text[]) AS post_id
    UNION
    SELECT known.parent_id FROM above JOIN twitter_sync_knownpost known USING (post_id)
    WHERE known.parent_id <> ''
)
SELECT known.* FROM above JOIN twitter_sync_knownpost known USING (post_id)
"""
SAID_BY = """
SELECT known.* FROM unnest(%s::text[], %s::text[]) AS asked (x_conversation_id, author_id)
JOIN twitter_sync_knownpost known USING (x_conversation_id, author_id)
"""

# A person in an X conversation.
Place = tuple[str, str]


class Tree:
    def __init__(self, known: Iterable[KnownPost] = ()) -> None:
        self._posts: dict[str, KnownPost | None] = {}
        self._said: defaultdict[Place, set[str]] = defaultdict(set)
        self._heard_out: set[Place] = set()
        for post in known:
            self._put(post)

    def _put(self, post: KnownPost) -> None:
        self._posts[post.post_id] = post
        self._said[post.x_conversation_id, post.author_id].add(post.post_id)

    def __getitem__(self, post_id: str) -> KnownPost:
        """Raises KeyError for one of which nobody has heard."""
        if (post := self.get(post_id)) is None:
            raise KeyError(post_id)
        return post

    def get(self, post_id: str) -> KnownPost | None:
        """Likewise; then None."""
        if post_id not in self._posts:
            self.fetch([post_id])
        return self._posts.get(post_id)

    def fetch(self, post_ids: Iterable[str]) -> None:
        """Those that are not in hand, with everything above them."""
        absent = set(post_ids) - self._posts.keys() - {""}
        if not absent:
            return
        self._posts |= dict.fromkeys(absent)
        for post in KnownPost.objects.raw(ABOVE, [list(absent)]):
            if self._posts.get(post.post_id) is None:
                self._put(post)

    def climb(self) -> None:
        """Fetches what those in hand answer, up to their roots, and what they quote."""
        held = [post for post in self._posts.values() if post is not None]
        self.fetch({post.parent_id for post in held} | {post.quoted_id for post in held})

    def reread(self, post_ids: Iterable[str]) -> None:
        """They were changed by somebody who knows nothing of this."""
        for post in KnownPost.objects.filter(pk__in=list(post_ids)):
            self._put(post)

    def upwards(self, post_id: str, *, through: str = "") -> Iterator[KnownPost]:
        """The post and its ancestors, nearest first, up to the first that is not by `through`.

        Without it, as far up as is known.
        """
        for _ in range(HIGHEST):
            post = self.get(post_id)
            if post is None:
                return
            yield post
            if through and post.author_id != through:
                return
            post_id = post.parent_id

    # Who said what

    def hear_out(self, places: Iterable[Place]) -> None:
        """Fetches everything that these people are known to have said there, also what is in hand:
        it may be gone since. Call with the conversations locked."""
        asked = set(places) - self._heard_out
        if not asked:
            return
        self._heard_out |= asked
        conversations, authors = (list(column) for column in zip(*asked, strict=True))
        for post in KnownPost.objects.raw(SAID_BY, [conversations, authors]):
            self._put(post)

    def said_by(self, author_id: str, conversation_id: str) -> list[KnownPost]:
        """Everything that somebody is known to have said in an X conversation, oldest first."""
        self.hear_out([(conversation_id, author_id)])
        ids = sorted(self._said[conversation_id, author_id], key=int)
        return [post for post_id in ids if (post := self._posts[post_id])]
