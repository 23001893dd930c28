"""What workers do, until nothing is left to do."""

from __future__ import annotations

from twitter_sync.actions.applying import apply_due
from twitter_sync.actions.looking_up import look_up_due


def apply_all() -> None:
    while apply_due():
        pass


def settle() -> None:
    """Applies what came, and looks up what it hangs on."""
    while apply_due() + look_up_due():
        pass
