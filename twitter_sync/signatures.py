"""X signs what it posts to us, and has us sign a token now and then, with the same secret.

That makes the CRC answer a signing oracle: whoever could have us sign an event could post it to us
as X's. So the two sets of what is ever signed are kept apart by their first byte. An event begins
with `{`; a token never does (reference: trust R3, W1).
"""

from __future__ import annotations

import base64
import hmac

PREFIX = "sha256="
EVENT_BEGINS = b"{"
# X does not say what tokens are made of: printable ASCII, less what JSON is made of.
LONGEST_TOKEN = 512
NOT_IN_TOKENS = frozenset('{}[]":,\\')


class TokenRefused(Exception):
    """A CRC token that X would not send. We sign nothing that could be read as an event."""


def answer_crc(token: str, *, secret: str) -> str:
    """The `response_token` for X's `crc_token`. Raises TokenRefused."""
    if not is_token(token):
        raise TokenRefused("crc_token has characters that X's tokens do not have.")
    return signature(token.encode(), secret=secret)


def is_token(token: str) -> bool:
    plain = token.isascii() and token.isprintable() and not NOT_IN_TOKENS & set(token)
    return plain and 1 <= len(token) <= LONGEST_TOKEN


def signature(message: bytes, *, secret: str) -> str:
    digest = hmac.digest(secret.encode(), message, "sha256")
    return PREFIX + base64.b64encode(digest).decode()


def is_signed_event(body: bytes, header: str, *, secret: str) -> bool:
    """True for an event, byte for byte as X signed it. An empty secret signs nothing."""
    if not secret or not body.startswith(EVENT_BEGINS):
        return False
    return hmac.compare_digest(signature(body, secret=secret).encode(), header.encode())
