"""Making so on X what people of a brand want to be so there: one call, and what became of it.

X takes each of these calls twice without harm, so one that nobody saw the end of is made again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from accounts import clock
from accounts.models import BrandAccount
from inbox.actions.wishing import Done, Fate, Later, Refused
from inbox.models.wish import Wish
from twitter_sync.backoff import delay
from twitter_sync.budgets import Purpose
from twitter_sync.client import Client
from twitter_sync.errors import (
    Forbidden,
    NotConnected,
    NotSent,
    RateLimited,
    TokenRejected,
    Unconfirmed,
    XError,
)
from twitter_sync.models import Connection

Call = Callable[[Client], Any]
# X's word where it has no reason to give.
NO_REASON = "Forbidden"


def fulfil(wish: Wish, brand: BrandAccount, *, scope: str, call: Call, no_reason: str) -> Fate:
    """Makes `call` for a leased row. `no_reason` is told where X refuses without a word."""
    if not covers(brand, scope):
        return Refused(
            wish.wanted,
            f"The consent of @{brand.handle} does not cover this. Reconnect @{brand.handle} to "
            "allow it.",
        )
    try:
        call(Client.for_brand(brand, purpose=Purpose.AGENT))
    except RateLimited as limit:
        return Later(limit.resets_at, limit.reason)
    except (NotConnected, TokenRejected) as signed_out:
        return Later(clock.now(), signed_out.reason)
    except (NotSent, Unconfirmed) as doubt:
        return Later(clock.now() + delay(wish.attempts), doubt.reason)
    except Forbidden as refusal:
        told = refusal.reason if refusal.reason != NO_REASON else no_reason
        return Refused(wish.wanted, told)
    except XError as refusal:
        return Refused(wish.wanted, refusal.reason)
    return Done(wish.wanted)


def covers(brand: BrandAccount, scope: str) -> bool:
    """False when the brand's consent is known not to have the scope: X would not say so."""
    scopes = Connection.objects.filter(brand=brand).values_list("scopes", flat=True).first()
    return not scopes or scope in scopes.split()
