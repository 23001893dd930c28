"""Asking X again for what we show: what was deleted or changed there is deleted or changed here
within a day (trust P1).

X pushes the deletion of a handle's own posts alone, and no change of anybody's. So the public posts
of every conversation that was active in the last 30 days, and those that they hang on, are asked
for anew, a hundred at a time, the longest unchecked first.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.db.models.functions import Now

from accounts import clock
from accounts.doorbell import ring
from accounts.models import BrandAccount
from inbox.models import Message
from inbox.sequence import sequence_at
from twitter_sync import spending
from twitter_sync.actions.deleting import delete_post
from twitter_sync.actions.looking_up import tell_desks
from twitter_sync.actions.redacting import redact
from twitter_sync.actions.remembering import hold
from twitter_sync.answers import Answer
from twitter_sync.budgets import Purpose
from twitter_sync.client import Client
from twitter_sync.errors import RateLimited, Refused, XError
from twitter_sync.feeds import listed
from twitter_sync.models import ConversationSearch, KnownPost
from twitter_sync.models.spending import Spending

# X's limit for one call.
MOST_AT_ONCE = 100
# A conversation that was quiet for longer is checked no more, until something happens in it.
ACTIVE = timedelta(days=30)
# Within a day, with time for a queue; the first time sooner, and not all at once.
PAUSE = timedelta(hours=20)
FIRST = timedelta(hours=12)
SOON = timedelta(minutes=10)
# X may not list at once what was just written.
YOUNG = timedelta(hours=1)
LEASE = timedelta(minutes=3)
# A worker gives way after so long; the clock or the next ring goes on.
WORK_FOR = timedelta(seconds=60)

# By hour, for all handles: what is expected already is not touched.
EXPECT = """
INSERT INTO twitter_sync_conversationsearch AS held
    (brand_id, x_conversation_id, author_id, heard_at, check_at)
SELECT thread.brand_id, thread.x_conversation_id, contact.x_user_id,
       max(conversation.last_activity_at), %(first)s
FROM accounts_brandaccount brand
JOIN inbox_conversation conversation ON conversation.brand_id = brand.id
JOIN inbox_thread thread ON thread.conversation_id = conversation.id AND thread.kind = 'public'
JOIN inbox_contact contact ON contact.id = conversation.contact_id
LEFT JOIN twitter_sync_conversationsearch known
    ON (known.brand_id, known.x_conversation_id, known.author_id)
     = (thread.brand_id, thread.x_conversation_id, contact.x_user_id)
