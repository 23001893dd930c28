"""Asking X for posts that nobody tells us of: a customer's next words in a thread where they talk
with a brand already, naming nobody and answering somebody else (design §4.1, §5).

X's recent search covers seven days. It is asked as the app for several customers at once, often
while a conversation is young and ever more rarely after that. Where each search stands moves in
the transaction that keeps what it found, page by page (trust R5).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, NamedTuple

import structlog
from django.db import connection, transaction
from django.db.models.functions import Now

from accounts import clock
from accounts.doorbell import ring
from inbox.sequence import moment_of, sequence_at
from twitter_sync.actions.recording import record_items
from twitter_sync.answers import Answer
from twitter_sync.budgets import Purpose
from twitter_sync.client import Client
from twitter_sync.errors import RateLimited, Refused, XError
from twitter_sync.feeds import ids_of, items_of, next_page_of, page_of_one
from twitter_sync.models import ConversationSearch, KnownPost

# X's limit for a query, and so eight customers at least.
LONGEST_QUERY = 512
MOST_AT_ONCE = 12
# A worker gives way after so many, or so long; the clock or the next ring goes on.
CALLS_AT_ONCE = 60
WORK_FOR = timedelta(seconds=75)
# Longer than a call to X may take; a worker that died leaves the rest to the next.
LEASE = timedelta(seconds=60)
# What X's search reaches back, less what clocks and waits may need.
REACH = timedelta(days=7)
SAFE_REACH = REACH - timedelta(hours=6)
# A post may be found some time after it was written.
LAG = timedelta(minutes=10)

SOONEST = timedelta(minutes=5)
LATEST = timedelta(days=1)

EXPECT = """
INSERT INTO twitter_sync_conversationsearch AS held
    (brand_id, x_conversation_id, author_id, heard_at, due_at)
SELECT told.*, statement_timestamp()
FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::timestamptz[])
     AS told (brand_id, x_conversation_id, author_id, heard_at)
ORDER BY told.brand_id, told.x_conversation_id, told.author_id
ON CONFLICT (brand_id, x_conversation_id, author_id) DO UPDATE SET
    heard_at = excluded.heard_at,
    due_at = least(held.due_at, excluded.heard_at + %s * interval '1 second')
