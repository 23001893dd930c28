"""Bringing the files of replies to X, as the handle that sends them: a worker goes on where the
last one stopped, for a while. An upload that nobody sends is forgotten by X after a day.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts import clock
from accounts.doorbell import ring_now
from accounts.models import BrandAccount
from inbox.actions import uploading
from inbox.media.files import part
from inbox.models import Attachment, MediaFile, Message
from inbox.models.attachment import AttachmentQuerySet
from twitter_sync import errors, uploads
from twitter_sync.actions.fetching import NOT_OF_THE_PICTURE, UNTIL_IT_MAY_WORK
from twitter_sync.backoff import delay
from twitter_sync.budgets import Purpose
from twitter_sync.client import Client
from twitter_sync.failures import where
from twitter_sync.models import MediaUpload
from twitter_sync.uploads import PIECE_BYTES, PROCESSING, StillProcessing

GIVE_WAY_AFTER_SECONDS = 20.0
# Longer than a call may take (60 s for a piece) with its token refresh. Renewed with every piece.
LEASE = timedelta(minutes=2)
MOST_FAILURES = 8
# Every tenth of a file is shown, not every piece.
SHOWN_STEP = 10

Outcome, Shown = MediaUpload.Outcome, Attachment.Upload
GOOD = (Outcome.OPEN, Outcome.READY)
log = structlog.get_logger(__name__)


class LeaseLost(Exception):
    """The file was taken back, or another worker goes on with it."""


def upload_due() -> int:
    """Uploads what is due, for a while; rings again when more is left. Returns how many turns."""
    ends_at, turns = time.monotonic() + GIVE_WAY_AFTER_SECONDS, 0
    while (upload := take()) is not None:
        go_on(upload, ends_at)
        turns += 1
        if time.monotonic() >= ends_at:
            ring_now("twitter_sync.upload_media", queue="media")
            break
    return turns


def sweep() -> None:
    """Rings for what is due and was not heard of."""
    if due().exists():
        ring_now("twitter_sync.upload_media", queue="media")


def due() -> AttachmentQuerySet:
    """Of handles that X lets us act for; in no worker's hands, and not to be left alone for now."""
    busy = MediaUpload.objects.filter(resting(), attachment=OuterRef("pk"), outcome=Outcome.OPEN)
    connected = BrandAccount.objects.connected()
    return Attachment.objects.to_upload().filter(~Exists(busy), message__brand__in=connected)


@transaction.atomic
def take() -> MediaUpload | None:
    """The oldest, leased to the caller. Committed before X is asked anything. None also where
    another worker has just taken it, or writes of it."""
    rows = due().select_related("message__brand").select_for_update(skip_locked=True, of=("self",))
    attachment = rows.order_by("message_id", "pk").first()
    if attachment is None:
        return None
    good = MediaUpload.objects.filter(attachment=attachment, outcome__in=GOOD)
    # Not waited for: who holds it may be waiting for the file, which is held here.
    upload = good.select_for_update(skip_locked=True).first()
    if good.filter(resting()).exists() or (upload is None and good.exists()):
        return None
    if upload is not None and is_forgotten(upload):
        spend(upload)
        upload = None
    return lease(upload or MediaUpload(), attachment)


def resting() -> Q:
    now = clock.now()
    return Q(lease_until__gt=now) | Q(due_at__gt=now)


def is_forgotten(upload: MediaUpload) -> bool:
    """Of one that was begun, X lets go what it has of it, too: after a day, or when it told."""
    if upload.outcome == Outcome.READY or not upload.media_id:
        return upload.outcome == Outcome.READY
    return (upload.expires_at or uploads.expiry({}, upload.started_at)) <= clock.now()


def spend(upload: MediaUpload) -> None:
    """X has it no more, or not for long enough."""
    upload.outcome, upload.finished_at = Outcome.SPENT, clock.now()
    upload.save(update_fields=["outcome", "finished_at"])


