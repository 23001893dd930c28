"""Who may call as whom: authorization codes, token pairs, the app's bearer.

Only hashes are kept. A code works once, within 30 seconds. A refresh token works once: using it
again kills its whole family.
"""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Literal

from x_simulator import clock
from x_simulator.settings import Settings
from x_simulator.store import Row, Store

CODE_LIFE_MS = 30 * clock.SECOND_MS
ACCESS_LIFE_S = 7200
_SCOPES = """
    tweet.read tweet.write tweet.moderate.write users.read users.email follows.read follows.write
    offline.access space.read mute.read mute.write like.read like.write list.read list.write
    block.read block.write bookmark.read bookmark.write dm.read dm.write media.write
"""
SCOPES = frozenset(_SCOPES.split())
EVERYDAY_SCOPE = (
    "dm.read dm.write tweet.read tweet.write tweet.moderate.write users.read media.write"
    " offline.access"
)


class InvalidGrant(Exception):
    """Why a code or a refresh token is refused, in X's words."""


@dataclass(frozen=True, slots=True)
class Caller:
    kind: Literal["user", "app"]
    user_id: int | None
    scopes: frozenset[str]

    @property
    def viewer(self) -> int:
        """The person a user token stands for."""
        assert self.user_id is not None  # noqa: S101 (endpoints for people refuse the app first)
        return self.user_id


@dataclass(frozen=True, slots=True)
class TokenPair:
    access_token: str
    refresh_token: str | None
    scope: str

    def body(self) -> dict[str, str | int]:
        answer: dict[str, str | int] = {
            "token_type": "bearer",
            "expires_in": ACCESS_LIFE_S,
            "access_token": self.access_token,
            "scope": self.scope,
        }
        return (
            answer if self.refresh_token is None else answer | {"refresh_token": self.refresh_token}
        )


