"""Somebody asks in private not to be written to: noted with the message that says so."""

from __future__ import annotations

from collections.abc import Iterable

from inbox import rows
from inbox.actions.holding import Acquaintance, Case
from inbox.actions.recording import line
from inbox.models import ConversationEvent, Message, OptOut
from inbox.text.stopping import asks_to_stop

NEWEST = """
ON CONFLICT (brand_id, contact_id) DO UPDATE SET asked_at = excluded.asked_at
WHERE excluded.asked_at > held.asked_at
"""


def note_opt_out(acquaintance: Acquaintance, case: Case, message: Message) -> None:
    if message.is_ours or message.kind != Message.Kind.DM or not asks_to_stop(message.plain_text):
        return
    brand, contact = acquaintance.brand, acquaintance.contact
    case.opt_outs.append(OptOut(brand=brand, contact=contact, asked_at=message.sent_at))
    kind = ConversationEvent.Kind.OPTED_OUT
    case.events.append(line(case.conversation, kind, message=message, at=message.sent_at))


def write_opt_outs(opt_outs: Iterable[OptOut]) -> None:
    """Each pair once, with the newest time."""
    newest = {(one.brand_id, one.contact_id): one for one in sorted(opt_outs, key=asked_at)}
    rows.written([newest[pair] for pair in sorted(newest)], NEWEST)


def asked_at(opt_out: OptOut) -> float:
    return opt_out.asked_at.timestamp()
