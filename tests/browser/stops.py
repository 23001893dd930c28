"""Puts people of X into the states in which a reply to them is stopped; prints where they are.

`HANDLED_DATA_DIR=… python -m tests.browser.stops '{"leaky": "1900…", …}'`, the ids being theirs on
X, once what they wrote has been told to X. Their words come in as everybody's do; what takes days,
or a refusal of X's, is written as rows.
"""

from __future__ import annotations

import json
import sys
from datetime import timedelta

from tests.browser.inside import enter
from tests.stack import until

ALIKE = "Your new router is waiting for you in the shop"
POSTED = "We are on it, and will tell you more within the hour"
REFUSED = "You do not have permission to DM one or more participants."


def main(people: dict[str, str]) -> None:
    found = until(lambda: conversations(people), within=60)
    seal(found["sealed"])
    shut_the_gate(people["gated"])
    forbid(found["refused"])
    block_by_ada(found["blocked"])
    for name in ("sold", "linked", "capped", "alike"):
        age(found[name])
    say(found["capped"], *[f"{number}. Are you there?" for number in range(5)])
    for name in ("sold", "linked", "leaky", "sealed", "news"):
        say(found[name], ALIKE)
    say(found["gated"], POSTED, public=True)
    print(json.dumps({name: f"/conversations/{one.pk}/?view=open" for name, one in found.items()}))


def conversations(people):
    """Everybody's, or None while some of what they wrote has not come in."""
    from inbox.models import Conversation

    found = {}
    for name, x_id in people.items():
        theirs = Conversation.objects.filter(contact__x_user_id=x_id, message_count__gt=0)
        found[name] = theirs.order_by("-has_dm", "pk").first()
    return found if all(found.values()) else None


def seal(conversation) -> None:
    conversation.messages.update(transport="xchat", text="")


def shut_the_gate(x_id: str) -> None:
    """As if the post named nobody."""
    from twitter_sync.models import KnownPost

    KnownPost.objects.filter(author_id=x_id).update(entities={}, answers_user_id="")


def forbid(conversation) -> None:
    from django.utils import timezone

    from twitter_sync.models import SendAttempt

    at = timezone.now()
    message = say(conversation, "Where shall we send it?", state="failed", external_id=None)
    told = {"outcome": "failed", "status": 403, "reason": REFUSED, "finished_at": at}
    SendAttempt.objects.create(message=message, lease_until=at, **told)


def block_by_ada(conversation) -> None:
    from accounts.models import User
    from inbox.actions.blocking import block

    block(conversation, by=User.objects.get(email="ada@example.com"))


def age(conversation) -> None:
    """What they wrote, they wrote yesterday and a little before."""
    from django.utils import timezone

    from inbox.sequence import sequence_at

    at = timezone.now() - timedelta(hours=25)
    conversation.messages.update(sent_at=at, sequence=sequence_at(at))


def say(conversation, *texts: str, public: bool = False, **fields):
    """Ours, an hour ago; the last of them."""
    from django.utils import timezone

    from inbox.models import Message
    from inbox.sequence import sequence_at
    from tests.factories import next_x_id

    thread = conversation.threads.filter(kind="public" if public else "dm").get()
    at = timezone.now() - timedelta(hours=1)
    return [
        Message.objects.create(
            **{
                "brand": conversation.brand,
                "conversation": conversation,
                "thread": thread,
                "kind": thread.kind,
                "transport": "post" if public else "dm",
                "direction": "out",
                "state": "sent",
                "external_id": next_x_id(),
                "sequence": sequence_at(at) + number,
                "text": text,
                "sent_at": at,
                **fields,
            }
        )
        for number, text in enumerate(texts)
    ][-1]


if __name__ == "__main__":
    enter()
    main(json.loads(sys.argv[1]))
