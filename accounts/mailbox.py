"""The file mailbox of `./run`: what would have been mailed, for the owner to read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path

from django.conf import settings

FILE_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
# What that backend writes after each mail.
SEPARATOR = b"\n" + b"-" * 79 + b"\n"
ADDRESS = re.compile(r"(https?://[^\s<>\"]+)")
NEWEST = 50


@dataclass(frozen=True, slots=True)
class Mail:
    to: str
    subject: str
    sent_at: datetime
    body: str

    @property
    def pieces(self) -> list[tuple[str, bool]]:
        """The body cut into text and addresses: (piece, whether it is an address)."""
        cut = ADDRESS.split(self.body)
        return [(piece, bool(place % 2)) for place, piece in enumerate(cut) if piece]


def is_file_based() -> bool:
    return settings.EMAIL_BACKEND == FILE_BACKEND


def newest_mails(amount: int = NEWEST) -> list[Mail]:
    """Newest first. A folder that no mail has made yet is empty."""
    folder = Path(settings.EMAIL_FILE_PATH)  # type: ignore[misc] # set in development alone
    files = sorted(folder.glob("*.log"), key=lambda file: file.stat().st_mtime_ns, reverse=True)
    mails = [mail for file in files[:amount] for mail in reversed(list(mails_of(file)))]
    return mails[:amount]


def mails_of(file: Path) -> Iterator[Mail]:
    for raw in file.read_bytes().split(SEPARATOR):
        if raw.strip():
            yield parse(message_from_bytes(raw, _class=EmailMessage, policy=policy.default))


def parse(message: EmailMessage) -> Mail:
    body = message.get_body(("plain",))
    return Mail(
        to=str(message["To"]),
        subject=str(message["Subject"]),
        sent_at=parsedate_to_datetime(str(message["Date"])).astimezone(UTC),
        body=body.get_content().strip() if isinstance(body, EmailMessage) else "",
    )
