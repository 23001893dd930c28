"""Keeping the public tree: what was seen, what X will not show, what has to be looked up."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict

from django.db import connection
from django.db.models.functions import Now

from accounts import clock
from accounts.doorbell import ring
from inbox import rows
from twitter_sync.actions.redacting import redact
from twitter_sync.models import KnownPost, RawEvent
from twitter_sync.payloads import Post, Profile
from twitter_sync.scene import lock_conversations
from twitter_sync.tree import Tree
from twitter_sync.utterances import People

Availability = KnownPost.Availability

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
RETURNING post_id, hops, look_up_at, look_up_attempts
"""


def remember(
    told: Iterable[tuple[Post, People]], *, heard_of: Iterable[str] = ()
) -> dict[str, KnownPost]:
    """Keeps posts, each with the people that its payload names, and the ids of those that they
    answer, had before they were changed or have since, and of others that were heard of, in all
    their forms. Returns the former, by id; all of them are locked. What is gone in one of its forms
    is gone in all."""
    seen: dict[str, KnownPost] = {}
    forms: list[set[str]] = []
    for post, people in told:
        forms.append({post.id, *post.earlier_ids, *post.later_ids})
        if post.id not in seen or not seen[post.id].x_conversation_id:
            seen[post.id] = row_of(post, people)
    named = {row.parent_id for row in seen.values()}.union(*forms) - {""}
    others = (named | KnownPost.objects.forms_of(heard_of)) - seen.keys()
    news = kept(seen | {post_id: KnownPost(post_id=post_id) for post_id in others})
    conclude([known for known in news if known.is_seen and known.look_up_at is not None])
    held = {known.post_id: known for known in news if known.post_id in seen}
    known = held | KnownPost.objects.in_bulk(seen.keys() - held.keys())
    if gone := gone_in(forms, known):
        forget(gone)
        known |= KnownPost.objects.in_bulk(gone & seen.keys())
    return known


def kept(told: Mapping[str, KnownPost]) -> list[KnownPost]:
    """Writes what is news of these posts. Returns those of which it was, as they are now."""
    if not told:
        return []
    with connection.cursor() as cursor:
        cursor.execute(REMEMBER, [rows.as_json(told.values(), rows.columns_of(KnownPost))])
        news = []
        for post_id, *looked_up in cursor:
            known = told[post_id]
            known.hops, known.look_up_at, known.look_up_attempts = looked_up
            news.append(known)
        return news


def gone_in(told: Collection[set[str]], known: Mapping[str, KnownPost]) -> set[str]:
    """All forms of what X tells of although it was deleted in one of them."""
    gone = {post_id for post_id, one in known.items() if one.is_deleted}
    if others := set[str]().union(*told) - known.keys():
        deleted = KnownPost.objects.filter(pk__in=others, availability=Availability.DELETED)
        gone.update(deleted.values_list("pk", flat=True))
    return {post_id for forms in told if forms & gone for post_id in forms}


def row_of(post: Post, people: People) -> KnownPost:
    """A post as a row. Nothing is kept of the words of a protected author, and a repost has none of
    its own."""
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
        seen_at=clock.now(),
    )
    if not author.is_protected and not post.is_repost:
        row.text, row.entities = post.text, dict(post.entities)
        row.media = [asdict(one) for one in post.media]
    return row


def conclude(known: Collection[KnownPost], *changed: str) -> None:
    """Saves what was learnt of locked posts, and lets go on whatever waited for them."""
    asked_for = [
        one.post_id for one in known if one.look_up_at is not None or one.look_up_attempts > 0
    ]
    for one in known:
        one.look_up_at = None
    rows.update(list(known), *changed, "look_up_at")
    release(asked_for)


def release(post_ids: Collection[str]) -> None:
    if not post_ids:
        return
    waiting = RawEvent.objects.filter(state=RawEvent.State.WAITING, waits_for__in=post_ids)
    if waiting.update(state=RawEvent.State.PENDING, waits_for="", due_at=Now()):
        ring("twitter_sync.apply", queue="ingest")


def give_up(post_ids: Iterable[str]) -> None:
    """X will not show these: whoever waits for them makes do with what is known."""
    given_up = KnownPost.objects.locked(post_ids)
    for known in given_up:
        if known.availability == Availability.UNSEEN:
            known.availability = Availability.UNAVAILABLE
    conclude(given_up, "availability")


def forget(post_ids: Iterable[str]) -> set[str]:
    """Deleted on X, in all its forms: the words go, the place in the tree stays. Returns the ids of
    all forms.

    Whoever tells of a form locks it with its other ones (`remember`). So they are asked for again
    when all that were known are locked: nobody adds to them then. A worker that read it before, and
    makes a message of it, has its conversation locked: the message is seen after the wait.
    """
    forgotten: list[KnownPost] = []
    told, forms = set[str](), KnownPost.objects.forms_of(post_ids)
    while untold := forms - told:
        forgotten += hold(untold)
        told |= untold
        forms = KnownPost.objects.forms_of(told)
    lock_conversations({known.x_conversation_id for known in forgotten} - {""})
    for known in forgotten:
        known.availability = Availability.DELETED
        known.text, known.entities, known.media = "", {}, []
    conclude(forgotten, "availability", "text", "entities", "media")
    redact(told)
    return told


def hold(post_ids: Collection[str]) -> list[KnownPost]:
    """The rows of posts, known or not, locked until the transaction ends."""
    heard_of = [KnownPost(post_id=post_id) for post_id in sorted(post_ids)]
    KnownPost.objects.bulk_create(heard_of, ignore_conflicts=True)
    return KnownPost.objects.locked(post_ids)


# Only what nobody has asked for yet, once.
WANT = """
UPDATE twitter_sync_knownpost known SET look_up_at = statement_timestamp(), hops = wanted.hops
FROM unnest(%s::text[], %s::int[]) AS wanted (post_id, hops)
WHERE known.post_id = wanted.post_id AND known.availability = 'unseen'
  AND known.look_up_at IS NULL AND known.look_up_attempts = 0
"""


def want_above(tree: Tree, posts: Iterable[tuple[str, int]]) -> None:
    """Has X asked for the first post upwards of each that is only heard of; once, and not without
    end. With each post stands how far it is above the one that made us ask."""
    wanted = {}
    for post_id, hops in posts:
        above = list(tree.upwards(post_id))
        hops += len(above) - 1
        if above and not above[-1].is_settled and hops <= MOST_HOPS:
            wanted[above[-1].post_id] = hops
    if wanted:
        with connection.cursor() as cursor:
            cursor.execute(WANT, [list(wanted), list(wanted.values())])
            if cursor.rowcount:
                ring("twitter_sync.look_up", queue="default")


def wait_for(post_id: str) -> bool:
    """Has X asked for `post_id`, which something waits for. False when it is known meanwhile.

    The row stays locked, so that whoever learns of it finds the waiting one.
    """
    [known] = KnownPost.objects.locked([post_id])
    if known.is_settled:
        return False
    if known.look_up_at is None:
        known.look_up_at = clock.now()
        known.save(update_fields=["look_up_at"])
        ring("twitter_sync.look_up", queue="default")
    return True
