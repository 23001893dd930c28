"""The words of our mails. Plain text; one-time links are made here, when a letter is sent."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse

from accounts.access import can_administer
from accounts.links import invitation_link, reset_link
from accounts.models import BrandAccount, Letter, User


class NoLongerMeant(Exception):
    """The person was disabled, or has already done what the letter asks for."""


def compose(letter: Letter) -> tuple[str, str]:
    """Subject and body. Raises NoLongerMeant when the letter has lost its reason."""
    if not letter.to.is_active:
        raise NoLongerMeant("The person is disabled.")
    write = {
        Letter.Kind.INVITATION: invitation,
        Letter.Kind.WELCOME: welcome,
        Letter.Kind.RESET: reset,
        Letter.Kind.RECONNECT: reconnect,
        Letter.Kind.ALARM: alarm,
    }[Letter.Kind(letter.kind)]
    return write(letter)


def invitation(letter: Letter) -> tuple[str, str]:
    if not letter.to.is_invited:
        raise NoLongerMeant("The invitation was accepted already.")
    require_role(letter)
    whom = f"{inviter(letter)} invites you to answer customers of {place(letter)} in Handled."
    return (
        f"Your invitation to {place(letter)}",
        f"Hello {letter.to.get_short_name()},\n\n{whom}\n\n"
        f"Choose your password here:\n\n{invitation_link.address_for(letter.to)}\n\n"
        f"The link works once, for {invitation_link.lifetime.days} days. "
        "If you expected no invitation, do nothing.\n",
    )


def welcome(letter: Letter) -> tuple[str, str]:
    require_role(letter)
    desk = f"{settings.WEB_URL}{reverse('accounts:sign-in')}"
    return (
        f"You now work on {place(letter)} too",
        f"Hello {letter.to.get_short_name()},\n\n"
        f"{inviter(letter)} has added you to {place(letter)} in Handled. "
        f"Sign in as before:\n\n{desk}\n",
    )


def reset(letter: Letter) -> tuple[str, str]:
    hours = int(reset_link.lifetime.total_seconds()) // 3600
    return (
        "Choose a new password for Handled",
        f"Hello {letter.to.get_short_name()},\n\nsomeone, probably you, asked for a new password. "
        f"Choose it here:\n\n{reset_link.address_for(letter.to)}\n\n"
        f"The link works once, for {hours} hours. If you asked for nothing, do nothing: "
        "your password stays as it is.\n",
    )


def reconnect(letter: Letter) -> tuple[str, str]:
    brand = require_run(letter)
    if brand.status != BrandAccount.Status.NEEDS_RECONNECT:
        raise NoLongerMeant("The handle was reconnected or disconnected.")
    page = f"{settings.WEB_URL}{reverse('twitter_sync:connect')}?handle={brand.handle}"
    return (
        f"{brand} must be reconnected",
        f"Hello {letter.to.get_short_name()},\n\nX no longer lets Handled act for {brand}. Until "
        "somebody reconnects it, nothing comes in and nothing goes out; replies wait in their "
        f"place. Reconnect it here, signed in to X as {brand}:\n\n{page}\n\n"
        "What X still has of the time between is fetched then, and what waited is sent.\n",
    )


def require_run(letter: Letter) -> BrandAccount:
    """The handle that the letter is about. Raises NoLongerMeant for who doesn't run it any more."""
    if letter.brand is None or not can_administer(letter.to, letter.brand):
        raise NoLongerMeant("The person doesn't run the handle any more.")
    return letter.brand


def alarm(letter: Letter) -> tuple[str, str]:
    whose = require_run(letter) if letter.brand else "Handled"
    return (
        f"Something may be wrong with {whose}" if letter.brand else "Something is wrong in Handled",
        f"Hello {letter.to.get_short_name()},\n\n{letter.words}\n\n"
        f"This is your Handled at {settings.WEB_URL}. It goes on working.\n",
    )


def require_role(letter: Letter) -> None:
    """Raises NoLongerMeant when the role that the letter tells of was taken back."""
    roles = letter.to.memberships.all()
    if not (roles.filter(brand=letter.brand) if letter.brand else roles).exists():
        raise NoLongerMeant("The role was taken back.")


def inviter(letter: Letter) -> str:
    return letter.sender.name if isinstance(letter.sender, User) else "Your team"


def place(letter: Letter) -> str:
    return str(letter.brand) if letter.brand else "Handled"
