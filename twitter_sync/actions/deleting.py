"""A post that is gone on X: forgotten in the tree, a tombstone where it was a message."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from accounts.models import BrandAccount
from inbox.actions.receiving import mark_deleted
from inbox.actions.revising import find_all, ids_of
from inbox.models import Message
from inbox.utterance import Name
from twitter_sync.actions.remembering import forget


@dataclass(frozen=True, slots=True)
class Deleted:
    """The messages that it was, and all ids that it had."""

    messages: list[Message]
    post_ids: set[str]


def delete_post(
    post_id: str, *, brands: Iterable[BrandAccount], deleted_at: datetime | None = None
) -> Deleted:
    """Marks it deleted in all its forms, for `brands`.

    The post is forgotten before it is looked for as a message: a worker that is placing it holds
    its row, and what that one makes is seen only after the wait.
    """
    brand_ids = {brand.pk for brand in brands}
    post_ids = forget({post_id})
    held = held_as(post_ids, brand_ids)
    while former := {one for message in held for one in ids_of(message)} - post_ids:
        post_ids |= forget(former)
        held = held_as(post_ids, brand_ids)
    for message in held:
        mark_deleted(
            message.brand,
            kind=message.kind,
            external_id=str(message.external_id),
            deleted_at=deleted_at,
        )
    return Deleted(held, post_ids)


def held_as(post_ids: Iterable[str], brand_ids: Iterable[int]) -> list[Message]:
    """The messages that have one of the ids, or had it; always in the same order."""
    names = [Name(brand, Message.Kind.PUBLIC, one) for brand in brand_ids for one in post_ids]
    found = {message.pk: message for message in find_all(names).values()}
    return [found[pk] for pk in sorted(found)]