def lease(upload: MediaUpload, attachment: Attachment) -> MediaUpload:
    """The row must be locked, or new. Each lease ends later than the one before: that tells whose
    it is (`held_by`)."""
    upload.attachment, upload.lease_until = attachment, clock.now() + LEASE
    upload.save()
    return upload


def go_on(upload: MediaUpload, ends_at: float) -> None:
    """One turn, and what became of it."""
    try:
        turn(upload, ends_at)
    except LeaseLost:
        log.info("upload left: its file was taken back, or by another", upload=upload.pk)
    except errors.RateLimited as limit:
        leave(upload, until=limit.resets_at, reason=limit.reason)
    except NOT_OF_THE_PICTURE as trouble:
        reason = trouble.reason if isinstance(trouble, errors.XError) else ""
        leave(upload, until=clock.now() + UNTIL_IT_MAY_WORK, reason=reason)
    except errors.UNHEARD as silence:
        fail_once(upload, silence.reason)
    except errors.XError as refusal:
        give_up(upload, refusal.reason)
    except FileNotFoundError:
        give_up(upload, "The file is missing here. Attach it again.")
    except Exception as error:
        log.error("media not uploaded", upload=upload.pk, **where(error))
        fail_once(upload, "It could not be uploaded.")


def turn(upload: MediaUpload, ends_at: float) -> None:
    """What X has already is not sent again. A piece that it gets twice is one: it has a number."""
    attachment = upload.attachment
    file = attachment.files.get(role=MediaFile.Role.WHOLE)
    client = Client.for_brand(attachment.message.brand, purpose=Purpose.AGENT)
    if not upload.media_id:
        begin(client, upload, file)
    if upload.finalized_at is None:
        if not send_pieces(client, upload, file, ends_at):
            return
        told = uploads.told_of(client.finalize_upload(upload.media_id))
        keep(upload, finalized_at=clock.now(), expires_at=uploads.expiry(told, clock.now()))
    else:
        told = uploads.told_of(client.upload_status(upload.media_id))
    if uploads.is_pending(told):
        wait(upload, told)
    else:
        describe(client, attachment, upload.media_id)
        finish(upload)


def begin(client: Client, upload: MediaUpload, file: MediaFile) -> None:
    is_dm = upload.attachment.message.kind == Message.Kind.DM
    kind = uploads.kind_of(file.media_type, file.size)
    category = uploads.category(kind, for_dm=is_dm)
    begun = uploads.told_of(
        client.initialize_upload(file.media_type, category=category, total_bytes=file.size)
    )
    keep(
        upload,
        media_id=str(begun["id"]),
        media_key=str(begun.get("media_key", "")),
        expires_at=uploads.expiry(begun, clock.now()),
    )


