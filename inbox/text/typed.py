"""Knowing again what somebody typed, without keeping it: X changes what it is sent, and takes it
away."""

from __future__ import annotations

from hmac import compare_digest

from django.utils.crypto import salted_hmac


def mark_of(words: str) -> str:
    """The length of `words` and a digest under our own key, "17:9f…": of nothing none."""
    return f"{len(words)}:{digest(words)}" if words else ""


def rest_behind(mark: str, words: str) -> str | None:
    """What stands in `words` behind those that have the mark; None where they don't begin with
    them, or the last of them goes on: "It is 50 euros" does not go on from "It is 5"."""
    if not mark:
        return None
    length, marked = mark.split(":")
    head = words[: int(length)]
    return rest_after(head, words) if compare_digest(digest(head), marked) else None


def rest_after(head: str, words: str) -> str | None:
    """Likewise where the words themselves are known."""
    rest = words[len(head) :]
    if not words.startswith(head) or (rest and not rest[0].isspace()):
        return None
    return rest.strip()


def digest(words: str) -> str:
    return salted_hmac("inbox.text.typed", words, algorithm="sha256").hexdigest()
