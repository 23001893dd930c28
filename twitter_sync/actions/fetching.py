"""Fetching the pictures and films of messages: what is private by X's API with the handle's token,
what is public by `safe_fetch`. The newest first; only while more important work is not behind.
"""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import timedelta
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, cast

import structlog
from django.conf import settings
from django.db.models import Q

from accounts import clock
from accounts.doorbell import ring_now
from accounts.models import BrandAccount
from inbox.actions import fetching
from inbox.actions.fetching import Fate, Gone, Later, Refused
from inbox.media.files import Vanished
from inbox.media.pictures import BadPicture
from inbox.models import Attachment, Message
from inbox.models.attachment import AttachmentQuerySet
from twitter_sync import errors, safe_fetch
from twitter_sync.actions.describing import ask_about
from twitter_sync.backoff import delay
from twitter_sync.budgets import Purpose
from twitter_sync.calls.media import DM_MEDIA
from twitter_sync.client import Client
from twitter_sync.failures import where
from twitter_sync.models import RawEvent
from twitter_sync.tokens import UnreadableToken

MB = 1024 * 1024
# X takes no larger pictures (reference: x-api §4).
LARGEST_PICTURE = 5 * MB
LARGEST_OTHER = 10 * MB
FILM_SECONDS = 60.0
KEPT_IN_MEMORY = 8 * MB
# A worker gives way after this, so that a long film still ends within its task's time.
GIVE_WAY_AFTER_SECONDS = 20.0
# With so much that X told and nobody has read yet, pictures wait (trust R20).
FLOOD = 1_000
# A handle without tokens, an app without credits: no matter of this picture.
UNTIL_IT_MAY_WORK = timedelta(minutes=10)
SWEEP_RINGS = 2
# What X may tell of it later.
TOLD = ["kind", "source_url", "preview_url", "width", "height"]
NOT_OF_THE_PICTURE = (
    *(errors.NotConnected, errors.TokenRejected, UnreadableToken),
    *(errors.OutOfCredits, errors.CapReached),
)

Kind = Attachment.Kind
log = structlog.get_logger(__name__)


def fetch_due() -> int:
    """Fetches what is due, for a while; rings again when more is left. Returns how many."""
    if is_flooded():
        return 0
    ends_at, fetched = time.monotonic() + GIVE_WAY_AFTER_SECONDS, 0
    while (attachment := fetching.take(within_reach())) is not None:
        fetch(attachment)
        fetched += 1
        if time.monotonic() >= ends_at:
            ring_now("twitter_sync.fetch_media", queue="media")
            break
    return fetched


def is_flooded() -> bool:
    return RawEvent.objects.news().due()[:FLOOD].count() >= FLOOD


def within_reach() -> AttachmentQuerySet:
    """Private media only while the handle is connected: the rest waits for that."""
    connected = BrandAccount.objects.connected()
    reach = Q(message__kind=Message.Kind.PUBLIC) | Q(message__brand__in=connected)
    return Attachment.objects.filter(reach).select_related("message__brand")


def sweep() -> None:
    """Rings for what is due and was not heard of."""
    if within_reach().due().exists():
        for _ in range(SWEEP_RINGS):
            ring_now("twitter_sync.fetch_media", queue="media")


def fetch(attachment: Attachment) -> None:
    """A message that is deleted meanwhile takes its row along."""
    with suppress(Vanished, Attachment.DoesNotExist):
        fetching.settle(attachment, fate_of_one(attachment))


def fate_of_one(attachment: Attachment) -> Fate:
    """One that nobody can cope with, by an error or by a worker's death, costs the others nothing
    and is not tried for ever (trust R19)."""
    if attachment.attempts > fetching.MOST_ATTEMPTS:
        return Refused("It could not be read.")
    try:
        return fate_of(attachment)
    except (Vanished, Attachment.DoesNotExist):
        raise
    except Exception as error:
        log.error("media not kept", attachment=attachment.pk, **where(error))
        return Later(clock.now() + delay(attachment.attempts), "It could not be kept.")