WHERE conversation.changed_at > %(since)s AND conversation.last_activity_at > %(since)s
  AND known.check_at IS NULL
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
ON CONFLICT (brand_id, x_conversation_id, author_id) DO UPDATE SET check_at = excluded.check_at
WHERE held.check_at IS NULL
"""

# The messages of active conversations, what stands above them and what they quote.
HELD = """
WITH RECURSIVE said AS (
    SELECT search.id AS search_id, message.external_id AS post_id, message.answers_external_id,
           message.deleted_at
    FROM twitter_sync_conversationsearch search
    JOIN inbox_thread thread
        ON (thread.brand_id, thread.kind, thread.x_conversation_id)
         = (search.brand_id, 'public', search.x_conversation_id)
    JOIN inbox_conversation conversation ON conversation.id = thread.conversation_id
    JOIN inbox_contact contact ON contact.id = conversation.contact_id
    JOIN inbox_message message ON message.thread_id = thread.id
    WHERE search.id = ANY(%(searches)s) AND conversation.last_activity_at > %(since)s
      AND contact.x_user_id = search.author_id AND message.external_id IS NOT NULL
), around AS (
    SELECT search_id, answers_external_id AS post_id FROM said
    WHERE answers_external_id IS NOT NULL
    UNION
    SELECT search_id, quoted_id FROM said JOIN twitter_sync_knownpost USING (post_id)
    WHERE quoted_id <> ''
    UNION
    SELECT search_id, post_id FROM said
), above AS (
    SELECT search_id, post_id FROM around
    UNION
    SELECT search_id, parent_id FROM above JOIN twitter_sync_knownpost USING (post_id)
    WHERE parent_id <> ''
)
SELECT search_id, post_id FROM said
WHERE deleted_at IS NULL AND post_id::numeric < %(young)s
UNION
SELECT search_id, post_id FROM above JOIN twitter_sync_knownpost known USING (post_id)
WHERE known.availability = 'seen' AND NOT known.is_protected AND post_id::numeric < %(young)s
"""

log = structlog.get_logger(__name__)


def expect_checks(now: datetime | None = None) -> int:
    """Whatever was active lately is to be checked. Returns how many are expected anew."""
    now = now or clock.now()
    with connection.cursor() as cursor:
        cursor.execute(EXPECT, {"since": now - ACTIVE, "first": now + FIRST})
        return int(cursor.rowcount)


def check_due(now: datetime | None = None) -> int:
    """Asks X for what is due, the longest unchecked first. Returns how many posts it asked for.

    Nothing is asked for once the month has cost what the owner lets it cost.
    """
    now, asked, ends_at = now or clock.now(), 0, monotonic() + WORK_FOR.total_seconds()
    while monotonic() < ends_at:
        if spending.pace_now() == Spending.Pace.STOPPED:
            return asked
        due = claim(now)
        if not due.searches or not check(due, now):
            return asked
        asked += len(due.post_ids)
    ring("twitter_sync.recheck", queue="default")
    return asked


@dataclass(frozen=True, slots=True)
class Due:
    """What is asked for together: rows, and the posts that they stand for."""

    searches: list[int]
    post_ids: list[str]


@transaction.atomic
def claim(now: datetime) -> Due:
    """Rows until a hundred posts are together, ours for the time of the lease. A row of which
    nothing is active any more is let go."""
    rows = ConversationSearch.objects.to_check(now)
    rows = rows.for_calls() if settings.X_COMPLIANCE_JOBS else rows
    rows = rows.select_for_update(skip_locked=True)
    due = list(rows.values_list("pk", flat=True)[:MOST_AT_ONCE])
    held = held_by(due, now) if due else {}
    taken, post_ids = [], set[str]()
    for search_id in due:
        if len(post_ids) >= MOST_AT_ONCE:
            break
        taken.append(search_id)
        post_ids |= held.get(search_id, set())
    of_them = ConversationSearch.objects.filter(pk__in=taken)
    of_them.filter(pk__in=held).update(check_at=now + LEASE)
    of_them.exclude(pk__in=held).update(check_at=None)
    return Due(taken, sorted(post_ids, key=int))


def held_by(searches: list[int], now: datetime) -> Mapping[int, set[str]]:
    """The posts to ask for, by row; those without any are left out."""
    held: dict[int, set[str]] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            HELD,
            {"searches": searches, "since": now - ACTIVE, "young": sequence_at(now - YOUNG)},
        )
        for search_id, post_id in cursor.fetchall():
            held.setdefault(search_id, set()).add(post_id)
    return held


def check(due: Due, now: datetime) -> bool:
    """Asks X for all of them. False when X takes no more questions for now."""
    rows = ConversationSearch.objects.filter(pk__in=due.searches, check_at__isnull=False)
    is_news = False
    try:
        for post_ids in in_hundreds(due.post_ids):
            page = Client.for_app(purpose=Purpose.RECHECK).posts(post_ids)
            is_news |= settle(set(post_ids), page)
    except RateLimited as limit:
        rows.update(check_at=limit.resets_at)
        return False
    except XError as error:
        log.warning("check failed", error=str(error), posts=len(due.post_ids))
        rows.update(check_at=now + (PAUSE if type(error) is Refused else SOON))
        return False
    # What was changed is looked up by then, and those that it hangs on show it.
    rows.update(check_at=now + (SOON if is_news else spending.slowed(PAUSE)), checked_at=now)
    return True


def check_one(post_id: str) -> None:
    """Asks X for one post out of turn; what it does not answer now is asked for in turn.

    However young it is: whoever has it asked for was told by X already that it may be gone.
    """
    if spending.pace_now() == Spending.Pace.STOPPED:
        return
    try:
        page = Client.for_app(purpose=Purpose.RECHECK).posts([post_id])
    except XError as error:
        log.warning("check failed", error=str(error), posts=1)
        return
    settle({post_id}, page)


def in_hundreds(post_ids: list[str]) -> Iterator[list[str]]:
    for first in range(0, len(post_ids), MOST_AT_ONCE):
        yield post_ids[first : first + MOST_AT_ONCE]


def settle(post_ids: set[str], page: Answer) -> bool:
    """What X says of them now. Whether there is a form of one that we don't hold yet."""
    gone = post_ids & withheld(page, "resource-not-found")
    veiled = post_ids & withheld(page, "not-authorized-for-resource")
    act_on(gone=gone, veiled=veiled)
    newest = newest_forms(page)
    unheld = ask_for_unheld(newest.values())
    tell_desks(conversations_of(take_over(newest)))
    return bool(unheld)


