"""One-time links of mails: made when a mail is sent, checked when it is followed, never stored.

Django's token holds a time and a hash over the password, the last sign-in and the address; ours
adds the session stamp. So a link dies when it is used, when the person signs in, when an admin
ends sessions or disables the person, and after its lifetime.
"""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.core import signing
from django.urls import reverse
from django.utils.http import base36_to_int

from accounts.models import User


class LinkSpent(Exception):
    """The link was used, replaced, altered, has expired, or its person is disabled."""


class OneTimeLink(PasswordResetTokenGenerator):
    """The kind of a link is in its hash: no link opens the other's page.

    `lifetime` can be no longer than settings.PASSWORD_RESET_TIMEOUT, which Django checks too.
    """

    def __init__(self, url_name: str, lifetime: timedelta) -> None:
        super().__init__()
        self.key_salt = f"accounts.links.{url_name}"
        self.url_name = url_name
        self.lifetime = lifetime

    def address_for(self, person: User) -> str:
        path = reverse(self.url_name, kwargs={"pk": person.pk, "token": self.make_token(person)})
        return f"{settings.WEB_URL}{path}"

    def check_token(self, user: User | None, token: str | None) -> bool:
        return super().check_token(user, token) and self._is_young(str(token))

    def require(self, person: User, token: str) -> None:
        """Raises LinkSpent."""
        if not (person.is_active and self.check_token(person, token)):
            raise LinkSpent

    def _is_young(self, token: str) -> bool:
        made = base36_to_int(token.split("-")[0])
        return self._num_seconds(self._now()) - made <= self.lifetime.total_seconds()

    def _make_hash_value(self, user: User, timestamp: int) -> str:
        return f"{super()._make_hash_value(user, timestamp)}{user.session_stamp}"


invitation_link = OneTimeLink("accounts:accept-invitation", timedelta(days=7))
reset_link = OneTimeLink("accounts:reset-password", timedelta(hours=4))

SET_UP_LIFETIME = timedelta(days=1)
_set_up = signing.TimestampSigner(salt="accounts.links.set-up")


def set_up_address() -> str:
    """The link by which a new installation gets its owner."""
    path = reverse("accounts:set-up", kwargs={"token": _set_up.sign("owner")})
    return f"{settings.WEB_URL}{path}"


def is_set_up_token(token: str) -> bool:
    try:
        return _set_up.unsign(token, max_age=SET_UP_LIFETIME) == "owner"
    except signing.BadSignature:
        return False