# One try


def fate_of(attachment: Attachment) -> Fate:
    try:
        if not attachment.source_url:
            ask_about(attachment)
            attachment.refresh_from_db(fields=TOLD)
        if not attachment.source_url:
            return Refused("X did not say where it is.")
        with room() as whole, room() as preview:
            get(attachment, attachment.source_url, whole, largest(attachment))
            has_preview = get_preview(attachment, preview)
            return fetching.store(attachment, whole, preview if has_preview else None)
    except BadPicture as bad:
        return Refused(str(bad))
    except errors.XError as error:
        return after_call(attachment, error)
    except safe_fetch.FetchError as error:
        return after_fetch(attachment, error)


def room() -> BinaryIO:
    """For a file on its way: small ones never touch the disk."""
    return cast(BinaryIO, SpooledTemporaryFile(KEPT_IN_MEMORY))


def get(attachment: Attachment, url: str, into: BinaryIO, max_bytes: int) -> None:
    if DM_MEDIA.fullmatch(url):
        client = Client.for_brand(attachment.message.brand, purpose=Purpose.MEDIA)
        client.download_dm_media(url, into, max_bytes=max_bytes)
    else:
        seconds = FILM_SECONDS if is_film(attachment) else safe_fetch.SECONDS
        safe_fetch.safe_fetch(url, into, max_bytes=max_bytes, seconds=seconds)


def get_preview(attachment: Attachment, into: BinaryIO) -> bool:
    """The still of a film, where it has one and it can be had: a film does without."""
    if not attachment.preview_url or attachment.preview_url == attachment.source_url:
        return False
    try:
        get(attachment, attachment.preview_url, into, LARGEST_PICTURE)
    except (errors.XError, safe_fetch.FetchError) as error:
        log.info("film without a still", attachment=attachment.pk, why=type(error).__name__)
        return False
    return True


def is_film(attachment: Attachment) -> bool:
    """X makes a film of an animation, too."""
    return attachment.kind in (Kind.VIDEO, Kind.GIF)


def largest(attachment: Attachment) -> int:
    if is_film(attachment):
        return int(settings.LARGEST_FILM_MB) * MB
    return LARGEST_PICTURE if attachment.kind == Kind.PHOTO else LARGEST_OTHER


# What became of it


def after_call(attachment: Attachment, error: errors.XError) -> Fate:
    """X's own words are for people; only what X may take back another time is tried again."""
    log.info("media not fetched", attachment=attachment.pk, why=str(error))
    if isinstance(error, errors.NotFound):
        return Gone()
    if isinstance(error, errors.TooLarge):
        return too_large(attachment)
    if isinstance(error, errors.RateLimited):
        return Later(error.resets_at, error.reason, counts=False)
    if isinstance(error, NOT_OF_THE_PICTURE):
        return Later(clock.now() + UNTIL_IT_MAY_WORK, error.reason, counts=False)
    if isinstance(error, errors.Refused):
        return Refused(error.reason)
    return Later(clock.now() + delay(attachment.attempts), "X did not answer.")


def after_fetch(attachment: Attachment, error: safe_fetch.FetchError) -> Fate:
    log.info("media not fetched", attachment=attachment.pk, why=f"{type(error).__name__} {error}")
    if isinstance(error, safe_fetch.NotAllowed):
        return Refused("It is not on X’s own servers.")
    if isinstance(error, safe_fetch.TooLarge):
        return too_large(attachment)
    status = error.status if isinstance(error, safe_fetch.Answered) else 500
    if status in (404, 410):
        return Gone()
    if status == 429 or status >= 500:
        return Later(clock.now() + delay(attachment.attempts), "X did not answer.")
    return Refused("X does not hand it out.")


def too_large(attachment: Attachment) -> Refused:
    return Refused(f"It is larger than {largest(attachment) // MB} MB.")
