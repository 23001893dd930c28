"""Webhooks: the one address that deliveries go to, and whether it is valid."""

import ipaddress
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx

from x_simulator import clock, ids
from x_simulator.challenges import Outcome, challenge
from x_simulator.outbound import WITHIN_S, Outbound
from x_simulator.signatures import Signatures
from x_simulator.store import Row, Store

CAP = 1
MAX_URL_LENGTH = 200
# How long an address that doesn't answer well stays valid: X's 24 hours, and 4 of grace.
TOLERATED_S = 28 * 3_600.0


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
    validated_ms: int  # when it last passed a challenge

    def body(self) -> dict[str, str | bool]:
        return {
            "id": str(self.id),
            "url": self.url,
            "valid": self.valid,
            "created_at": clock.iso_second(self.created_ms),
        }


def _webhook(row: Row) -> Webhook:
    validated_ms = row["validated_ms"] or row["created_ms"]
    return Webhook(row["id"], row["url"], bool(row["valid"]), row["created_ms"], validated_ms)


class Webhooks:
    def __init__(
        self, store: Store, minter: ids.Minter, signatures: Signatures, outbound: Outbound
    ) -> None:
        self._store = store
        self._minter = minter
        self.signatures = signatures
        self._outbound = outbound

    def all(self) -> list[Webhook]:
        return [_webhook(row) for row in self._store.rows("SELECT * FROM webhooks ORDER BY id")]

    def get(self, webhook_id: int) -> Webhook | None:
        row = self._store.row("SELECT * FROM webhooks WHERE id = ?", (webhook_id,))
        return None if row is None else _webhook(row)

    @property
    def within_s(self) -> float:
        """For a whole answer, to a challenge or a delivery."""
        return float(self._store.switch("webhooks_within_s", default=WITHIN_S))

    @property
    def tolerated_s(self) -> float:
        return float(self._store.switch("webhooks_tolerated_s", default=TOLERATED_S))

    async def register(self, url: str) -> Webhook:
        """The challenge is answered during the call. Raises WebhookRefused."""
        check_url(url)
        self._check_room(url)
        outcome = await self._challenge(url)
        if outcome.verdict != "passed":
            raise WebhookRefused("CrcValidationFailed", outcome.reason)
        self._check_room(url)  # somebody may have been faster
        now = clock.now_ms()
        webhook = Webhook(self._minter.mint(), url, True, now, now)
        self._store.write(
            "INSERT INTO webhooks (id, url, valid, created_ms, validated_ms)"
            " VALUES (?, ?, TRUE, ?, ?)",
            (webhook.id, webhook.url, now, now),
        )
        return webhook

    def _check_room(self, url: str) -> None:
        held = self.all()
        if any(webhook.url == url for webhook in held):
            raise WebhookRefused("DuplicateUrlFailed", f"the URL [{url}] is registered already.")
        if len(held) >= CAP:
            raise WebhookRefused("WebhookLimitExceeded", f"at most {CAP} webhook per app.")

    async def recheck(self, webhook: Webhook) -> None:
        """As the app asks for it. Raises WebhookRefused when the answer is not good; whether the
        webhook is valid then, `check` decides."""
        outcome = await self.check(webhook)
        if outcome.verdict != "passed":
            raise WebhookRefused("CrcValidationFailed", outcome.reason)

    async def check(self, webhook: Webhook) -> Outcome:
        """A good answer makes it valid, a wrong one invalid; without a clear one it stays what it
        is until that has lasted too long."""
        outcome = await self._challenge(webhook.url)
        now, known = clock.now_ms(), self.get(webhook.id) or webhook
        if outcome.verdict == "passed":
            passed = "UPDATE webhooks SET valid = TRUE, validated_ms = ? WHERE id = ?"
            self._store.write(passed, (now, webhook.id))
        elif outcome.verdict == "wrong" or now - known.validated_ms > self.tolerated_s * 1_000:
            self._store.write("UPDATE webhooks SET valid = FALSE WHERE id = ?", (webhook.id,))
        return outcome

    async def _challenge(self, url: str) -> Outcome:
        return await challenge(self._outbound, url, self.signatures, within_s=self.within_s)

    def remove(self, webhook: Webhook) -> None:
        with self._store.transaction():
            self._store.write("DELETE FROM webhooks WHERE id = ?", (webhook.id,))
            self._store.write("DELETE FROM subscriptions WHERE webhook_id = ?", (webhook.id,))

    async def post(self, webhook: Webhook, body: Any) -> str:
        """Signs and sends it, once. Why that failed, or ``""``."""
        raw = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        headers = {"content-type": "application/json", **self.signatures.headers(raw)}
        try:
            heard = await self._outbound.post(webhook.url, raw, headers, within_s=self.within_s)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return type(error).__name__
        return "" if 200 <= heard.status < 300 else f"status {heard.status}"


def check_url(url: str) -> None:
    """https without a port, or http on this machine's loopback. Raises WebhookRefused."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
        httpx.URL(url).host.encode("idna")  # as whoever asks the name servers does
    except (ValueError, httpx.InvalidURL) as error:
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
