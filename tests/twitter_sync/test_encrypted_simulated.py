"""What people write to a handle in X's encrypted chat, as the simulator tells of it."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator

import pytest
from django.conf import settings as configured

from accounts.models import BrandAccount
from tests.simulator.receiver import Receiver
from tests.x import Simulator
from twitter_sync.client import Client
from twitter_sync.payloads import EncryptedMessage, parse

WORDS = "canary-of-a-customer"


@pytest.fixture
def receiver(simulator: Simulator, db: None) -> Iterator[Receiver]:
    """In the place of our webhook: it keeps what comes, byte for byte."""
    simulator.forget_webhooks()
    receiver = Receiver(configured.X_CONSUMER_SECRET)
    yield receiver
    simulator.forget_webhooks()
    receiver.close()


def test_it_is_read_as_an_envelope_without_words(
    simulator: Simulator, receiver: Receiver, connected: Callable[..., BrandAccount]
) -> None:
    acme, carla = connected(), simulator.person()
    webhook_id = Client.for_app().register_webhook(receiver.url)["data"]["id"]
    for kind in ("chat.received", "chat.sent"):
        Client.for_brand(acme).subscribe(kind, webhook_id=webhook_id, tag="acme")
    people = {"user_id": acme.x_user_id, "other_id": carla["id"]}
    simulator.post("chat/upgrade", **people)
    for sender, recipient in ((carla["id"], acme.x_user_id), (acme.x_user_id, carla["id"])):
        simulator.post("dms", sender_id=sender, recipient_id=recipient, text=WORDS)
    receiver.wait_for(2)
    received, sent = (parse(raw).events[0] for raw, _ in receiver.raw)
    assert isinstance(received, EncryptedMessage)
    assert isinstance(sent, EncryptedMessage)
    pair = "-".join(sorted((acme.x_user_id, carla["id"]), key=int))
    assert received.conversation_id == sent.conversation_id == pair
    assert (received.sender_id, sent.sender_id) == (carla["id"], acme.x_user_id)
    assert {received.for_user_id, sent.for_user_id} == {acme.x_user_id}
    assert all(received.envelope.values())
    assert WORDS.encode() not in base64.b64decode(received.envelope["encoded_event"])
