"""What X could not push, sent again: an outage becomes gaps and a job at X, and ends with X's word.

Polling finds the messages of that time anyway, and is hurried. Deletions, quotes and encrypted
messages are only pushed: they come by a replay or not at all. X keeps them for a day. What was set
aside here and is tried again is another matter: `replaying`.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from django.db import connection, transaction
from django.db.models import Exists, OuterRef
from django.db.models.functions import Now

from accounts import clock
from accounts.doorbell import ring
from accounts.models import BrandAccount
from inbox.models import Message
from twitter_sync.actions import polling
from twitter_sync.actions.replaying import due_again
from twitter_sync.budgets import Purpose
from twitter_sync.client import Client
from twitter_sync.errors import OutOfCredits, RateLimited, Refused, XError
from twitter_sync.models import RawEvent, Replay, StreamLease, Subscription, SyncGap, Webhook

# Longer than a call to X may take, with a token renewed and the call again.
LEASE = timedelta(seconds=45)
# When X did not answer; and when it refused, which may be for a job that is still under way.
TRY_AGAIN_AFTER, REFUSED_AGAIN_AFTER = timedelta(seconds=75), timedelta(minutes=10)
# How long X may be at it before it is asked once more.
UNDER_WAY = timedelta(hours=1)
MOST_ATTEMPTS = 4
# What X has to send again (reference: x-api §5); less the minutes that a try may take.
KEPT_BY_X = timedelta(hours=24)
REACH = KEPT_BY_X - timedelta(minutes=5)

State = Replay.State
log = structlog.get_logger(__name__)


# An outage


def note_outage(webhook: Webhook, *, since: datetime, is_new: bool) -> None:
    """X could not push since then, and now it can. `is_new`: X knows this address since a moment,
    and has nothing to send again. Nothing is missing where the stream was heard all the time."""
    stream = StreamLease.objects.filter(name=StreamLease.Name.ACTIVITY).first()
    if stream is None or not stream.was_heard_since(since):
        open_gaps(webhook, since=since, until=clock.now(), is_new=is_new)
    polling.hurry()


@transaction.atomic
def open_gaps(webhook: Webhook, *, since: datetime, until: datetime, is_new: bool) -> None:
    """One for each handle whose news X pushes; what X keeps no longer is given up at once."""
    reach = until if is_new else until - REACH
    if since < reach:
        leave_gaps(since, min(reach, until), given_up_at=until)
    if until > max(since, reach):
        replay = Replay.objects.create(webhook=webhook, since=max(since, reach), until=until)
        leave_gaps(replay.since, replay.until, replay=replay)
        ring("twitter_sync.replay", queue="default", replay_id=replay.pk)
    log.warning("pushes were missed", since=since.isoformat(), until=until.isoformat())


def leave_gaps(
    since: datetime,
    until: datetime,
    *,
    replay: Replay | None = None,
    given_up_at: datetime | None = None,
) -> None:
    told = Subscription.objects.active().filter(brand=OuterRef("pk"), granted_at__lt=until)
    SyncGap.objects.bulk_create(
        SyncGap(
            brand=brand,
            feed=SyncGap.Feed.PUSHES,
            reason=SyncGap.Reason.OUTAGE,
            begins_at=since,
            ends_at=until,
            replay=replay,
            given_up_at=given_up_at,
        )
        for brand in BrandAccount.objects.listening().filter(Exists(told))
    )


def note_silence(since: datetime) -> None:
    """The stream was not heard since then, and X does not repeat all of it. Where it pushes to our
    address as well, nothing is missing."""
    if not Webhook.objects.filter(is_valid=True).exists():
        now = clock.now()
        leave_gaps(since, now, given_up_at=now)


# The job


def ask(replay_id: int) -> None:
    """Has X begin the job, or begin it anew."""
    if not Replay.objects.due().filter(pk=replay_id).update(due_at=Now() + LEASE):
        return
    replay = Replay.objects.select_related("webhook").get(pk=replay_id)
    newest = RawEvent.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    try:
        answer = Client.for_app(purpose=Purpose.CATCH_UP).replay_webhook(
            replay.webhook.external_id, since=replay.since, until=replay.until
        )
    except RateLimited as limit:
        Replay.objects.filter(pk=replay.pk).update(due_at=limit.resets_at)
    except XError as error:
        log.warning("no replay", replay=replay.pk, error=str(error))
        is_about_the_job = isinstance(error, Refused) and not isinstance(error, OutOfCredits)
        put_off(replay, error.reason, counts=is_about_the_job)
    else:
        note_asked(replay, str(answer["data"]["job_id"]), newest)


@transaction.atomic
def note_asked(replay: Replay, external_id: str, newest: int) -> None:
    """What X told of the job before we knew its name is looked at once more. `newest` is the newest
    row of the ledger before the call."""
    lock_ends()
    Replay.objects.filter(pk=replay.pk).update(
        state=State.ASKED,
        external_id=external_id,
        asked_at=Now(),
        due_at=Now() + UNDER_WAY,
        attempts=replay.attempts + 1,
    )
    rows = RawEvent.objects.filter(pk__gt=newest, state=RawEvent.State.IGNORED, brand=None)
    named = [row.pk for row in rows.only("body") if external_id.encode() in bytes(row.body)]
    due_again(RawEvent.objects.filter(pk__in=named))


def put_off(replay: Replay, reason: str, *, counts: bool) -> None:
    """Later; after some refusals, or when X keeps it no longer, it is given up with its gaps."""
    attempts = replay.attempts + counts
    is_over = attempts >= MOST_ATTEMPTS or replay.since < clock.now() - KEPT_BY_X
    wait = REFUSED_AGAIN_AFTER if counts else TRY_AGAIN_AFTER
    with transaction.atomic():
        Replay.objects.filter(pk=replay.pk).update(
            state=State.FAILED if is_over else State.WANTED,
            external_id="",
            attempts=attempts,
            failure=reason[:300],
            due_at=Now() + wait,
            finished_at=Now() if is_over else None,
        )
        if is_over:
            SyncGap.objects.healing().filter(replay=replay).update(
                given_up_at=Now(), failure=reason[:300]
            )


# Its end


def end(external_id: str, *, is_complete: bool, words: str, told_at: datetime) -> bool:
    """X says how a job went. False for one that is none of ours. Call in the transaction that
    applies what X said."""
    lock_ends()
    replay = Replay.objects.filter(external_id=external_id, state=State.ASKED).first()
    if replay is None:
        return Replay.objects.filter(external_id=external_id).exists()
    if is_complete:
        Replay.objects.filter(pk=replay.pk).update(state=State.COMPLETE, finished_at=told_at)
    else:
        log.warning("replay failed", replay=replay.pk, why=words)
        put_off(replay, words, counts=True)
    return True


def lock_ends() -> None:
    """Until the transaction ends, a job gets its name or its end, not both at once."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('twitter_sync.replays'))")


def sweep() -> list[int]:
    """Closes the gaps of jobs that are over, once all that they brought is sorted. Returns jobs to
    be asked for."""
    unhealed = SyncGap.objects.healing().filter(replay__state=State.COMPLETE)
    for gap in unhealed.select_related("replay", "brand"):
        if gap.replay and not unsorted_before(gap.replay):
            heal(gap, gap.replay)
    return list(Replay.objects.due().values_list("pk", flat=True))


def unsorted_before(replay: Replay) -> bool:
    news = RawEvent.objects.news().filter(state=RawEvent.State.PENDING)
    return news.filter(received_at__lte=replay.finished_at, due_at__lte=Now()).exists()


def heal(gap: SyncGap, replay: Replay) -> None:
    brought = Message.objects.filter(
        brand=gap.brand,
        sent_at__range=(gap.begins_at, gap.ends_at),
        received_at__gte=replay.asked_at,
        missed_push=None,
    )
    SyncGap.objects.filter(pk=gap.pk).update(
        healed_at=Now(), healed_by=SyncGap.Means.REPLAY, found=brought.count()
    )
    log.info("gap healed", brand=gap.brand_id, feed=gap.feed, gap=gap.pk)
