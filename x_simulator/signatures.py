"""How X signs what it posts: with the app's two secrets, each in a header of its own.

X's pages prefer the OAuth 2.0 client secret; the consumer secret is the older way and goes on, and
an app that has both "may receive both headers during migration". A challenge is answered with
either.
"""

import base64
import hashlib
import hmac
from typing import Literal

from x_simulator.settings import Settings
from x_simulator.store import Store

Secret = Literal["client", "consumer"]
HEADERS: dict[Secret, str] = {
    "client": "x-twitter-webhooks-signature-oauth2",
    "consumer": "x-twitter-webhooks-signature",
}


class Signatures:
    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._secrets: dict[Secret, str] = {
            "client": settings.client_secret,
            "consumer": settings.consumer_secret,
        }

    @property
    def secrets(self) -> list[Secret]:
        """Those that X signs with and takes."""
        used: list[Secret] = self._store.switch("signed_with", default=list(HEADERS))
        return used

    def sign_with(self, secrets: list[Secret]) -> None:
        self._store.set_switch("signed_with", secrets)

    def headers(self, raw: bytes) -> dict[str, str]:
        """Over the raw bytes of a delivery."""
        return {HEADERS[name]: sign(self._secrets[name], raw) for name in self.secrets}

    def is_proof(self, crc_token: str, told: str) -> bool:
        """Whether this answer to a challenge was made with one of the secrets."""
        expected = [sign(self._secrets[name], crc_token.encode()) for name in self.secrets]
        return any(hmac.compare_digest(told.encode(), one.encode()) for one in expected)


def sign(secret: str, raw: bytes) -> str:
    digest = hmac.new(secret.encode(), raw, hashlib.sha256).digest()
    return f"sha256={base64.b64encode(digest).decode()}"
