"""Keeping the public tree: what was seen, what X will not show, what has to be looked up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict

from django.db.models.functions import Now
from django.utils import timezone

from inbox.doorbell import ring
from twitter_sync.models import KnownPost, RawEvent
from twitter_sync.payloads import Post, Profile

Availability = KnownPost.Availability

# Of a thread that has no end, this many answers upwards are context enough.
MOST_HOPS = 50


def remember(posts: Iterable[Post], people: Mapping[str, Profile]) -> dict[str, KnownPost]:
    """Keeps `posts` and the ids of those that they answer. Returns the rows, locked, by id.

    Rows are always made and locked in the order of their ids, so that no two workers wait for each
    other in a circle.
    """
    told = {post.id: post for post in posts}
    ids = sorted(told.keys() | {post.parent_id for post in told.values() if post.parent_id})
    KnownPost.objects.bulk_create(
        [KnownPost(post_id=post_id) for post_id in ids], ignore_conflicts=True
    )
    held = {known.post_id: known for known in KnownPost.objects.locked(ids)}
    for post_id, post in told.items():
        learn(held[post_id], post, people.get(post.author_id))
    return held


def learn(known: KnownPost, post: Post, author: Profile | None) -> None:
    """A row becomes what X now says, unless it says as much already. Deleted wins for good."""
    if known.is_deleted or (known.is_seen and known.x_conversation_id):
        return
    is_protected = author is not None and author.is_protected
    known.availability = Availability.SEEN
    known.author_id = post.author_id
    known.author_handle = author.username[:50] if author else known.author_handle
    known.author_name = author.name[:200] if author else known.author_name
    known.parent_id = post.parent_id or ""
    known.answers_user_id = post.answers_user_id or ""
    known.x_conversation_id = post.conversation_id
    known.is_repost = post.is_repost
    known.is_protected = is_protected
    known.text = "" if is_protected else post.text
    known.entities = {} if is_protected else dict(post.entities)
    known.media = [] if is_protected else [asdict(one) for one in post.media]
    known.posted_at = post.created_at
    known.seen_at = timezone.now()
    conclude(known)


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


def forget(post_id: str) -> None:
    """Deleted on X: the words go, the place in the tree stays."""
    KnownPost.objects.bulk_create([KnownPost(post_id=post_id)], ignore_conflicts=True)
    [known] = KnownPost.objects.locked([post_id])
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
