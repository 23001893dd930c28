"""Webhooks: the one address that deliveries go to, its challenge and the signature they carry."""

import base64
import hashlib
import hmac
import ipaddress
import secrets
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx

from x_simulator import clock, ids
from x_simulator.outbound import Outbound
from x_simulator.settings import Settings
from x_simulator.store import Row, Store

CAP = 1
MAX_URL_LENGTH = 200


class WebhookRefused(Exception):
    """One of X's named reasons, with a sentence for whoever reads it."""

    def __init__(self, name: str, sentence: str) -> None:
        super().__init__(f"{name}: {sentence}")


@dataclass(frozen=True, slots=True)
class Webhook:
    id: int
    url: str
    valid: bool
    created_ms: int

    def body(self) -> dict[str, str | bool]:
        return {
            "id": str(self.id),
            "url": self.url,
            "valid": self.valid,
            "created_at": clock.iso_second(self.created_ms),
        }


def _webhook(row: Row) -> Webhook:
    return Webhook(row["id"], row["url"], bool(row["valid"]), row["created_ms"])


class Webhooks:
    def __init__(
        self, store: Store, minter: ids.Minter, settings: Settings, outbound: Outbound
    ) -> None:
        self._store = store
        self._minter = minter
        self._settings = settings
        self._outbound = outbound

    def all(self) -> list[Webhook]:
        return [_webhook(row) for row in self._store.rows("SELECT * FROM webhooks ORDER BY id")]

    def get(self, webhook_id: int) -> Webhook | None:
        row = self._store.row("SELECT * FROM webhooks WHERE id = ?", (webhook_id,))
        return None if row is None else _webhook(row)

    async def register(self, url: str) -> Webhook:
        """The challenge is answered during the call. Raises WebhookRefused."""
        check_url(url)
        held = self.all()
        if any(webhook.url == url for webhook in held):
            raise WebhookRefused("DuplicateUrlFailed", f"the URL [{url}] is registered already.")
        if len(held) >= CAP:
            raise WebhookRefused("WebhookLimitExceeded", f"at most {CAP} webhook per app.")
        problem = await self.challenge(url)
        if problem:
            raise WebhookRefused("CrcValidationFailed", problem)
        webhook = Webhook(self._minter.mint(), url, True, clock.now_ms())
        self._store.write(
            "INSERT INTO webhooks (id, url, valid, created_ms) VALUES (?, ?, TRUE, ?)",
            (webhook.id, webhook.url, webhook.created_ms),
        )
        return webhook

    async def recheck(self, webhook: Webhook) -> None:
        """Makes it valid again, or invalid. Raises WebhookRefused."""
        problem = await self.challenge(webhook.url)
        self._store.write(
            "UPDATE webhooks SET valid = ? WHERE id = ?", (int(not problem), webhook.id)
        )
        if problem:
            raise WebhookRefused("CrcValidationFailed", problem)

    def remove(self, webhook: Webhook) -> None:
        with self._store.transaction():
            self._store.write("DELETE FROM webhooks WHERE id = ?", (webhook.id,))
            self._store.write("DELETE FROM subscriptions WHERE webhook_id = ?", (webhook.id,))

    async def challenge(self, url: str) -> str:
        """Asks the address to prove that it knows the consumer secret; what is wrong, or ``""``."""
        crc_token = secrets.token_hex(24)
        try:
            answer = await self._outbound.get(url, {"crc_token": crc_token})
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return f"the CRC GET request failed ({type(error).__name__})."
        if answer.status_code != 200:
            return f"the CRC GET request was answered with status {answer.status_code}."
        try:
            told = answer.json()["response_token"]
        except (ValueError, KeyError, TypeError):
            return "the CRC answer has no response_token."
        if not hmac.compare_digest(str(told), self.sign(crc_token.encode())):
            return "the response_token does not match."
        return ""

    def sign(self, raw: bytes) -> str:
        """`sha256=` and the HMAC of the raw bytes with the consumer secret."""
        return sign(self._settings.consumer_secret, raw)


def sign(consumer_secret: str, raw: bytes) -> str:
    digest = hmac.new(consumer_secret.encode(), raw, hashlib.sha256).digest()
    return f"sha256={base64.b64encode(digest).decode()}"


def check_url(url: str) -> None:
    """https without a port, or http on this machine's loopback. Raises WebhookRefused."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise WebhookRefused("UrlValidationFailed", f"[{url}] is not a URL.") from error
    if len(url) > MAX_URL_LENGTH:
        raise WebhookRefused("UrlValidationFailed", f"longer than {MAX_URL_LENGTH} characters.")
    if parts.scheme == "http" and is_loopback(host):
        return
    if parts.scheme != "https" or not host or port is not None:
        raise WebhookRefused("UrlValidationFailed", "the URL must be https, without a port.")


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
