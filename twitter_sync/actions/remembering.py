"""Keeping the public tree: what was seen, what X will not show, what has to be looked up."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.db.models.functions import Now
from django.utils import timezone

from accounts.doorbell import ring
from twitter_sync.models import KnownPost, RawEvent
from twitter_sync.payloads import Post, Profile

Availability = KnownPost.Availability

COLUMNS = [field.attname for field in KnownPost._meta.concrete_fields]

# Of a thread that has no end, this many answers upwards are context enough.
MOST_HOPS = 50


# A row takes what a payload tells unless it says as much already; deleted wins for good. Every row
# is locked, news or not, in the order of the ids: no two workers wait for each other in a circle.
REMEMBER = """
INSERT INTO twitter_sync_knownpost AS held
SELECT * FROM jsonb_populate_recordset(NULL::twitter_sync_knownpost, %s) ORDER BY post_id
ON CONFLICT (post_id) DO UPDATE SET
    availability = excluded.availability,
    author_id = excluded.author_id,
    author_handle = excluded.author_handle,
    author_name = excluded.author_name,
    parent_id = excluded.parent_id,
    answers_user_id = excluded.answers_user_id,
    x_conversation_id = excluded.x_conversation_id,
    quoted_id = excluded.quoted_id,
    earlier_ids = excluded.earlier_ids,
    is_repost = excluded.is_repost,
    is_protected = excluded.is_protected,
    text = excluded.text,
    entities = excluded.entities,
    media = excluded.media,
    posted_at = excluded.posted_at,
    seen_at = excluded.seen_at
WHERE excluded.availability = 'seen' AND held.availability <> 'deleted'
  AND NOT (held.availability = 'seen' AND held.x_conversation_id <> '')
RETURNING *
"""


def remember(posts: Iterable[Post], people: Mapping[str, Profile]) -> dict[str, KnownPost]:
    """Keeps `posts` and the ids of those that they answer. Returns the former, locked, by id."""
    told = {post.id: post for post in posts}
    above = {post.parent_id for post in told.values() if post.parent_id} - told.keys()
    rows = [row_of(post, people) for post in told.values()]
    rows += [KnownPost(post_id=post_id) for post_id in above]
    news = list(KnownPost.objects.raw(REMEMBER, [json.dumps([columns(row) for row in rows])]))
    for known in news:
        if known.is_seen and known.look_up_at is not None:
            conclude(known)
    held = {known.post_id: known for known in news}
    missing = [post_id for post_id in told if post_id not in held]
    return held | (KnownPost.objects.in_bulk(missing) if missing else {})


def row_of(post: Post, people: Mapping[str, Profile]) -> KnownPost:
    """A post as a row. Nothing is kept of the words of a protected author."""
    author = people.get(post.author_id) or Profile(post.author_id)
    row = KnownPost(
        post_id=post.id,
        availability=Availability.SEEN,
        author_id=post.author_id,
        author_handle=author.username[:50],
        author_name=author.name[:200],
        parent_id=post.parent_id or "",
        answers_user_id=post.answers_user_id or "",
        x_conversation_id=post.conversation_id,
        quoted_id=post.quoted_id or "",
        earlier_ids=list(post.earlier_ids),
        is_repost=post.is_repost,
        is_protected=author.is_protected,
        posted_at=post.created_at,
        seen_at=timezone.now(),
    )
    if not author.is_protected:
        row.text, row.entities = post.text, dict(post.entities)
        row.media = [asdict(one) for one in post.media]
    return row


def columns(row: KnownPost) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name in COLUMNS
        for value in [getattr(row, name)]
    }


def conclude(known: KnownPost) -> None:
    """Saves what was learnt and lets go on whatever waited for it."""
    was_asked_for = known.look_up_at is not None or known.look_up_attempts > 0
    known.look_up_at = None
    known.save()
    if was_asked_for:
        release(known.post_id)


def release(post_id: str) -> None:
    waiting = RawEvent.objects.filter(state=RawEvent.State.WAITING, waits_for=post_id)
    if waiting.update(state=RawEvent.State.PENDING, waits_for="", due_at=Now()):
        ring("twitter_sync.apply", queue="ingest")


def give_up(post_ids: Iterable[str]) -> None:
    """X will not show these: whoever waits for them makes do with what is known."""
    for known in KnownPost.objects.locked(post_ids):
        if known.availability == Availability.UNSEEN:
            known.availability = Availability.UNAVAILABLE
        conclude(known)


def forget(post_ids: Iterable[str]) -> None:
    """Deleted on X, in all its forms: the words go, the place in the tree stays."""
    told = set(post_ids)
    for earlier in KnownPost.objects.filter(pk__in=told).values_list("earlier_ids", flat=True):
        told |= set(earlier)
    KnownPost.objects.bulk_create(
        [KnownPost(post_id=post_id) for post_id in sorted(told)], ignore_conflicts=True
    )
    for known in KnownPost.objects.locked(told):
        known.availability = Availability.DELETED
        known.text, known.entities, known.media = "", {}, []
        conclude(known)


def want_above(post_id: str, *, hops: int) -> None:
    """Has X asked for the first post upwards that is only heard of; once, and not without end.

    `hops` is how far `post_id` stands above the post that made us ask.
    """
    above = list(KnownPost.objects.upwards(post_id))
    hops += len(above) - 1
    if not above or above[-1].is_settled or hops > MOST_HOPS:
        return
    unasked = KnownPost.objects.filter(
        pk=above[-1].pk, availability=Availability.UNSEEN, look_up_at=None, look_up_attempts=0
    )
    if unasked.update(look_up_at=Now(), hops=hops):
        ring("twitter_sync.look_up", queue="default")


def ask_for(post_id: str) -> None:
    """Has X asked, once, for a post that is seen already: for who is who in it."""
    unasked = KnownPost.objects.filter(pk=post_id, look_up_at=None, look_up_attempts=0)
    if unasked.update(look_up_at=Now()):
        ring("twitter_sync.look_up", queue="default")


def wait_for(post_id: str) -> bool:
    """Has X asked for `post_id`, which something waits for. False when it is known meanwhile.

    The row stays locked, so that whoever learns of it finds the waiting one.
    """
    [known] = KnownPost.objects.locked([post_id])
    if known.is_settled:
        return False
    if known.look_up_at is None:
        known.look_up_at = timezone.now()
        known.save(update_fields=["look_up_at"])
        ring("twitter_sync.look_up", queue="default")
    return True
