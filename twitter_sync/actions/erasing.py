"""Erasing a handle: everything that is held of it goes, in the background, and one line stays that
says who asked for it and how much went.

The `Erasure` row is the truth: any worker may go on with it after any other, from what is left.
The handle itself goes last. What X still tells of it afterwards is thrown away, until somebody
connects it again, which is a new beginning.
"""

from __future__ import annotations

import time

import structlog
from django.db import IntegrityError, transaction
from django.db.models import Exists, F, OuterRef, ProtectedError, QuerySet

from accounts import clock
from accounts.access import require_admin
from accounts.actions import brands
from accounts.announcements import access_changed
from accounts.doorbell import ring, ring_now
from accounts.models import BrandAccount, User
from inbox.actions.erasing import erase_conversations
from inbox.models import Conversation
from twitter_sync.actions.disconnecting import destroy, revoke, wind_up
from twitter_sync.budgets import user_scope
from twitter_sync.locks import PUT_OFF_SECONDS, Busy
from twitter_sync.models import Erasure, KnownPost, RateBudget, RawEvent, Redaction, Subscription
from twitter_sync.set_aside import addressee_of

CONVERSATIONS_AT_ONCE = 200
RAW_EVENTS_AT_ONCE = 2_000
# A worker gives way after this, well before its task is ended (CELERY_TASK_TIME_LIMIT).
GIVE_WAY_AFTER_SECONDS = 20.0

log = structlog.get_logger(__name__)


def erase(brand: BrandAccount, *, by: User) -> tuple[Erasure, str]:
    """Disconnects the handle and begins to erase it. A second time is the same erasure.

    Returns it, and what `disconnect` returns: why X may not have voided the tokens, or "".
    """
    require_admin(by, brand)
    with transaction.atomic():
        current = brands.locked(brand)
        destroyed = destroy(current, by=by)
        erasure, is_new = Erasure.objects.get_or_create(
            x_user_id=current.x_user_id,
            finished_at=None,
            defaults={
                "brand": current,
                "handle": current.handle,
                "asked_by": by,
                "to_erase": Conversation.objects.filter(brand=current).count(),
            },
        )
        if is_new:
            log.info("handle to be erased", brand=current.pk, erasure=erasure.pk, by=by.pk)
        ring("twitter_sync.erase", queue="default", erasure_id=erasure.pk)
    return erasure, revoke(destroyed)


def is_under_way(brand: BrandAccount) -> bool:
    return Erasure.objects.under_way().filter(brand=brand).exists()


# What a worker does


def erase_on(erasure_id: int) -> None:
    """Goes on where the last worker stopped, for a while; rings again when more is left."""
    ends_at = time.monotonic() + GIVE_WAY_AFTER_SECONDS
    while erase_some(erasure_id):
        if time.monotonic() >= ends_at:
            ring_now("twitter_sync.erase", queue="default", erasure_id=erasure_id)
            return


def erase_some(erasure_id: int) -> bool:
    """One batch, counted in the transaction that erases it. False when nothing is left to do."""
    with transaction.atomic():
        erasure = held(erasure_id)
        if erasure is None or erasure.brand is None:
            return False
        if erase_talk(erasure, erasure.brand) or erase_ledger(erasure, erasure.brand):
            return True
    finish(erasure, erasure.brand)
    return False


def held(erasure_id: int) -> Erasure | None:
    """The row, ours until the transaction ends; None when it is done or another worker has it."""
    rows = Erasure.objects.under_way().select_for_update(skip_locked=True, of=("self",))
    return rows.select_related("brand").filter(pk=erasure_id).first()


def erase_talk(erasure: Erasure, brand: BrandAccount) -> bool:
    gone = erase_conversations(brand, limit=CONVERSATIONS_AT_ONCE)
    erase_posts(gone.x_conversation_ids)
    for count in ("conversations", "messages", "notes", "contacts"):
        setattr(erasure, count, getattr(erasure, count) + getattr(gone, count))
    erasure.save()
    return bool(gone.conversations)


def erase_posts(x_conversation_ids: tuple[str, ...]) -> None:
    """The known tree of X conversations in which no brand of ours talks any more."""
    posts = KnownPost.objects.nobodys().filter(x_conversation_id__in=x_conversation_ids)
    post_ids = list(posts.values_list("pk", flat=True))
    RawEvent.objects.filter(fact__in=[f"look_up:{post_id}" for post_id in post_ids]).delete()
    Redaction.objects.filter(external_id__in=post_ids).delete()
    KnownPost.objects.filter(pk__in=post_ids).delete()