def send_pieces(client: Client, upload: MediaUpload, file: MediaFile, ends_at: float) -> bool:
    """Whether all of them are sent; else it is somebody's next turn."""
    shown = -SHOWN_STEP
    while upload.sent_bytes < file.size:
        percent = upload.sent_bytes * 100 // file.size
        if percent >= shown + SHOWN_STEP:
            shown = percent
            uploading.report(upload.attachment, Shown.UNDER_WAY, percent=percent)
        if time.monotonic() >= ends_at:
            keep(upload, lease_until=None)
            return False
        piece = piece_of(file, upload.sent_bytes)
        client.append_upload(upload.media_id, index=upload.sent_bytes // PIECE_BYTES, piece=piece)
        sent_bytes = upload.sent_bytes + len(piece)
        keep(upload, sent_bytes=sent_bytes, lease_until=clock.now() + LEASE)
    return True


def piece_of(file: MediaFile, first: int) -> bytes:
    """Raises FileNotFoundError, also for a file that ends before it should."""
    piece = b"".join(part(file, first, min(PIECE_BYTES, file.size - first)))
    if not piece:
        raise FileNotFoundError(file.name)
    return piece


def describe(client: Client, attachment: Attachment, media_id: str) -> None:
    """X's documents tell of descriptions where everyone reads, of none in private messages."""
    is_seen = attachment.kind != Attachment.Kind.VIDEO
    if attachment.alt_text and is_seen and attachment.message.kind == Message.Kind.PUBLIC:
        client.describe_upload(media_id, alt_text=attachment.alt_text)


# What became of a turn


def keep(upload: MediaUpload, **facts: Any) -> None:
    """Raises LeaseLost, and then nothing more of it is uploaded."""
    if not held_by(upload).update(**facts):
        raise LeaseLost
    for name, value in facts.items():
        setattr(upload, name, value)


def held_by(upload: MediaUpload) -> QuerySet[MediaUpload]:
    """Its row, while that is under way and in the hands that have `upload`."""
    return MediaUpload.objects.filter(
        pk=upload.pk, outcome=Outcome.OPEN, lease_until=upload.lease_until
    )


def wait(upload: MediaUpload, told: dict[str, Any]) -> None:
    """X works on it and says when to ask again. Raises StillProcessing."""
    now, pause = clock.now(), uploads.pause_of(told)
    if upload.finalized_at is not None and now - upload.finalized_at > PROCESSING:
        raise StillProcessing(endpoint="upload_status")
    keep(upload, due_at=now + pause, lease_until=None)
    uploading.report(upload.attachment, Shown.WORKED_ON, percent=uploads.percent_of(told))
    seconds = int(pause.total_seconds()) + 1
    ring_now("twitter_sync.upload_media", queue="media", after=seconds)


@transaction.atomic
def finish(upload: MediaUpload) -> None:
    uploading.hold(upload.attachment)
    facts = {"outcome": Outcome.READY, "finished_at": clock.now(), "lease_until": None}
    keep(upload, **facts)
    key, until = upload.media_key or upload.attachment.media_key, upload.expires_at
    uploading.ready(upload.attachment, media_key=key, usable_until=until or clock.now())


def leave(upload: MediaUpload, *, until: datetime, reason: str) -> None:
    """Nothing is wrong with the file: it waits."""
    log.info("media not uploaded yet", upload=upload.pk, why=reason)
    if held_by(upload).update(due_at=until, lease_until=None, reason=reason[:300]):
        uploading.pause(upload.attachment, reason=reason)


def fail_once(upload: MediaUpload, reason: str) -> None:
    """X may have the call or not: the same again does no harm, an upload is no message."""
    failures = upload.failures + 1
    if failures >= MOST_FAILURES:
        give_up(upload, reason)
        return
    held_by(upload).update(failures=failures)
    leave(upload, until=clock.now() + delay(failures), reason=reason)


@transaction.atomic
def give_up(upload: MediaUpload, reason: str) -> None:
    uploading.hold(upload.attachment)
    facts = {"outcome": Outcome.FAILED, "reason": reason[:300], "finished_at": clock.now()}
    if held_by(upload).update(**facts):
        uploading.refuse(upload.attachment, reason=reason)


# For the sender


def media_ids(message: Message) -> list[str]:
    """What a message names, in the order in which its files were chosen."""
    ready = MediaUpload.objects.filter(attachment__message=message, outcome=Outcome.READY)
    return list(ready.order_by("attachment_id").values_list("media_id", flat=True))


def was_turned_down(message: Message) -> bool:
    """Since somebody wanted it sent, or sent again."""
    turned_down = MediaUpload.objects.filter(
        attachment__message=message, outcome=Outcome.TURNED_DOWN, finished_at__gte=message.sent_at
    )
    return turned_down.exists()


def turn_down(message: Message, reason: str) -> None:
    """X has the files of a message no more, as it says: they are uploaded anew. Call with the
    conversation locked."""
    mine = MediaUpload.objects.filter(attachment__message=message)
    facts = {"outcome": Outcome.TURNED_DOWN, "reason": reason[:300], "finished_at": clock.now()}
    mine.filter(outcome=Outcome.READY).update(**facts)
    uploading.start_over(message, also_ready=True)