WHERE held.heard_at < excluded.heard_at - interval '1 minute'
"""

log = structlog.get_logger(__name__)


class Talk(NamedTuple):
    """A customer of a brand in an X conversation."""

    brand_id: int
    x_conversation_id: str
    author_id: str


def expect_more(heard: Iterable[tuple[Talk, datetime]]) -> None:
    """Something was said there at that time: at first X is searched at once, later soon after.

    Nothing is expected where all was quiet for longer than X reaches back: X bills by use.
    """
    now = clock.now()
    newest: dict[Talk, datetime] = {}
    for talk, said_at in heard:
        if said_at >= now - REACH:
            heard_at = min(said_at, now)
            newest[talk] = max(heard_at, newest.get(talk, heard_at))
    if newest:
        brands, conversations, authors = (list(column) for column in zip(*newest, strict=True))
        times = list(newest.values())
        with connection.cursor() as cursor:
            cursor.execute(EXPECT, [brands, conversations, authors, times, SOONEST.seconds])


@dataclass(slots=True)
class Stint:
    """What a worker may still do before it gives way, well before its task is ended
    (CELERY_TASK_TIME_LIMIT): a call begun at the last moment takes 15 s."""

    calls: int = CALLS_AT_ONCE
    ends_at: float = field(default_factory=lambda: monotonic() + WORK_FOR.total_seconds())

    @property
    def is_over(self) -> bool:
        return self.calls <= 0 or monotonic() >= self.ends_at


def search_due() -> int:
    """Asks X for what is due, oldest first. Returns how many customers were asked for."""
    asked, stint = 0, Stint()
    while not stint.is_over:
        searches = claim()
        if not searches or not search(searches, stint):
            return asked
        asked += len(searches)
    ring("twitter_sync.search", queue="default")
    return asked


@transaction.atomic
def claim() -> list[ConversationSearch]:
    """As many due searches as one query holds, ours for the time of the lease. First searches go
    together: they ask for everything that X reaches back to. So do those that go on from one id."""
    due = ConversationSearch.objects.due().order_by("due_at")
    due = due.select_for_update(skip_locked=True, of=("self",))
    oldest = due.first()
    if oldest is None:
        return []
    alike = due.filter(searched_at__isnull=oldest.searched_at is None, until_id=oldest.until_id)
    searches = list(alike[:MOST_AT_ONCE])
    while len(query_for(searches)) > LONGEST_QUERY:
        searches.pop()
    of_them = ConversationSearch.objects.filter(pk__in=[one.pk for one in searches])
    of_them.update(due_at=Now() + LEASE)
    return searches


def query_for(searches: Iterable[ConversationSearch]) -> str:
    """Words that stand side by side must all hold, which binds tighter than OR. Two brands that
    talk with the same person in the same place ask once."""
    terms = (f"conversation_id:{one.x_conversation_id} from:{one.author_id}" for one in searches)
    return " OR ".join(dict.fromkeys(terms))


def search(searches: Sequence[ConversationSearch], stint: Stint) -> bool:
    """Asks X one question for all of them. False when X takes no more questions for now."""
    try:
        walk(searches, stint)
    except RateLimited as limit:
        put_off(searches, limit.resets_at)
        return False
    except XError as error:
        log.warning("search failed", error=str(error), customers=len(searches))
        if type(error) is not Refused:
            put_off(searches, clock.now() + SOONEST)
            return False
        return search_apart(searches, stint)
    return True


def search_apart(searches: Sequence[ConversationSearch], stint: Stint) -> bool:
    """X refuses the question: each is asked for alone, so that one costs the others nothing. What
    X refuses alone, too, is asked from its beginning the next day."""
    if len(searches) > 1:
        return all(search([one], stint) for one in searches)
    put_off(searches, clock.now() + LATEST, until_id="", began_at=None)
    return True


def walk(searches: Sequence[ConversationSearch], stint: Stint) -> None:
    """All pages of one query, newest first; what the stint is too short for is due at once.

    Where it stands is kept as an id: unlike X's token it goes on in any company. Raises XError.
    """
    asked_at, token, until_id = clock.now(), "", searches[0].until_id
    if until_id and moment_of(int(until_id)) < asked_at - SAFE_REACH:
        return keep(searches, {}, asked_at, is_last=True)
    query, since_id = query_for(searches), since(searches, asked_at)
    client = Client.for_app(purpose=Purpose.POLL)
    while not stint.is_over:
        stint.calls -= 1
        answer = client.search(
            query, since_id=since_id, until_id=until_id or None, page_token=token or None
        )
        token = next_page_of(answer)
        keep(searches, answer, asked_at, is_last=not token)
        if not token:
            return None
    put_off(searches, clock.now())


def since(searches: Iterable[ConversationSearch], now: datetime) -> str | None:
    """The id from which all of them lack something; None when that is further than X reaches."""
    known = [one.searched_at for one in searches if one.searched_at is not None]
    oldest = min(known, default=None)
    if oldest is None or oldest - LAG < now - SAFE_REACH:
        return None
    return str(sequence_at(oldest - LAG))


@transaction.atomic
def keep(
    searches: Sequence[ConversationSearch], answer: Answer, asked_at: datetime, *, is_last: bool
) -> None:
    """What a page tells that is new, and how far we are. The search was begun at `asked_at`, unless
    it goes on from an earlier task."""
    rows = ConversationSearch.objects.select_related("brand").select_for_update(of=("self",))
    held = list(rows.filter(pk__in=[one.pk for one in searches]).order_by("pk"))
    told = items_of(answer)
    items, ids = unseen(told), ids_of(told)
    for one in held:
        theirs = [page_of_one(item, answer) for item in items if is_of(one, item)]
        if record_items(one.brand, "post", theirs):
            ring("twitter_sync.apply", queue="ingest")
        one.began_at = one.began_at or asked_at
        if is_last:
            end(one, one.began_at)
        else:
            one.due_at = clock.now() + LEASE
            one.until_id = str(min(ids)) if ids else one.until_id
    ConversationSearch.objects.bulk_update(held, ["searched_at", "due_at", "began_at", "until_id"])


def end(one: ConversationSearch, began_at: datetime) -> None:
    one.searched_at, one.due_at = began_at, next_due(one.heard_at, clock.now())
    one.began_at, one.until_id = None, ""


def unseen(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without what we know: that was placed when it was seen, or when its thread was opened."""
    told = [str(item.get("id")) for item in items]
    seen = set(KnownPost.objects.seen().filter(pk__in=told).values_list("pk", flat=True))
    return [item for item in items if item.get("id") not in seen]


def is_of(one: ConversationSearch, item: dict[str, Any]) -> bool:
    return (one.x_conversation_id, one.author_id) == (
        item.get("conversation_id"),
        item.get("author_id"),
    )


def next_due(heard_at: datetime, now: datetime) -> datetime | None:
    """The longer nothing was heard, the longer the pause; null when X no longer reaches back."""
    age = now - heard_at
    return None if age > REACH else now + min(max(age / 2, SOONEST), LATEST)


def put_off(searches: Iterable[ConversationSearch], at: datetime, **changed: Any) -> None:
    those = ConversationSearch.objects.filter(pk__in=[one.pk for one in searches])
    those.update(due_at=at, **changed)
