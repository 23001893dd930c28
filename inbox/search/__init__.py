"""Search of the desk: conversations by what was said in them, by whom, and by number.

Always within brands that the person sees, newest first, by the page, each conversation once: at
its newest match. What that costs, and why, is in `inbox.search.matching`; for readers who use it
there is docs/search.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from django.db import OperationalError, transaction
from psycopg2.errors import QueryCanceled

from accounts.models import BrandAccount, User
from inbox.models import Conversation, Message, MessageRevision
from inbox.search.called import conversations_called
from inbox.search.hits import Hit, hits_of_conversations, hits_of_matches, hits_of_messages
from inbox.search.matching import matches_after, set_locally
from inbox.search.position import Position
from inbox.text.asked import Asked, BadSearch

__all__ = ["BadSearch", "Hit", "Results", "search"]

PAGE_SIZE = 25
MOST_PEOPLE = 3
TIME_LIMIT_MS = 2000


@dataclass(frozen=True, slots=True)
class Results:
    """`after` is where the next page begins, None on the last. `count` is how many conversations
    were found, at least so many when there is a next page. `back_to`: this page looked no
    further back than that moment."""

    hits: list[Hit]
    count: int = 0
    after: str | None = None
    back_to: datetime | None = None


def search(user: User, brands: Sequence[BrandAccount], asked: Asked, *, after: str = "") -> Results:
    """One page of what `user` may see of `brands`. Raises BadSearch and BadCursor."""
    position = Position.read(after) if after else None
    ids = [brand.pk for brand in brands]
    with time_limit():
        if asked.handle:
            called = conversations_called(ids, asked.handle)
            return Results(hits_of_conversations("person", user, called), len(called))
        direct = direct_hits(user, ids, asked)
        if not asked.terms:
            return Results(direct, len(direct))
        results = page_of_matches(user, ids, asked, position, direct)
    if position:
        return results
    count = results.count + len(direct)
    return Results(direct + results.hits, count, results.after, results.back_to)


@contextmanager
def time_limit() -> Iterator[None]:
    """Whatever is asked, Postgres works no longer than TIME_LIMIT_MS on a statement of it."""
    try:
        with transaction.atomic():
            set_locally(statement_timeout=str(TIME_LIMIT_MS))
            yield
    except OperationalError as error:
        if not isinstance(error.__cause__, QueryCanceled):
            raise
        raise BadSearch("That took too long. Use a more telling word, or one handle.") from error


def direct_hits(user: User, brands: list[int], asked: Asked) -> list[Hit]:
    """By number, by X's id, by who the person is. They stand first, whatever their age."""
    hits: list[Hit] = []
    if asked.number is not None:
        hits += hits_of_conversations("number", user, of_number(brands, asked.number))
    if asked.x_id:
        hits += hits_of_messages(user, of_x_id(brands, asked.x_id))
    if asked.name:
        called = conversations_called(brands, asked.name, most=MOST_PEOPLE, loosely=False)
        hits += hits_of_conversations("person", user, called)
    return list({hit.conversation.pk: hit for hit in hits}.values())


def of_number(brands: list[int], number: int) -> list[int]:
    rows = Conversation.objects.for_brands(brands).filter(pk=number)
    return list(rows.values_list("pk", flat=True))


def of_x_id(brands: list[int], x_id: str) -> list[int]:
    """Also by an id from before its author changed it: that link still goes around."""
    named = {"brand__in": brands, "kind__in": Message.Kind.values, "external_id": x_id}
    now = Message.objects.filter(**named).values_list("pk", flat=True)
    before = MessageRevision.objects.filter(**named).values_list("message", flat=True)
    rows = Message.objects.filter(pk__in=[*now, *before], deleted_at=None)
    return list(rows.values_list("pk", flat=True))


def page_of_matches(
    user: User, brands: list[int], asked: Asked, position: Position | None, direct: list[Hit]
) -> Results:
    found = matches_after(
        brands, asked, position, size=PAGE_SIZE, without={hit.conversation.pk for hit in direct}
    )
    return Results(
        hits_of_matches(user, asked.terms, found.matches),
        found.count,
        str(found.following) if found.following else None,
        found.back_to,
    )
