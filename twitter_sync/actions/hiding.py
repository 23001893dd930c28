"""Has X hide an answer below a post of a brand, or show it again."""

from __future__ import annotations

from accounts.doorbell import ring_now
from accounts.models import BrandAccount
from inbox.actions import hiding
from inbox.actions.wishing import take
from inbox.models import Hiding
from inbox.models.wish import WishQuerySet
from twitter_sync.actions.wishing import fulfil
from twitter_sync.client import Client

SCOPE = "tweet.moderate.write"
SWEEP_BATCH = 100


def of_connected_brands() -> WishQuerySet[Hiding]:
    """Of a handle that is paused or must be reconnected nothing is asked: its rows wait."""
    connected = BrandAccount.objects.connected()
    return Hiding.objects.filter(message__brand__in=connected).select_related("message__brand")


def carry_out(hiding_id: int) -> Hiding | None:
    """Makes the call for a row that is due. None when it isn't, or another worker has it."""
    wish = take(of_connected_brands(), hiding_id)
    if wish is None:
        return None
    brand = wish.message.brand
    fate = fulfil(
        wish,
        brand,
        scope=SCOPE,
        call=lambda client: ask(client, wish),
        no_reason=f"X lets @{brand.handle} hide only answers below its own posts.",
    )
    return hiding.settle(hiding_id, fate)


def ask(client: Client, wish: Hiding) -> None:
    deed = client.hide_post if wish.wanted else client.unhide_post
    deed(str(wish.message.external_id))


def sweep() -> None:
    """Rings for what is due and was not heard of."""
    for hiding_id in of_connected_brands().due().values_list("pk", flat=True)[:SWEEP_BATCH]:
        ring_now("twitter_sync.hide", queue="send", hiding_id=hiding_id)
