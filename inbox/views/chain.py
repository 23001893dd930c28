"""What a public text would be, shown before it is sent."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from inbox.actions.inviting import invitation_link
from inbox.actions.replies import EmptyReply, ReplyTooLong, parts_to_send
from inbox.channel import Quota, channel
from inbox.forms import ReplyForm
from inbox.models import Thread
from inbox.text.chain import Part
from inbox.text.plain import writable


@dataclass(frozen=True, slots=True)
class ChainPreview:
    """The posts, or why there can be none. `done_at` is about when the last one goes where X's
    limit holds it up."""

    parts: list[Part] = field(default_factory=list)
    trouble: str = ""
    quota: Quota = field(default_factory=Quota)
    done_at: datetime | None = None

    @property
    def is_chain(self) -> bool:
        return len(self.parts) > 1


def preview_chain(thread: Thread, *, text: str, purpose: str = "") -> ChainPreview:
    """One query for the limits, where it is a chain."""
    tail = invitation_link(thread.conversation) if purpose == ReplyForm.INVITATION else ""
    try:
        parts = parts_to_send(thread, writable(text), tail if thread.is_public else "")
    except EmptyReply:
        return ChainPreview()
    except ReplyTooLong as too_long:
        return ChainPreview(trouble=str(too_long))
    if len(parts) == 1:
        return ChainPreview(parts)
    quota = channel().quota(thread.conversation.brand, {thread.kind}).get(thread.kind, Quota())
    return ChainPreview(parts, quota=quota, done_at=quota.send_eta(len(parts) - 1))
