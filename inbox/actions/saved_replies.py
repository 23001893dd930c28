"""What a team says often: its managers write it, all of its people use it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from django.db import IntegrityError, transaction

from accounts import clock
from accounts.access import require_role
from accounts.models import BrandAccount, Role, User
from inbox.models import Message, SavedReply, SavedReplyUse
from inbox.text.plain import writable
from inbox.text.weight import DM_LIMIT, POST_LIMIT, reply_weight

# Of one handle: as many as its people can look through.
MOST_SAVED_REPLIES = 200
# What other desks fill in, such as {name} or {{ customer.name }}.
PLACEHOLDER = re.compile(r"\{{1,2}[^{}\n]{1,60}\}{1,2}")


class SavedReplyRefused(Exception):
    """It can't be kept as it was typed; `field` is what is wrong with it, None for all of it."""

    field: str | None = "text"


class EmptySavedReply(SavedReplyRefused):
    """A saved reply needs words."""


class SavedReplyTooLong(SavedReplyRefused):
    """X would not take it as it stands."""


class UnknownPlaceholder(SavedReplyRefused):
    """It has something in braces, which nobody would fill in."""

    def __init__(self, placeholder: str) -> None:
        super().__init__(
            f"“{placeholder}” would be sent as it stands, for nothing is filled in. Say it without "
            "braces: “Greet” in the composer writes the customer’s name."
        )


class ShortcutTaken(SavedReplyRefused):
    field = "shortcut"

    def __init__(self, shortcut: str) -> None:
        super().__init__(f"There is a saved reply “{shortcut}” already.")


class TooManySavedReplies(SavedReplyRefused):
    field = None

    def __init__(self) -> None:
        super().__init__(f"There are {MOST_SAVED_REPLIES} saved replies already. Remove one first.")


class SavedReplyChanged(Exception):
    """Somebody gave it other words since it was looked at: `saved` is as it says them now."""

    def __init__(self, saved: SavedReply) -> None:
        super().__init__("This saved reply was changed meanwhile.")
        self.saved = saved


class SavedReplyGone(Exception):
    """Somebody removed it since it was looked at."""


def add_saved_reply(
    brand: BrandAccount, *, by: User, shortcut: str, text: str, kind: str
) -> SavedReply:
    """The same twice is one. Raises SavedReplyRefused."""
    require_role(by, brand.pk, Role.MANAGER)
    words = worded(shortcut, text, kind)
    with transaction.atomic():
        # Held so that they are counted one after the other; messages of the handle need not wait.
        BrandAccount.objects.select_for_update(no_key=True).get(pk=brand.pk)
        held = brand.saved_replies.filter(shortcut=words["shortcut"]).first()
        if held is not None and held.says(**words):
            return held
        if held is None and brand.saved_replies.count() >= MOST_SAVED_REPLIES:
            raise TooManySavedReplies
        return write(SavedReply(brand=brand), by=by, **words)


def change_saved_reply(
    saved: SavedReply,
    *,
    by: User,
    shortcut: str,
    text: str,
    kind: str,
    seen_at: datetime | None = None,
) -> SavedReply:
    """`seen_at` is the `changed_at` of what was looked at; without it, whatever it says now is
    replaced. Raises SavedReplyRefused, SavedReplyChanged, SavedReplyGone."""
    require_role(by, saved.brand_id, Role.MANAGER)
    words = worded(shortcut, text, kind)
    with transaction.atomic():
        current = locked(saved)
        if current.says(**words):
            return current
        require_as_seen(current, seen_at)
        return write(current, by=by, **words)


def remove_saved_reply(saved: SavedReply, *, by: User, seen_at: datetime | None = None) -> None:
    """Raises SavedReplyChanged, SavedReplyGone."""
    require_role(by, saved.brand_id, Role.MANAGER)
    with transaction.atomic():
        current = locked(saved)
        require_as_seen(current, seen_at)
        current.delete()


def remember_use(messages: Sequence[Message], saved_reply: int) -> None:
    """That the parts of one reply, just queued, were begun with it; nothing where it is gone, or
    another brand's."""
    # Held until the reply is committed: removed in between, it would take the reply with it.
    known = SavedReply.objects.select_for_update(no_key=True)
    saved = known.filter(brand=messages[0].brand_id, pk=saved_reply).first()
    if saved is not None:
        SavedReplyUse.objects.bulk_create(
            SavedReplyUse(message=message, saved_reply=saved, shortcut=saved.shortcut)
            for message in messages
        )


def locked(saved: SavedReply) -> SavedReply:
    current = SavedReply.objects.select_for_update().filter(pk=saved.pk).first()
    if current is None:
        raise SavedReplyGone
    return current


def require_as_seen(current: SavedReply, seen_at: datetime | None) -> None:
    if seen_at is not None and current.changed_at != seen_at:
        raise SavedReplyChanged(current)


def worded(shortcut: str, text: str, kind: str) -> dict[str, str]:
    """As it is kept. Raises SavedReplyRefused."""
    words = {"shortcut": shortcut.lower(), "text": writable(text), "kind": kind}
    check(words["text"], kind)
    return words


def check(text: str, kind: str) -> None:
    """One for anywhere may be long: in public its writer shortens it. Raises SavedReplyRefused."""
    if not text:
        raise EmptySavedReply("Write what it says.")
    if found := PLACEHOLDER.search(text):
        raise UnknownPlaceholder(found[0])
    if kind == SavedReply.Kind.PUBLIC:
        require_room(reply_weight(text), POST_LIMIT, "characters as X counts a public reply")
    else:
        require_room(len(text), DM_LIMIT, "characters")


def require_room(weight: int, limit: int, unit: str) -> None:
    if weight > limit:
        raise SavedReplyTooLong(f"This is {weight:,} of {limit:,} {unit}. Shorten it.")


def write(saved: SavedReply, *, by: User, shortcut: str, text: str, kind: str) -> SavedReply:
    saved.shortcut, saved.text, saved.kind = shortcut, text, kind
    saved.changed_by, saved.changed_at = by, clock.now()
    try:
        with transaction.atomic():
            saved.save()
    except IntegrityError as taken:
        raise ShortcutTaken(shortcut) from taken
    return saved