def act_on(*, gone: Collection[str], veiled: Collection[str]) -> None:
    """What is deleted, and what only followers of its author see now."""
    for post_id in sorted(gone):
        delete_everywhere(post_id)
    veil(veiled)
    tell_desks(conversations_of({*gone, *veiled}))


def withheld(page: Answer, problem: str) -> set[str]:
    """Ids that X does not show, for just this reason; it names them in either of two ways."""
    return {
        str(error.get("resource_id") or error.get("value"))
        for error in listed(page, "errors")
        if str(error.get("type")).endswith(f"/{problem}")
    }


@transaction.atomic
def delete_everywhere(post_id: str) -> None:
    """For all handles, those that were disconnected too."""
    delete_post(post_id, brands=BrandAccount.objects.all())


@transaction.atomic
def veil(post_ids: Collection[str]) -> None:
    """Their author shows them to followers alone now: nobody reads them as context any more. What
    was said to a handle is a message of its own, and stays."""
    known = [one.pk for one in KnownPost.objects.locked(post_ids)]
    KnownPost.objects.seen().filter(pk__in=known).update(
        is_protected=True, text="", entities={}, media=[]
    )
    held = Message.objects.filter(kind=Message.Kind.PUBLIC, external_id__in=known)
    redact(set(known) - set(held.values_list("external_id", flat=True)))


def newest_forms(page: Answer) -> dict[str, str]:
    """Of each post that its author changed, the id of its newest form, by the id asked for."""
    newest = {}
    for item in listed(page, "data"):
        history = item.get("edit_history_tweet_ids") or []
        if history and history[-1] != item.get("id"):
            newest[str(item.get("id"))] = str(history[-1])
    return newest


@transaction.atomic
def ask_for_unheld(post_ids: Collection[str]) -> int:
    """X is asked for these, unless they are known: what comes is another form of a message."""
    unheld = [one.pk for one in hold(post_ids) if not one.is_settled]
    KnownPost.objects.filter(pk__in=unheld, look_up_at=None).update(look_up_at=Now())
    if unheld:
        ring("twitter_sync.look_up", queue="default")
    return len(unheld)


@transaction.atomic
def take_over(newest: Mapping[str, str]) -> set[str]:
    """A post that others hang on says what its newest form says. Returns those that said otherwise;
    a message tells its former forms apart itself."""
    known = {one.pk: one for one in KnownPost.objects.locked({*newest, *newest.values()})}
    changed = set()
    for post_id, newest_id in newest.items():
        former, form = known.get(post_id), known.get(newest_id)
        if former and form and former.is_seen and form.is_seen and former.text != form.text:
            former.text, former.entities, former.media = form.text, form.entities, form.media
            former.save(update_fields=["text", "entities", "media"])
            changed.add(post_id)
    return changed


def conversations_of(post_ids: Collection[str]) -> set[str]:
    known = KnownPost.objects.filter(pk__in=post_ids).exclude(x_conversation_id="")
    return set(known.values_list("x_conversation_id", flat=True))
