"""A post that is gone on X: forgotten in the tree, a tombstone where it was a message."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from accounts.models import BrandAccount
from inbox.actions.receiving import mark_deleted
from inbox.actions.revising import find, ids_of
from inbox.models import Message
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
    post_ids = forget({post_id})
    held = [
        message
        for brand in sorted(brands, key=lambda brand: brand.pk)
        if (message := find(brand, Message.Kind.PUBLIC, [post_id]))
    ]
    if former := {one for message in held for one in ids_of(message)} - post_ids:
        post_ids |= forget(former)
    for message in held:
        mark_deleted(message.brand, kind=message.kind, external_id=post_id, deleted_at=deleted_at)
    return Deleted(held, post_ids)
