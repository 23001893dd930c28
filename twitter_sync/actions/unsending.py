"""Has X delete what was sent as a handle."""

from __future__ import annotations

from contextlib import suppress

from django.db import transaction

from accounts.doorbell import ring_now
from accounts.models import BrandAccount
from inbox.actions import deleting
from inbox.actions.receiving import mark_deleted
from inbox.actions.wishing import Done, Fate, take
from inbox.models import Deletion, Message
from inbox.models.wish import WishQuerySet
from twitter_sync.actions.deleting import delete_post
from twitter_sync.actions.wishing import fulfil
from twitter_sync.client import Client
from twitter_sync.errors import NotFound

SCOPES = {Message.Kind.DM: "dm.write", Message.Kind.PUBLIC: "tweet.write"}
SWEEP_BATCH = 100


def of_connected_brands() -> WishQuerySet[Deletion]:
    """Of a handle that is paused or must be reconnected nothing is asked: its rows wait."""
    connected = BrandAccount.objects.connected()
    return Deletion.objects.filter(message__brand__in=connected).select_related("message__brand")


def carry_out(deletion_id: int) -> Deletion | None:
    """Makes the call for a row that is due. None when it isn't, or another worker has it."""
    wish = take(of_connected_brands(), deletion_id)
    if wish is None:
        return None
    brand = wish.message.brand
    fate = fulfil(
        wish,
        brand,
        scope=SCOPES[Message.Kind(wish.message.kind)],
        call=lambda client: ask(client, wish.message),
        no_reason=f"X lets @{brand.handle} delete only what it sent itself.",
    )
    return settle(wish, fate)


def ask(client: Client, message: Message) -> None:
    """What X does not know any more is deleted."""
    deed = client.delete_dm if message.kind == Message.Kind.DM else client.delete_post
    with suppress(NotFound):
        deed(str(message.external_id))


@transaction.atomic
def settle(wish: Deletion, fate: Fate) -> Deletion:
    if isinstance(fate, Done):
        bury(wish.message)
    return deleting.settle(wish.pk, fate)


def bury(message: Message) -> None:
    """As when X tells of it, which for posts it does as well."""
    external_id = str(message.external_id)
    if message.kind == Message.Kind.PUBLIC:
        delete_post(external_id, brands=[message.brand])
    else:
        mark_deleted(message.brand, kind=message.kind, external_id=external_id)


def sweep() -> None:
    """Rings for what is due and was not heard of."""
    for deletion_id in of_connected_brands().due().values_list("pk", flat=True)[:SWEEP_BATCH]:
        ring_now("twitter_sync.unsend", queue="send", deletion_id=deletion_id)
