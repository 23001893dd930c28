"""Whether X answers what a handle sends (trust O8).

After some replies in a row that X did not confirm the others of that handle wait in their places,
and one goes ahead now and then to see: each that is tried in vain is one more that an agent must
decide about, and holds a worker for as long as X is silent. Other handles go on as before.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import F
from django.db.models.functions import Least

from accounts import clock
from accounts.models import BrandAccount
from inbox.models import Message
from twitter_sync.models import Connection, SendAttempt

IN_A_ROW = 5
ONE_EVERY = timedelta(seconds=30)
SILENT = "X does not answer {brand} at the moment. One reply every half minute is tried."


def is_silent_until(brand: BrandAccount) -> datetime | None:
    """When the next one may be tried, where it is too early for any."""
    early = Connection.objects.filter(brand=brand, next_send_at__gt=clock.now())
    until: datetime | None = early.values_list("next_send_at", flat=True).first()
    return None if until is None or was_taken(brand) else until


def waits_until(brand: BrandAccount) -> datetime | None:
    """None when the next reply may go: where X is silent, that is the one of this half minute. Call
    inside the transaction that writes the attempt."""
    held, now = Connection.objects.filter(brand=brand), clock.now()
    until: datetime | None = held.values_list("next_send_at", flat=True).first()
    if until is not None and was_taken(brand):
        note_answer(brand)
        return None
    if until is None or until > now:
        return until
    is_the_one = held.filter(next_send_at=until).update(next_send_at=now + ONE_EVERY)
    return None if is_the_one else now + ONE_EVERY


def was_taken(brand: BrandAccount) -> bool:
    """What was sent last X has, though it did not say so: its echo came."""
    attempts = SendAttempt.objects.filter(message__brand=brand).select_related("message")
    last = attempts.order_by("-pk").first()
    return last is not None and last.message.state == Message.State.SENT


def note_silence(brand: BrandAccount) -> None:
    held = Connection.objects.filter(brand=brand)
    held.update(unconfirmed_sends=Least(F("unconfirmed_sends") + 1, IN_A_ROW))
    held.filter(unconfirmed_sends=IN_A_ROW).update(next_send_at=clock.now() + ONE_EVERY)


def note_answer(brand: BrandAccount) -> None:
    """Whatever X said."""
    held = Connection.objects.filter(brand=brand, unconfirmed_sends__gt=0)
    held.update(unconfirmed_sends=0, next_send_at=None)
