"""X's OAuth 2.0: consent with PKCE, token pairs that rotate, the app's own bearer.

A refresh token is good once; its use makes a new pair (reference: x-api §10). Who keeps and renews
pairs is `tokens`; who may start a consent is `views.handles`.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.conf import settings

from accounts import clock
from twitter_sync import answers, transport
from twitter_sync.answers import Answer
from twitter_sync.errors import NotSent, Refused, TokenRejected, Unconfirmed

SCOPES = (
    "dm.read dm.write tweet.read tweet.write tweet.moderate.write users.read media.write "
    "offline.access"
)
# X documents 7,200 s; used only where an answer doesn't say.
DEFAULT_LIFE_SECONDS = 7_200


class NotConfigured(NotSent):
    """Keys of the X developer app are missing from the environment: no call was made."""


@dataclass(frozen=True, slots=True)
class TokenPair:
    """Never logged, never shown: both tokens are left out of the repr."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_at: datetime
    scopes: str = ""


def new_secret() -> str:
    """A state or a PKCE verifier: 43 characters of the unreserved alphabet (RFC 7636 §4.1)."""
    return secrets.token_urlsafe(32)


def authorize_url(*, state: str, verifier: str) -> str:
    """Where the admin's browser goes to consent, signed in to X as the handle."""
    _require("X_CLIENT_ID")
    digest = hashlib.sha256(verifier.encode()).digest()
    query = {
        "response_type": "code",
        "client_id": settings.X_CLIENT_ID,
        "redirect_uri": settings.X_CALLBACK_URL,
        "scope": SCOPES,
        "state": state,
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    return f"{settings.X_AUTHORIZE_URL}?{urlencode(query)}"


def exchange_code(code: str, *, verifier: str) -> TokenPair:
    """A pair for the code of a callback, within X's 30 s. Raises XError; Refused for a bad code."""
    return _pair(
        {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": settings.X_CALLBACK_URL,
            "code_verifier": verifier,
        }
    )


def refresh(refresh_token: str) -> TokenPair:
    """The next pair; the token given is spent. Raises TokenRejected when it was already."""
    try:
        return _pair({"grant_type": "refresh_token", "refresh_token": refresh_token})
    except Refused as error:
        if error.status not in (400, 401):
            raise
        raise TokenRejected(endpoint=error.endpoint, status=error.status) from None


def revoke(token: str) -> None:
    """X takes the token no more; a refresh token goes with all that came of it. Raises XError."""
    _require("X_CLIENT_ID", "X_CLIENT_SECRET")
    _post(
        "/2/oauth2/revoke",
        {"token": token, "client_id": settings.X_CLIENT_ID},
        user=settings.X_CLIENT_ID,
        password=settings.X_CLIENT_SECRET,
    )


def _pair(form: dict[str, str]) -> TokenPair:
    _require("X_CLIENT_ID", "X_CLIENT_SECRET")
    asked_at = clock.now()
    answer = _post(
        "/2/oauth2/token",
        {**form, "client_id": settings.X_CLIENT_ID},
        user=settings.X_CLIENT_ID,
        password=settings.X_CLIENT_SECRET,
    )
    return pair_of(answer, asked_at=asked_at)


def pair_of(answer: Answer, *, asked_at: datetime | None = None) -> TokenPair:
    """The pair in an answer of X. Raises Unconfirmed when a token is missing."""
    life = timedelta(seconds=int(answer.get("expires_in", DEFAULT_LIFE_SECONDS)))
    return TokenPair(
        access_token=_required(answer, "access_token"),
        refresh_token=_required(answer, "refresh_token"),
        expires_at=(asked_at or clock.now()) + life,
        scopes=str(answer.get("scope", "")),
    )


_bearer = ""
_bearer_lock = threading.Lock()


def app_bearer(*, rejected: str = "") -> str:
    """The app-only token, kept in memory; asked for again when the one kept was `rejected`."""
    global _bearer
    with _bearer_lock:
        if not _bearer or _bearer == rejected:
            _bearer = _new_bearer()
        return _bearer


def forget_bearer() -> None:
    global _bearer
    with _bearer_lock:
        _bearer = ""


def _new_bearer() -> str:
    _require("X_CONSUMER_KEY", "X_CONSUMER_SECRET")
    answer = _post(
        "/oauth2/token",
        {"grant_type": "client_credentials"},
        user=settings.X_CONSUMER_KEY,
        password=settings.X_CONSUMER_SECRET,
    )
    return _required(answer, "access_token")


def _post(path: str, form: dict[str, str], *, user: str, password: str) -> Answer:
    endpoint = path.strip("/")
    reply = transport.exchange(
        transport.session(),
        "POST",
        f"{settings.X_API_URL}{path}",
        endpoint=endpoint,
        data=form,
        auth=(user, password),
    )
    if not 200 <= reply.status < 300:
        in_a_minute = clock.now() + timedelta(minutes=1)
        raise answers.error(reply, endpoint=endpoint, resets_at=in_a_minute)
    return answers.read(reply, endpoint=endpoint)


def _required(answer: Answer, name: str) -> str:
    value = answer.get(name)
    if not isinstance(value, str) or not value:
        raise Unconfirmed(f"X's answer lacks the {name.replace('_', ' ')}.", endpoint="oauth2")
    return value


def _require(*names: str) -> None:
    missing = [name for name in names if not getattr(settings, name)]
    if missing:
        raise NotConfigured(
            f"Set {' and '.join(missing)} in the environment: the keys of your X developer app "
            "(developer.x.com, Keys and tokens).",
            problem=f"without {' and '.join(missing)}",
        )
