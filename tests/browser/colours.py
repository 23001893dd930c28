"""Gives the newest conversation of @acme everything that a thread can show; prints its address."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

from tests.browser.inside import enter
from tests.stack import until


def main() -> None:
    from django.utils import timezone

    from accounts.models import User
    from inbox.actions.assignment import assign
    from inbox.actions.notes import add_note
    from inbox.models import Conversation, Message

    both = Conversation.objects.filter(has_dm=True, has_public=True)
    conversation = until(both.last, within=20)
    ana, sam = (User.objects.get(email=f"{who}@example.com") for who in ("ana", "sam"))
    assign(conversation, to=ana, by=sam)
    add_note(conversation, text="A regular.", by=sam, client_key=uuid4())
    newest = conversation.messages.order_by("-sequence").first()
    for step, (state, thread) in enumerate(
        (state, thread)
        for state in ("failed", "uncertain", "cancelled", "queued")
        for thread in conversation.threads.all()
    ):
        Message.objects.create(
            brand=conversation.brand,
            conversation=conversation,
            thread=thread,
            kind=thread.kind,
            transport="post" if thread.is_public else "dm",
            direction="out",
            state=state,
            sequence=newest.sequence + 1 + step,
            text="On its way &lt;3",
            sent_at=newest.sent_at,
            author=ana,
            client_key=uuid4(),
            failure="X refused it." if state == "failed" else "",
            not_before=timezone.now() + timedelta(days=1) if state == "queued" else None,
        )
    print(f"/conversations/{conversation.pk}/?view=open")


if __name__ == "__main__":
    enter()
    main()
