"""Asking X what media are of which it told no more than a key, as it does where it pushes posts: of
what kind, where they lie, what their author says of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from inbox.actions.fetching import describe
from inbox.models import Attachment, Message
from twitter_sync import spending
from twitter_sync.answers import Answer
from twitter_sync.budgets import Purpose
from twitter_sync.client import MAX_PAGE, Client
from twitter_sync.errors import CapReached, NotFound
from twitter_sync.models import Spending
from twitter_sync.payloads import DirectMessage, Media, Post, parse
from twitter_sync.utterances import media


def ask_about(attachment: Attachment) -> None:
    """Has X describe the media of one message, and of up to a hundred other posts that are wanted
    of it by then. Raises XError, NotFound when X has the message no more.
    """
    message = attachment.message
    if spending.pace_now() == Spending.Pace.STOPPED:
        raise CapReached(endpoint="posts")
    is_public = message.kind == Message.Kind.PUBLIC
    answer = ask_for_posts(message) if is_public else ask_for_message(message)
    delivery = parse(json.dumps(answer).encode())
    told = [event for event in delivery.events if isinstance(event, DirectMessage | Post)]
    keep_told(message.kind, {one.id: one.media for one in told})
    if message.external_id in delivery.missing:
        raise NotFound(endpoint="posts")


def ask_for_posts(message: Message) -> Answer:
    """As the app: whose posts they are answered below does not matter."""
    wanted = Message.objects.filter(
        kind=Message.Kind.PUBLIC,
        attachments__state=Attachment.State.WANTED,
        attachments__source_url="",
    )
    newest = wanted.order_by("-id").values_list("external_id", flat=True)[:MAX_PAGE]
    post_ids = dict.fromkeys([str(message.external_id), *map(str, newest)])
    return Client.for_app(purpose=Purpose.MEDIA).posts(list(post_ids)[:MAX_PAGE])


def ask_for_message(message: Message) -> Answer:
    client = Client.for_brand(message.brand, purpose=Purpose.MEDIA)
    return client.dm_event(str(message.external_id))


def keep_told(kind: str, told: Mapping[str, Iterable[Media]]) -> None:
    """In every message that has them: a post may be one of two brands."""
    for external_id, found in told.items():
        bare = Attachment.objects.filter(
            message__kind=kind, message__external_id=external_id, source_url=""
        )
        for one in media(tuple(found)):
            describe(bare.filter(media_key=one.media_key), one)
