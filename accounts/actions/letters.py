"""Mails: written as rows in the transaction of their deed, sent by a worker, tried again."""

from __future__ import annotations

from datetime import timedelta
from smtplib import SMTPException

import structlog
from django.core.mail import send_mail
from django.db import transaction

from accounts import clock
from accounts.doorbell import ring
from accounts.letters import NoLongerMeant, compose
from accounts.models import BrandAccount, Letter, Role, User

# After the last of these a letter is given up: a day and a half.
PAUSES = [timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 180, 720, 1440)]
log = structlog.get_logger(__name__)


def write_letter(
    kind: Letter.Kind,
    *,
    to: User,
    brand: BrandAccount | None = None,
    sender: User | None = None,
    words: str = "",
) -> Letter:
    """Promises a mail; it leaves once the transaction is committed."""
    letter = Letter.objects.create(kind=kind, to=to, brand=brand, sender=sender, words=words[:1000])
    ring("accounts.send_letters", queue="default")
    return letter


def write_to_admins(kind: Letter.Kind, *, of: BrandAccount, words: str = "") -> list[Letter]:
    """To everybody who runs the handle and can sign in; where nobody does, to the owner."""
    enabled = User.objects.enabled()
    admins = enabled.filter(memberships__brand=of, memberships__role=Role.ADMIN)
    readers = admins if admins.exists() else enabled.filter(is_superuser=True)
    return [write_letter(kind, to=reader, brand=of, words=words) for reader in readers]


def raise_alarm(words: str) -> list[Letter]:
    """Promises a mail to whoever owns the installation. `words` say what is wrong and what to do;
    nothing that a customer wrote is in them."""
    owners = User.objects.enabled().filter(is_superuser=True)
    letters = [Letter(kind=Letter.Kind.ALARM, to=owner, words=words[:1000]) for owner in owners]
    ring("accounts.send_letters", queue="default")
    return Letter.objects.bulk_create(letters)


def send_due_letters() -> int:
    """Sends what is due, each in a transaction of its own. Returns how many went out.

    A crash after the mail server's yes sends that letter twice, which does no harm.
    """
    sent = 0
    while (outcome := send_next_letter()) is not None:
        sent += outcome
    return sent


@transaction.atomic
def send_next_letter() -> bool | None:
    """Whether the next due letter went out; None when none is due."""
    letter = Letter.objects.due().select_for_update(skip_locked=True).first()
    if letter is None:
        return None
    letter.attempts += 1
    try:
        subject, body = compose(letter)
        send_mail(subject, body, None, [letter.to.email])
    except NoLongerMeant as reason:
        give_up(letter, str(reason))
    except (SMTPException, OSError) as error:
        try_again_later(letter, f"{type(error).__name__}: {error}")
    else:
        letter.sent_at, letter.failure = clock.now(), ""
    letter.save()
    return letter.sent_at is not None


def give_up(letter: Letter, reason: str) -> None:
    letter.due_at, letter.failure = None, reason[:300]


def try_again_later(letter: Letter, reason: str) -> None:
    log.warning("letter not sent", letter=letter.pk, attempt=letter.attempts, error=reason)
    if letter.attempts > len(PAUSES):
        give_up(letter, reason)
    else:
        letter.due_at = clock.now() + PAUSES[letter.attempts - 1]
        letter.failure = reason[:300]
