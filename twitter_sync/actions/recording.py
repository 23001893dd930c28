"""Everything that X tells us becomes a row before anything else happens to it (trust R1, R2)."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from typing import Any

from django.db import connection

from accounts.doorbell import ring, ring_often
from accounts.models import BrandAccount
from inbox.models import Message
from twitter_sync import metering
from twitter_sync.answers import Answer
from twitter_sync.budgets import APP
from twitter_sync.feeds import SOURCES, Feed, items_of, listed, page_of_one
from twitter_sync.models import RawEvent
from twitter_sync.payloads import addressee
from twitter_sync.reconnecting import on_a_living_connection

INSERT = """
INSERT INTO twitter_sync_rawevent
    (source, fact, addressee, body, state, waits_for, attempts, error, received_at, due_at)
VALUES (%s, %s, %s, %s, 'pending', '', 0, '', statement_timestamp(), statement_timestamp())
ON CONFLICT (fact) DO NOTHING
RETURNING id
"""
# Of a page, however many items it has: their order is the order of the ids.
INSERT_PAGE = """
INSERT INTO twitter_sync_rawevent
    (source, brand_id, addressee, fact, body, state, waits_for, attempts, error,
     received_at, due_at)
SELECT %s, %s, %s, page.fact, page.body, 'pending', '', 0, '',
       statement_timestamp(), statement_timestamp()
FROM unnest(%s::text[], %s::bytea[]) WITH ORDINALITY AS page (fact, body, place)
ORDER BY page.place
ON CONFLICT (fact) DO NOTHING
"""

# How a rule of the filtered stream is tagged, before the key of its brand.
TAG = "brand:"


def record_delivery(body: bytes, source: RawEvent.Source = RawEvent.Source.WEBHOOK) -> int | None:
    """Keeps a body that X pushed, once. Returns the new row's id, None for one that we have.

    Commits by itself (the request is not atomic), so that X is told 200 for what is safe. Rings for
    what we have as well: it may be what a lost connection left unsaid.
    """
    read = read_json(body)
    told = [source, fact_of(body, read), addressee(read), body]
    row_id = on_a_living_connection(lambda: insert(told))
    ring_often("twitter_sync.apply", queue="ingest")
    return row_id


def insert(told: list[Any]) -> int | None:
    with connection.cursor() as cursor:
        cursor.execute(INSERT, told)
        row = cursor.fetchone()
        return row and int(row[0])


def read_json(body: bytes) -> Any:
    """None for what is no JSON: kept, and set aside later."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def fact_of(body: bytes, read: Any) -> str:
    """The same event is one fact, however it is wrapped: a replay adds a mark to it, a stream may
    leave out spaces (reference: x-api §6)."""
    if isinstance(read, dict) and "data" in read:
        body = json.dumps(read["data"], sort_keys=True).encode()
    return f"body:{hashlib.sha256(body).hexdigest()}"


def record_items(
    brand: BrandAccount,
    kind: str,
    items: Iterable[dict[str, Any]],
    *,
    source: RawEvent.Source = RawEvent.Source.POLL,
) -> int:
    """Keeps what is new of a page in one statement, in its order. Returns how many were new.

    `kind:brand:id` is the fact. Call inside the transaction that moves the cursor (trust R5). Each
    item is a page of its own: `{"data": item, "includes": …}`.
    """
    named = [(f"{kind}:{brand.pk}:{name_of(item)}", json.dumps(item).encode()) for item in items]
    if not named:
        return 0
    facts, bodies = zip(*named, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(INSERT_PAGE, [source, brand.pk, brand.x_user_id, list(facts), list(bodies)])
        return int(cursor.rowcount)


def record_news(brand: BrandAccount, feed: Feed, answer: Answer) -> int:
    """Keeps what is new of a page of a feed; likewise inside the transaction that moves its cursor.
    Returns how many items were new."""
    pages = (page_of_one(item, answer) for item in unheard(brand, feed, items_of(answer)))
    new = record_items(brand, SOURCES[feed].kind, pages)
    if new:
        ring("twitter_sync.apply", queue="ingest")
    return new


def unheard(brand: BrandAccount, feed: Feed, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without those that are messages of the brand already: a push brought them."""
    kind = Message.Kind.DM if feed == Feed.DMS else Message.Kind.PUBLIC
    told = [str(item.get("id")) for item in items]
    held = Message.objects.filter(brand=brand, kind=kind, external_id__in=told)
    known = set(held.values_list("external_id", flat=True))
    return [item for item in items if item.get("id") not in known]


def record_found(line: bytes) -> None:
    """Keeps a post of the filtered stream for each handle whose rule it fits, once. Reposts are not
    looked at: X lets some of them through whatever the rule says."""
    try:
        told = json.loads(line)
        post, tags = told["data"], {rule.get("tag", "") for rule in told["matching_rules"]}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        record_delivery(line, RawEvent.Source.KEYWORD)
        return
    metering.count_answer(APP, "post_stream", told)
    if is_repost(post):
        return
    keys = [int(tag.removeprefix(TAG)) for tag in tags if re.fullmatch(rf"{TAG}\d{{1,18}}", tag)]
    for brand in BrandAccount.objects.listening().filter(pk__in=keys):
        page = [page_of_one(post, told)]
        if record_items(brand, "keyword", page, source=RawEvent.Source.KEYWORD):
            ring("twitter_sync.apply", queue="ingest")


def is_repost(post: dict[str, Any]) -> bool:
    """By what it refers to, and by the words that X puts before the words of others."""
    kinds = {one.get("type") for one in listed(post, "referenced_tweets")}
    return "retweeted" in kinds or str(post.get("text", "")).startswith("RT @")


def record_looked_up(post_id: str, item: dict[str, Any]) -> None:
    """Keeps a post that we asked X for on nobody's behalf and could not place, once."""
    with connection.cursor() as cursor:
        body = json.dumps(item).encode()
        cursor.execute(INSERT, [RawEvent.Source.LOOK_UP, f"look_up:{post_id}", "", body])
    ring("twitter_sync.apply", queue="ingest")


def name_of(item: dict[str, Any]) -> str:
    """X's id; where that is missing, the digest of what is there: kept, and set aside later."""
    x_id = item["data"].get("id")
    if isinstance(x_id, str) and 0 < len(x_id) <= 60:
        return x_id
    return hashlib.sha256(json.dumps(item["data"], sort_keys=True).encode()).hexdigest()
