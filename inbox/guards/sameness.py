"""X refuses a public text that a handle has just used."""

from __future__ import annotations

from datetime import datetime, timedelta

from accounts import clock
from accounts.models import Role
from inbox.guards.candidate import Candidate, Stopped
from inbox.models import Message
from inbox.sequence import sequence_at
from inbox.text.plain import escaped
from inbox.text.sameness import folded

# X does not say for how long it remembers.
REMEMBERED = timedelta(days=1)
# So many are compared in 5 to 25 ms. A column of what they say would be quicker, and would have to
# follow them through each echo, edit and rewording.
MOST = 1_000


class SaidAlready(Stopped):
    """`messages` is the one that says the same."""

    guard = "same"
    overruled_by = Role.AGENT
    asks_why = False

    def __init__(self, message: Message, now: datetime) -> None:
        self.messages = [message]
        minutes = int((now - message.sent_at).total_seconds() // 60)
        when = f"{minutes // 60} h ago" if minutes >= 60 else f"{max(minutes, 1)} min ago"
        super().__init__(
            f"The same words were posted {when}. X refuses what it has just seen: change some."
        )

    @property
    def matter(self) -> str:
        return str(self.messages[0].pk)


def stop_repeats(candidate: Candidate) -> None:
    """Raises SaidAlready for a public text that the handle has posted, or is about to. X looks at
    post after post, so each of a chain counts."""
    if not candidate.thread.is_public or not candidate.words:
        return
    now = clock.now()
    about_to = {folded(escaped(post), {}) for post in candidate.posts or (candidate.words,)}
    posts = candidate.said_by_us().filter(
        sequence__gte=sequence_at(now - REMEMBERED), deleted_at=None
    )
    newest = posts.order_by("-sequence").values_list("pk", "text", "entities")
    for pk, *said in newest[:MOST]:
        if folded(*said) in about_to:
            raise SaidAlready(posts.select_related("author").get(pk=pk), now)
