"""Has X refuse a person's direct messages to a brand, or carry them again."""

from __future__ import annotations

from accounts.doorbell import ring_now
from accounts.models import BrandAccount
from inbox.actions import blocking
from inbox.actions.wishing import take
from inbox.models import DmBlock
from inbox.models.dm_block import DmBlockQuerySet
from twitter_sync.actions.wishing import fulfil
from twitter_sync.client import Client

SCOPE = "dm.write"
SWEEP_BATCH = 100


def of_connected_brands() -> DmBlockQuerySet:
    """Of a handle that is paused or must be reconnected nothing is asked: its rows wait."""
    connected = BrandAccount.objects.connected()
    return DmBlock.objects.filter(brand__in=connected).select_related("brand", "contact")


def carry_out(block_id: int) -> DmBlock | None:
    """Makes the call for a row that is due. None when it isn't, or another worker has it."""
    wish = take(of_connected_brands(), block_id)
    if wish is None:
        return None
    fate = fulfil(
        wish,
        wish.brand,
        scope=SCOPE,
        call=lambda client: ask(client, wish),
        no_reason="X does not let this handle block or unblock for direct messages.",
    )
    return blocking.settle(block_id, fate)


def ask(client: Client, wish: DmBlock) -> None:
    deed = client.block_dms if wish.wanted else client.unblock_dms
    deed(wish.contact.x_user_id)


def sweep() -> None:
    """Rings for what is due and was not heard of."""
    for block_id in of_connected_brands().due().values_list("pk", flat=True)[:SWEEP_BATCH]:
        ring_now("twitter_sync.block", queue="send", block_id=block_id)
