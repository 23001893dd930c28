"""What X carries of an encrypted chat without being able to read it: events in Thrift with the
lengths and encodings of real ones, and noise where ciphertext, wrapped keys and signatures stand.

Nothing in them can be opened or proven.
"""

import base64
import hashlib
import json
import secrets
from collections.abc import Sequence

from x_simulator.chat.thrift import Struct, written

# Which arm of an event's detail says what it is.
MESSAGE, KEY_CHANGE, GROUP_CHANGE = 1, 3, 4
SIGNATURE_VERSION = "7"
# How a P-256 key begins (SubjectPublicKeyInfo); 64 bytes follow.
KEY_BEGINS = base64.b64decode("MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE")
WRAPPED_KEY, SIGNATURE, CIPHER_OVERHEAD, CONTENT_OVERHEAD = 113, 64, 40, 24
FIRST_KEYS_MS = 1_765_000_000_000

Json = dict[str, str]


def noise(seed: str, length: int) -> bytes:
    return hashlib.shake_256(seed.encode()).digest(length)


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def key_version(user_id: int) -> str:
    """Of a person's identity keys: X names them by the time they were registered."""
    return str(FIRST_KEYS_MS + user_id % 10_000_000_000)


def signature(message_id: str, sender_id: int) -> Json:
    key = KEY_BEGINS + noise(f"signing key {sender_id}", SIGNATURE)
    return {
        "public_key_version": key_version(sender_id),
        "signature": _base64(noise(f"signature {message_id}", SIGNATURE)).rstrip("="),
        "signature_version": SIGNATURE_VERSION,
        "signing_public_key": _base64(key),
    }


def token(conversation_id: str, user_id: int) -> str:
    """In the form of a JWT: who may ask for the conversation."""
    claims = {"requestingUserId": str(user_id), "conversationId": conversation_id}
    parts = [
        json.dumps(part, separators=(",", ":")).encode() for part in ({"alg": "HS256"}, claims)
    ]
    parts.append(noise(f"token {conversation_id} {user_id}", 32))
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)


def message(text: str, version: str) -> Struct:
    """As long as real ciphertext of this text, and, as that is, another each time."""
    ciphertext = secrets.token_bytes(len(text.encode()) + CONTENT_OVERHEAD + CIPHER_OVERHEAD)
    return written({MESSAGE: written({100: ciphertext, 101: version, 102: True})})


def key_change(version: str, member_ids: Sequence[int]) -> Struct:
    """The new key of a conversation, wrapped for each who is in it."""
    wraps = [
        written(
            {
                1: str(user_id),
                2: _base64(noise(f"key {version} {user_id}", WRAPPED_KEY)),
                3: key_version(user_id),
            }
        )
        for user_id in member_ids
    ]
    return written({KEY_CHANGE: written({1: version, 2: wraps})})


def group_change(member_ids: Sequence[int]) -> Struct:
    """Who came. X's own fields of it are not documented."""
    members = [written({1: str(user_id)}) for user_id in member_ids]
    return written({GROUP_CHANGE: written({1: members})})


def event(
    *,
    sequence_id: int,
    message_id: str,
    sender_id: int,
    conversation_id: str,
    created_ms: int,
    previous_id: int | None,
    detail: Struct,
) -> str:
    """`encoded_event`"""
    signed = signature(message_id, sender_id)
    names = ("signature", "public_key_version", "signature_version", "signing_public_key")
    fields: dict[int, str | Struct | bool] = {
        1: str(sequence_id),
        2: message_id,
        3: str(sender_id),
        4: conversation_id,
        5: token(conversation_id, sender_id),
        6: str(created_ms),
        7: detail,
        9: written({number: signed[name] for number, name in enumerate(names, 1)}),
    }
    if previous_id is not None:
        fields[10] = str(previous_id)
    return _base64(written({**fields, 11: True}))
