"""Asking our own address X's question (CRC), by its public name, as X does at any time: how long
the answer takes, and whether it is right. X says neither before it switches the address off.
"""

from __future__ import annotations

import hmac
import time

import structlog

from accounts import clock
from twitter_sync import answers, oauth, transport
from twitter_sync.errors import NotSent, XError
from twitter_sync.models import Webhook
from twitter_sync.signatures import answer_crc

NOT_REACHED = "It could not be reached from here. That need not mean that X can't."

log = structlog.get_logger(__name__)


def challenge() -> Webhook | None:
    """Keeps on the row how our address answered; None where X was never told of it."""
    webhook = Webhook.ours()
    if not webhook.external_id:
        return None
    token, began = oauth.new_secret(), time.monotonic()
    webhook.asked_at, webhook.answered_in_seconds = clock.now(), None
    try:
        webhook.answer_failure = flaw_of_answer(webhook, token)
        webhook.answered_in_seconds = round(time.monotonic() - began, 3)
    except NotSent:
        webhook.answer_failure = NOT_REACHED
    except XError as error:
        webhook.answer_failure = f"No answer: {error.problem or error.status}."
    if webhook.answer_failure:
        log.warning("own address did not answer well", why=webhook.answer_failure)
    webhook.save(update_fields=["asked_at", "answered_in_seconds", "answer_failure"])
    return webhook


def flaw_of_answer(webhook: Webhook, token: str) -> str:
    """ "" for the answer that X wants. Raises XError where none came."""
    reply = transport.exchange(
        transport.session(),
        "GET",
        webhook.url,
        endpoint="own_webhook",
        params={"crc_token": token},
    )
    if reply.status != 200:
        return f"It answers {reply.status}."
    said = str(answers.read(reply, endpoint="own_webhook").get("response_token", ""))
    wanted = answer_crc(token, secret=webhook.secret)
    is_right = hmac.compare_digest(said.encode(), wanted.encode())
    return (
        "" if is_right else f"Its answer is signed with another secret than {webhook.proves_with}."
    )
