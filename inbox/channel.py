"""What the inbox asks about X while it makes a page; who speaks with X registers the answers."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol


class Channel(Protocol):
    """Answers from what is known here: nothing of it may call X."""

    def begun_by(self, x_conversation_ids: Collection[str]) -> dict[str, str]:
        """Who began each public conversation, by X's user id; unknown ones are left out.

        One query for any number.
        """


class Nobody:
    """Before anyone has registered: nothing is known."""

    def begun_by(self, x_conversation_ids: Collection[str]) -> dict[str, str]:
        return {}


_registered: Channel = Nobody()


def register(channel: Channel) -> None:
    global _registered
    _registered = channel


def channel() -> Channel:
    return _registered