def erase_ledger(erasure: Erasure, brand: BrandAccount) -> bool:
    """The bodies that X told for the handle, rows and all, and posts that its keywords found."""
    rows = RawEvent.objects.filter(brand=brand).order_by("pk")[:RAW_EVENTS_AT_ONCE]
    told = dict(rows.values_list("pk", "fact"))
    found = [fact.rpartition(":")[2] for fact in told.values() if fact.startswith("keyword:")]
    KnownPost.objects.nobodys().filter(pk__in=found).delete()
    count, _ = RawEvent.objects.filter(pk__in=told).delete()
    Erasure.objects.filter(pk=erasure.pk).update(raw_events=F("raw_events") + count)
    return bool(count)


def finish(erasure: Erasure, brand: BrandAccount) -> None:
    """X is told to stop, then the handle goes, with its roles, teams and settings.

    A message that still came in, by a worker that knew the handle as connected, holds it: then the
    clock begins once more, with that message.
    """
    try:
        wind_up(brand.pk)
    except Busy:
        log.info("handle not erased yet", brand=brand.pk, held_by="set-up")
        soon = PUT_OFF_SECONDS
        ring_now("twitter_sync.erase", queue="default", after=soon, erasure_id=erasure.pk)
        return
    left = Subscription.objects.filter(brand=brand).exclude(failure="").first()
    try:
        let_go(erasure, brand, left_at_x=left.failure if left else "")
    except (ProtectedError, IntegrityError) as held:
        log.warning("handle not erased yet", brand=brand.pk, held_by=type(held).__name__)
    else:
        log.info("handle erased", handle=erasure.x_user_id, erasure=erasure.pk)


@transaction.atomic
def let_go(erasure: Erasure, brand: BrandAccount, *, left_at_x: str) -> None:
    if held(erasure.pk) is None:
        return
    erase_unread(erasure)
    erase_own_posts(erasure)
    RateBudget.objects.filter(scope=user_scope(brand.x_user_id)).delete()
    for person in User.objects.filter(memberships__brand=brand):
        access_changed(person)
    brand.delete()
    Erasure.objects.filter(pk=erasure.pk).update(finished_at=clock.now(), left_at_x=left_at_x)


def erase_unread(erasure: Erasure) -> None:
    """What X told to the handle and could not be applied: it was set aside, or came too late."""
    orphans = RawEvent.objects.orphans().filter(waits_for=erasure.x_user_id)
    aside = RawEvent.objects.dead().filter(pk__in=told_to(erasure.x_user_id))
    count, _ = (orphans | aside).filter(brand=None).delete()
    Erasure.objects.filter(pk=erasure.pk).update(raw_events=F("raw_events") + count)


def told_to(x_user_id: str) -> list[int]:
    """Rows set aside whose body names its addressee so; a post that merely mentions the handle may
    be another brand's."""
    aside = RawEvent.objects.dead().filter(brand=None).values_list("pk", "body")
    return [pk for pk, body in aside.iterator(500) if addressee_of(bytes(body)) == x_user_id]


def erase_own_posts(erasure: Erasure) -> None:
    """Broadcasts of the handle, kept as what customers answered."""
    KnownPost.objects.nobodys().filter(author_id=erasure.x_user_id).delete()


# From the clock


def erase_all() -> None:
    """Goes on with what was left lying, and throws away what X told of handles since erased."""
    for erasure_id in Erasure.objects.under_way().values_list("pk", flat=True):
        ring_now("twitter_sync.erase", queue="default", erasure_id=erasure_id)
    count, _ = latecomers().delete()
    if count:
        log.info("news of erased handles thrown away", rows=count)


def latecomers() -> QuerySet[RawEvent]:
    """Orphans for a handle that was erased and not connected again."""
    again = BrandAccount.objects.filter(x_user_id=OuterRef("x_user_id"))
    erased = Erasure.objects.filter(~Exists(again), finished_at__isnull=False)
    return RawEvent.objects.orphans().filter(waits_for__in=erased.values("x_user_id"))
