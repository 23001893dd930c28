"""One consent under way: an admin has gone to X and is expected back in the same browser.

What proves that it is the same is kept in their session: the state that X hands back and the PKCE
verifier. It serves once, one person, for ten minutes (trust S5).
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from django.contrib.sessions.backends.base import SessionBase

from accounts import clock
from accounts.models import BrandAccount, User
from twitter_sync import oauth

SESSION_KEY = "x_consent"
LIFE_SECONDS = 600


class ConsentRefused(Exception):
    """The answer of X doesn't belong to what was begun here. The text is for people."""


@dataclass(frozen=True, slots=True)
class Consent:
    """`brand_id` is the handle to reconnect, None when any new one may come back."""

    verifier: str = field(repr=False)
    brand_id: int | None


def begin(session: SessionBase, *, by: User, brand: BrandAccount | None = None) -> str:
    """The address at X to send the browser to. What was begun before is void."""
    state, verifier = oauth.new_secret(), oauth.new_secret()
    session[SESSION_KEY] = {
        "state": state,
        "verifier": verifier,
        "user": by.pk,
        "brand": brand.pk if brand else None,
        "ends_at": clock.now().timestamp() + LIFE_SECONDS,
    }
    return oauth.authorize_url(state=state, verifier=verifier)


def finish(session: SessionBase, *, by: User, state: str) -> Consent:
    """What `begin` kept, once. Raises ConsentRefused.

    A wrong state changes nothing, so that a forged link can't spoil a consent under way.
    """
    kept = session.get(SESSION_KEY)
    if not kept or not secrets.compare_digest(state.encode(), kept["state"].encode()):
        raise ConsentRefused(
            "This answer of X doesn't belong to a connection that was started in this browser, or "
            "it was used already."
        )
    del session[SESSION_KEY]
    if kept["user"] != by.pk:
        raise ConsentRefused("Somebody else started this connection in this browser.")
    if kept["ends_at"] < clock.now().timestamp():
        raise ConsentRefused("It took more than ten minutes to come back from X.")
    return Consent(kept["verifier"], kept["brand"])
