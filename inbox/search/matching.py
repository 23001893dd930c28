"""Which messages and notes have the words, newest first, at a cost that does not grow (design §11).

- A rare word comes from the GIN index: its few messages are fetched and sorted.
- For a common one that would be too many (a word in 5 % of messages: 47 ms at 500,000 messages,
  24 s at 5,000,000), so the brands' messages are walked newest first until a page is full, at most
  WALK of them; the next page goes on from there. Letters without spaces between words (Chinese,
  Japanese, Thai, emoji), which the words' index does not know, are looked for on the same walk.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime

from django.contrib.postgres.search import SearchQuery
from django.db import connection
from django.db.models import BigIntegerField, ExpressionWrapper, F, Q, QuerySet, Value

from inbox.models import Message, Note
from inbox.models.message import MessageQuerySet
from inbox.models.note import NoteQuerySet
from inbox.models.words import CONFIGURATION, MESSAGE_WORDS, NO_WORDS, NOTE_WORDS
from inbox.search.position import Position
from inbox.sequence import moment_of, sequence_at
from inbox.text.asked import Asked, Term

# Matches that are looked at for one page: a conversation may have many.
MOST_RARE, MOST_COMMON = 101, 60
# Messages that one page goes back through.
WALK = 5_000
# How much dearer it is to look into a message on the walk than to take one from the index.
WALK_COST = 5.0
Columns = tuple[int, int, int]
COLUMNS = ("sequence", "pk", "conversation_id")
NEWEST_FIRST = ("-sequence", "-pk")
SPACES = str.maketrans(dict.fromkeys(NO_WORDS, " "))


@dataclass(frozen=True, slots=True)
class Match:
    """A message, or with `note_at` a note. `sequence` is X's clock, of notes too."""

    sequence: int
    pk: int
    conversation: int
    note_at: datetime | None = None

    @property
    def order(self) -> tuple[int, int]:
        return self.sequence, self.pk


@dataclass(frozen=True, slots=True)
class Found:
    """The newest match of each conversation; `following` is None when these are the last."""

    matches: list[Match]
    count: int
    following: Position | None
    back_to: datetime | None = None


def matches_after(
    brands: list[int], asked: Asked, position: Position | None, *, size: int, without: set[int]
) -> Found:
    """Up to `size` conversations, but those of `without` and of earlier pages."""
    common = is_common(asked)
    most = MOST_COMMON if common else MOST_RARE
    with walking() if common else nullcontext():
        floor = walk_floor(brands, position) if common else None
        messages = matches_in_messages(brands, asked, position, floor, most, common=common)
        notes = matches_in_notes(brands, asked, position, floor, most)
    complete = len(messages) < most and len(notes) < most
    passed = in_one_order(messages, notes, most)
    newest = newest_of_each(passed, without | seen_before(asked, position, passed))
    page, rest = newest[:size], newest[size:]
    if rest or not complete:
        passed = passed[: passed.index(rest[0])] if rest else passed
        return Found(page, len(newest), (position or Position()).beyond(passed))
    if floor is None:
        return Found(page, len(newest), None)
    return Found(page, len(newest), Position.at(floor), back_to=moment_of(floor))


def is_common(asked: Asked) -> bool:
    """Whether walking back finds a page of matches sooner than the index finds and sorts them all.

    With h matches among n messages the index costs h, and the walk looks at MOST_COMMON × n ÷ h
    messages. Both numbers are Postgres' own estimates, from its statistics of the indexed words;
    without any (a table that was never analysed) it is the walk, which is bounded.

    What begins with a word is at least the word itself: Postgres knows how often that comes, but
    guesses about beginnings when it has few statistics.
    """
    if not asked.words:
        return True
    hits = max(estimate(asked.words), estimate([term.as_it_stands for term in asked.words]))
    total = messages_in_all()
    return total <= 0 or hits * hits > WALK_COST * MOST_COMMON * total


@contextmanager
def walking() -> Iterator[None]:
    """Postgres takes rows in the order of an index and stops when it has enough. Where it guesses
    that few match, it would gather and sort all of them first. Needs a transaction."""
    set_locally(enable_bitmapscan="off", enable_sort="off")
    yield
    set_locally(enable_bitmapscan="on", enable_sort="on")


def set_locally(**settings: str) -> None:
    calls = ", ".join("set_config(%s, %s, true)" for _ in settings)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {calls}", [part for pair in settings.items() for part in pair])


def estimate(terms: list[Term]) -> float:
    """How many messages Postgres thinks have all of them. Nothing is read."""
    rows = Message.objects.alias(words=MESSAGE_WORDS).filter(words=query(terms)).values("pk")
    plan = json.loads(rows.explain(format="json"))
    return float(plan[0]["Plan"]["Plan Rows"])


def messages_in_all() -> float:
    """About how many; -1 when Postgres has not counted yet."""
    table = Message._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE oid = %s::regclass", [table])
        return float(cursor.fetchone()[0])


# The conditions.


def matching_messages(asked: Asked) -> MessageQuerySet:
    rows = Message.objects.all()
    if asked.words:
        rows = rows.alias(words=MESSAGE_WORDS).filter(words=query(asked.words))
    for term in asked.substrings:
        rows = rows.filter(text__icontains=term.written)
    return rows


