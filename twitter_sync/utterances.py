"""From X's records to the inbox's: what is said, to whom, in which direction."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Literal

from accounts.models import BrandAccount
from inbox.actions.contacts import Person
from inbox.sequence import moment_of, sequence_at
from inbox.utterance import Media, Utterance
from twitter_sync import payloads
from twitter_sync.models import KnownPost
from twitter_sync.payloads import DirectMessage, EncryptedMessage, Post, Profile

People = Mapping[str, Profile]

# Where the inbox calls a field of a profile otherwise.
IN_THE_INBOX = {"joined_at": "joined_x_at"}
BEFORE_X = datetime(2006, 1, 1, tzinfo=UTC)


def of_direct_message(message: DirectMessage, brand: BrandAccount, people: People) -> Utterance:
    customer_id = other_side(message.conversation_id, brand)
    return Utterance(
        kind="dm",
        transport="dm",
        direction=direction(message.sender_id, brand),
        external_id=message.id,
        x_conversation_id=message.conversation_id,
        sequence=int(message.id),
        customer=person(customer_id, message, people),
        text=message.text,
        sent_at=message.created_at,
        entities=dict(message.entities),
        media=media(message.media),
    )


def of_encrypted_message(
    message: EncryptedMessage, brand: BrandAccount, people: People
) -> Utterance:
    """Its words are sealed: the envelope is kept for a reader that holds the keys."""
    customer_id = other_side(message.conversation_id, brand)
    return Utterance(
        kind="dm",
        transport="xchat",
        direction=direction(message.sender_id, brand),
        external_id=message.id,
        x_conversation_id=message.conversation_id,
        sequence=sequence_at(message.created_at),
        customer=person(customer_id, message, people),
        text="",
        sent_at=message.created_at,
        payload=dict(message.envelope),
    )


def of_post(
    post: Post, brand: BrandAccount, *, customer_id: str, x_conversation_id: str, people: People
) -> Utterance:
    """`people` need not have the customer: then the post's own names tell the handle."""
    return Utterance(
        kind="public",
        transport="post",
        direction=direction(post.author_id, brand),
        external_id=post.id,
        x_conversation_id=x_conversation_id,
        sequence=int(post.id),
        customer=person(customer_id, post, people),
        text=post.text,
        sent_at=post.created_at,
        entities=dict(post.entities),
        answers_external_id=post.parent_id,
        earlier_ids=post.earlier_ids,
        media=media(post.media),
    )


def other_side(conversation_id: str, brand: BrandAccount) -> str:
    one, _, other = conversation_id.partition("-")
    return other if one == brand.x_user_id else one


def direction(author_id: str, brand: BrandAccount) -> Literal["in", "out"]:
    return "out" if author_id == brand.x_user_id else "in"


def person(x_user_id: str, said: DirectMessage | EncryptedMessage | Post, people: People) -> Person:
    """The customer as the payload describes them, else with the handle that the words name.

    A handle alone is as old as can be: it never takes the place of a profile.
    """
    if x_user_id in people:
        return introduced(people[x_user_id], as_of=said.created_at)
    return Person(
        x_user_id=x_user_id, handle=named(x_user_id, said), as_of=BEFORE_X, tells=frozenset()
    )


def introduced(profile: Profile, *, as_of: datetime) -> Person:
    """A profile that was told at `as_of`."""
    return Person(
        x_user_id=profile.id,
        handle=profile.username,
        name=profile.name,
        bio=profile.bio,
        location=profile.location,
        is_verified=profile.is_verified,
        is_protected=profile.is_protected,
        followers=profile.followers,
        joined_x_at=profile.joined_at,
        as_of=as_of,
        tells=frozenset(IN_THE_INBOX.get(name, name) for name in profile.tells),
    )


def named(x_user_id: str, said: DirectMessage | EncryptedMessage | Post) -> str:
    if isinstance(said, EncryptedMessage):
        return ""
    mentions = said.entities.get("mentions", [])
    return next((str(one["username"]) for one in mentions if one.get("id") == x_user_id), "")


def media(found: tuple[payloads.Media, ...]) -> tuple[Media, ...]:
    return tuple(
        Media(
            kind=one.kind,
            media_key=one.key[:60],
            source_url=one.url,
            alt_text=one.alt_text,
            preview_url=one.preview_url,
            width=one.width,
            height=one.height,
        )
        for one in found
    )


# Posts that we already knew


def post_of(known: KnownPost) -> Post:
    """A post of the known tree as X once told it."""
    return Post(
        for_user_id=None,
        id=known.post_id,
        author_id=known.author_id,
        text=known.text,
        created_at=known.posted_at or moment_of(int(known.post_id)),
        conversation_id=known.x_conversation_id,
        parent_id=known.parent_id or None,
        answers_user_id=known.answers_user_id or None,
        is_repost=known.is_repost,
        quoted_id=known.quoted_id or None,
        earlier_ids=tuple(known.earlier_ids),
        entities=known.entities,
        media=tuple(payloads.Media(**one) for one in known.media),
    )
