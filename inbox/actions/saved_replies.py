"""What a team says often: its managers write it, all of its people use it."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import IntegrityError, transaction

from accounts import clock
from accounts.access import require_role
from accounts.models import BrandAccount, Role, User
from inbox.models import Message, SavedReply, SavedReplyUse
from inbox.text.plain import writable
from inbox.text.weight import DM_LIMIT, POST_LIMIT, reply_weight


class EmptySavedReply(Exception):
    """A saved reply needs words."""


class SavedReplyTooLong(Exception):
    """X would not take it as it stands."""


class ShortcutTaken(Exception):
    def __init__(self, shortcut: str) -> None:
        super().__init__(f"There is a saved reply “{shortcut}” already.")


def add_saved_reply(
    brand: BrandAccount, *, by: User, shortcut: str, text: str, kind: str
) -> SavedReply:
    """Raises EmptySavedReply, SavedReplyTooLong, ShortcutTaken."""
    return write(SavedReply(brand=brand), by=by, shortcut=shortcut, text=text, kind=kind)


def change_saved_reply(
    saved: SavedReply, *, by: User, shortcut: str, text: str, kind: str
) -> SavedReply:
    """Raises EmptySavedReply, SavedReplyTooLong, ShortcutTaken."""
    return write(saved, by=by, shortcut=shortcut, text=text, kind=kind)


def remove_saved_reply(saved: SavedReply, *, by: User) -> None:
    require_role(by, saved.brand_id, Role.MANAGER)
    saved.delete()


def remember_use(messages: Sequence[Message], saved_reply: int) -> None:
    """That the parts of one reply, just queued, were begun with it; nothing where it is gone, or
    another brand's."""
    saved = SavedReply.objects.filter(brand=messages[0].brand_id, pk=saved_reply).first()
    if saved is not None:
        SavedReplyUse.objects.bulk_create(
            SavedReplyUse(message=message, saved_reply=saved, shortcut=saved.shortcut)
            for message in messages
        )


def write(saved: SavedReply, *, by: User, shortcut: str, text: str, kind: str) -> SavedReply:
    require_role(by, saved.brand_id, Role.MANAGER)
    saved.shortcut, saved.text, saved.kind = shortcut.lower(), writable(text), kind
    check(saved)
    saved.changed_by, saved.changed_at = by, clock.now()
    try:
        with transaction.atomic():
            saved.save()
    except IntegrityError as taken:
        raise ShortcutTaken(saved.shortcut) from taken
    return saved


def check(saved: SavedReply) -> None:
    """One for anywhere may be long: in public its writer shortens it."""
    if not saved.text:
        raise EmptySavedReply("Write what it says.")
    is_public = saved.kind == SavedReply.Kind.PUBLIC
    weight, limit = (
        (reply_weight(saved.text), POST_LIMIT) if is_public else (len(saved.text), DM_LIMIT)
    )
    if weight > limit:
        raise SavedReplyTooLong(f"This is {weight:,} of {limit:,} characters. Shorten it.")