def matching_notes(asked: Asked) -> NoteQuerySet:
    rows = Note.objects.all()
    if asked.words:
        rows = rows.alias(words=NOTE_WORDS).filter(words=query(asked.words))
    for term in asked.substrings:
        rows = rows.filter(text__icontains=term.text)
    return rows


def query(terms: list[Term]) -> SearchQuery:
    """All of the terms, each quoted, so that nothing that is typed is an operator."""
    quoted = [quote(term) + (":*" if term.is_prefix else "") for term in terms]
    return SearchQuery(" & ".join(quoted), config=CONFIGURATION, search_type="raw")


def quote(term: Term) -> str:
    text = term.written.translate(SPACES).replace("\\", " ").replace("'", "''")
    return f"'{text}'"


def beyond(rows: MessageQuerySet, position: Position | None) -> MessageQuerySet:
    if position is None or position.message is None:
        return rows
    sequence, pk = position.message
    return rows.filter(
        Q(sequence__lt=sequence) | Q(sequence=sequence, pk__lt=pk),
        sequence__lte=sequence,  # the bound that the index can use
    )


def notes_beyond(rows: NoteQuerySet, position: Position | None) -> NoteQuerySet:
    if position is None or position.note is None:
        return rows
    at, pk = position.note
    return rows.filter(Q(created_at__lt=at) | Q(created_at=at, pk__lt=pk), created_at__lte=at)


# The rows.


def walk_floor(brands: list[int], position: Position | None) -> int | None:
    """The sequence that WALK messages reach back to; None when that is the beginning."""
    rows = beyond(Message.objects.all(), position)
    # An OFFSET, but a bounded one.
    reached = newest_of_brands(rows, brands, WALK)[WALK - 1 : WALK]
    return next((sequence for sequence, _, _ in reached), None)


def newest_of_brands(
    rows: MessageQuerySet, brands: list[int], most: int
) -> QuerySet[Message, Columns]:
    """The newest `most` of each brand, merged."""
    tops = [
        rows.filter(brand=brand).order_by(*NEWEST_FIRST).values_list(*COLUMNS)[:most]
        for brand in brands
    ]
    if len(tops) == 1:
        return tops[0]
    if not tops:
        return rows.none().values_list(*COLUMNS)
    return tops[0].union(*tops[1:], all=True).order_by(*NEWEST_FIRST)


def matches_in_messages(
    brands: list[int],
    asked: Asked,
    position: Position | None,
    floor: int | None,
    most: int,
    *,
    common: bool,
) -> list[Match]:
    rows = beyond(matching_messages(asked), position)
    if floor is not None:
        rows = rows.filter(sequence__gte=floor)
    if common:
        found = newest_of_brands(rows, brands, most)
    else:
        # `+ 0` keeps Postgres from walking back for a word that hardly ever comes, and from reading
        # the index of all that the brands ever said beside it.
        order = (F("sequence") + Value(0)).desc()
        of_brand = ExpressionWrapper(F("brand_id") + Value(0), output_field=BigIntegerField())
        ordered = rows.alias(of_brand=of_brand).filter(of_brand__in=brands).order_by(order, "-pk")
        found = ordered.values_list(*COLUMNS)
    return [Match(*columns) for columns in found[:most]]


def matches_in_notes(
    brands: list[int], asked: Asked, position: Position | None, floor: int | None, most: int
) -> list[Match]:
    rows = notes_beyond(matching_notes(asked), position).filter(conversation__brand__in=brands)
    if floor is not None:
        rows = rows.filter(created_at__gte=moment_of(floor))
    newest = rows.order_by("-created_at", "-pk")
    found = newest.values_list("created_at", "pk", "conversation_id")[:most]
    return [Match(sequence_at(at), pk, conversation, at) for at, pk, conversation in found]


# Of matches, the page.


def in_one_order(messages: list[Match], notes: list[Match], most: int) -> list[Match]:
    """Newest first, down to where either of the two was cut off."""
    cuts = [found[-1].sequence for found in (messages, notes) if len(found) == most]
    matches = sorted([*messages, *notes], key=lambda match: match.order, reverse=True)
    return [match for match in matches if match.sequence >= max(cuts, default=0)]


def newest_of_each(matches: list[Match], without: set[int]) -> list[Match]:
    newest: dict[int, Match] = {}
    for match in matches:
        if match.conversation not in without:
            newest.setdefault(match.conversation, match)
    return list(newest.values())


def seen_before(asked: Asked, position: Position | None, matches: list[Match]) -> set[int]:
    """Conversations of `matches` that an earlier page showed, at a newer match."""
    if position is None:
        return set()
    numbers = {match.conversation for match in matches}
    return seen_in_messages(asked, position, numbers) | seen_in_notes(asked, position, numbers)


def seen_in_messages(asked: Asked, position: Position, numbers: set[int]) -> set[int]:
    if position.message is None:
        return set()
    sequence, pk = position.message
    rows = matching_messages(asked).filter(conversation__in=numbers)
    newer = rows.filter(Q(sequence__gt=sequence) | Q(sequence=sequence, pk__gte=pk))
    return set(newer.values_list("conversation_id", flat=True))


def seen_in_notes(asked: Asked, position: Position, numbers: set[int]) -> set[int]:
    if position.note is None:
        return set()
    at, pk = position.note
    rows = matching_notes(asked).filter(conversation__in=numbers)
    newer = rows.filter(Q(created_at__gt=at) | Q(created_at=at, pk__gte=pk))
    return set(newer.values_list("conversation_id", flat=True))
