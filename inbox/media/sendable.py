"""What X takes with what we write: of which kind, how large, and how many together
(reference: x-api §4; X's page on media uploads)."""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings

from inbox.media.kinds import FILM, GIF
from inbox.models.attachment import Attachment
from inbox.models.media_file import MB, in_words

Kind = Attachment.Kind

KINDS = {
    "image/jpeg": Kind.PHOTO,
    "image/png": Kind.PHOTO,
    "image/webp": Kind.PHOTO,
    GIF: Kind.GIF,
    FILM: Kind.VIDEO,
}
LARGEST_PHOTO, LARGEST_GIF, LARGEST_FILM = 5 * MB, 15 * MB, 512 * MB
MOST_PHOTOS = 4
NAMES = {Kind.PHOTO: "pictures", Kind.GIF: "GIFs", Kind.VIDEO: "films"}


class NotSendable(Exception):
    """X takes no such file, or this one can't be read; the sentence names it and the way out."""


class TooManyFiles(Exception):
    """More than X takes in one message."""


def kind_to_send(media_type: str, name: str) -> Kind:
    """Raises NotSendable."""
    kind = KINDS.get(media_type)
    if kind is None:
        raise NotSendable(
            f"“{name}” is no kind of file that X takes. Save it as a JPEG, PNG, WebP or GIF "
            "picture or as an MP4 film, then attach that."
        )
    return kind


def largest_on_x(kind: Kind) -> int:
    """In bytes."""
    if kind == Kind.VIDEO:
        return LARGEST_FILM
    return LARGEST_GIF if kind == Kind.GIF else LARGEST_PHOTO


def largest(kind: Kind) -> int:
    """In bytes: X's limit, and of films no more than this installation keeps."""
    most = largest_on_x(kind)
    return min(most, int(settings.LARGEST_FILM_MB) * MB) if kind == Kind.VIDEO else most


def largest_of_all() -> int:
    return max(map(largest, NAMES))


def check_size(kind: Kind, size: int, name: str) -> None:
    """Raises NotSendable."""
    most = largest(kind)
    if size > most:
        raise NotSendable(
            f"“{name}” has {in_words(size)}; {NAMES[kind]} may have {in_words(most)}. "
            "Make it smaller, then attach it again."
        )


def limits() -> str:
    """Of a file that is larger than any may be, behind its name."""
    *others, last = [f"{NAMES[kind]} up to {in_words(largest(kind))}" for kind in NAMES]
    return (
        f"is too large. X takes {', '.join(others)} and {last}: make it smaller, then attach it "
        "again."
    )


def check_together(kinds: Sequence[str], *, is_public: bool) -> None:
    """One file in a private message; in a post four pictures, or one GIF or film. Raises
    TooManyFiles."""
    if len(kinds) <= 1:
        return
    if not is_public:
        raise TooManyFiles(
            "X takes one file in a private message. Remove what is too much, and send it in "
            "a message of its own."
        )
    if set(kinds) != {Kind.PHOTO}:
        raise TooManyFiles(
            "X takes a GIF or a film alone in a post. Remove it, or everything beside it."
        )
    if len(kinds) > MOST_PHOTOS:
        raise TooManyFiles(f"X takes {MOST_PHOTOS} pictures in a post. Remove some.")