class Tokens:
    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings

    def issue_code(self, user_id: int, *, redirect_uri: str, scope: str, challenge: str) -> str:
        code = _fresh("ac")
        self._store.write(
            "INSERT INTO authorization_codes"
            " (code_hash, user_id, redirect_uri, scope, challenge, expires_ms)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (_hash(code), user_id, redirect_uri, scope, challenge, clock.now_ms() + CODE_LIFE_MS),
        )
        return code

    def redeem_code(self, code: str, *, redirect_uri: str, verifier: str) -> TokenPair:
        """Raises InvalidGrant. The order of the checks is the order of X's messages."""
        row = self._store.row(
            "SELECT * FROM authorization_codes WHERE code_hash = ?", (_hash(code),)
        )
        if row is None or row["used_ms"] is not None or row["expires_ms"] <= clock.now_ms():
            raise InvalidGrant("Value passed for the authorization code was invalid.")
        if redirect_uri != row["redirect_uri"]:
            raise InvalidGrant(
                "Value passed for the redirect uri did not match the uri of the authorization code."
            )
        if not hmac.compare_digest(s256(verifier), row["challenge"]):
            raise InvalidGrant(
                "Value passed for the code verifier did not match the code challenge."
            )
        with self._store.transaction():
            self._store.write(
                "UPDATE authorization_codes SET used_ms = ? WHERE code_hash = ?",
                (clock.now_ms(), _hash(code)),
            )
            return self.grant(row["user_id"], row["scope"])

    def grant(self, user_id: int, scope: str) -> TokenPair:
        """As if this person had consented just now."""
        with self._store.transaction():
            grant_id = self._store.insert(
                "INSERT INTO grants (user_id, scope, created_ms) VALUES (?, ?, ?)",
                (user_id, scope, clock.now_ms()),
            )
            return self._pair(grant_id, scope)

    def _pair(self, grant_id: int, scope: str) -> TokenPair:
        access = _fresh("at")
        self._store.write(
            "INSERT INTO access_tokens (token_hash, grant_id, expires_ms) VALUES (?, ?, ?)",
            (_hash(access), grant_id, clock.now_ms() + ACCESS_LIFE_S * clock.SECOND_MS),
        )
        refresh = _fresh("rt") if "offline.access" in scope.split() else None
        if refresh:
            self._store.write(
                "INSERT INTO refresh_tokens (token_hash, grant_id) VALUES (?, ?)",
                (_hash(refresh), grant_id),
            )
        return TokenPair(access, refresh, scope)

    def refresh(self, refresh_token: str) -> TokenPair:
        """The next pair; the one before stops working. Raises InvalidGrant."""
        row = self._refresh_row(refresh_token)
        if row is None or row["revoked_ms"] is not None:
            raise InvalidGrant("Value passed for the token was invalid.")
        if row["used_ms"] is not None:
            self.kill_family(row["grant_id"])
            raise InvalidGrant("Value passed for the token was invalid.")
        now = clock.now_ms()
        with self._store.transaction():
            self._store.write(
                "UPDATE refresh_tokens SET used_ms = ? WHERE token_hash = ?",
                (now, _hash(refresh_token)),
            )
            self._store.write(
                "UPDATE access_tokens SET revoked_ms = ? WHERE grant_id = ? AND revoked_ms IS NULL",
                (now, row["grant_id"]),
            )
            return self._pair(row["grant_id"], row["scope"])

    def _refresh_row(self, refresh_token: str) -> Row | None:
        return self._store.row(
            "SELECT refresh_tokens.*, grants.scope, grants.revoked_ms FROM refresh_tokens"
            " JOIN grants ON grants.id = refresh_tokens.grant_id WHERE token_hash = ?",
            (_hash(refresh_token),),
        )

    def kill_family(self, grant_id: int) -> None:
        self._store.write(
            "UPDATE grants SET revoked_ms = ? WHERE id = ?", (clock.now_ms(), grant_id)
        )

    def revoke(self, token: str) -> None:
        """An access token alone; a refresh token with its family. Unknown ones are no error."""
        row = self._refresh_row(token)
        if row is not None:
            self.kill_family(row["grant_id"])
        self._store.write(
            "UPDATE access_tokens SET revoked_ms = ? WHERE token_hash = ?",
            (clock.now_ms(), _hash(token)),
        )

    def revoke_person(self, user_id: int) -> None:
        """The person takes the app's access away in X's settings."""
        self._store.write(
            "UPDATE grants SET revoked_ms = ? WHERE user_id = ? AND revoked_ms IS NULL",
            (clock.now_ms(), user_id),
        )

    def app_bearer(self) -> str:
        """Always the same one, as X's is until it is invalidated."""
        seed = f"{self._settings.consumer_key}:bearer".encode()
        digest = hmac.new(self._settings.consumer_secret.encode(), seed, hashlib.sha256).digest()
        return "A" * 22 + base64.urlsafe_b64encode(digest).decode().rstrip("=")

    def caller(self, token: str) -> Caller | None:
        """Who a bearer token speaks for; None when it is unknown, expired or revoked."""
        if hmac.compare_digest(token.encode(), self.app_bearer().encode()):
            return Caller("app", None, frozenset())
        row = self._store.row(
            "SELECT grants.user_id, grants.scope FROM access_tokens"
            " JOIN grants ON grants.id = access_tokens.grant_id"
            " WHERE token_hash = ? AND access_tokens.expires_ms > ?"
            " AND access_tokens.revoked_ms IS NULL AND grants.revoked_ms IS NULL",
            (_hash(token), clock.now_ms()),
        )
        if row is None:
            return None
        return Caller("user", row["user_id"], frozenset(row["scope"].split()))


def s256(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _fresh(kind: str) -> str:
    """X's tokens are base64 of a random part, a time and a kind."""
    raw = f"{secrets.token_urlsafe(33)}:{clock.now_ms()}:1:0:{kind}:1"
    return base64.urlsafe_b64encode(raw.encode()).decode().rstrip("=")


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
