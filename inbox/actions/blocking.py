"""Refusing a person's direct messages on X, for one brand: what is wanted, and what X made of it.

Managers and admins do this: it is the brand that turns somebody away. The person keeps seeing the
brand's posts and can answer them.
"""

from __future__ import annotations

from django.db import transaction

from accounts.access import require_role
from accounts.doorbell import ring
from accounts.models import BrandAccount, Role, User
from inbox.actions import wishing
from inbox.actions.holding import lock_pair
from inbox.actions.recording import keep, locked, record
from inbox.actions.wishing import Fate
from inbox.models import Contact, Conversation, ConversationEvent, DmBlock

Kinds = ConversationEvent.Kind
# A person with more conversations than that under way is told of in the newest.
MOST_TOLD = 50


def block(conversation: Conversation, *, by: User) -> DmBlock | None:
    """X is asked to carry no more messages between the brand and the person, either way.

    Twice is once; what X refused is asked for again. Managers and admins.
    """
    return want(conversation, wanted=True, by=by)


def unblock(conversation: Conversation, *, by: User) -> DmBlock | None:
    """Takes a block back. None when there never was one."""
    return want(conversation, wanted=False, by=by)


@transaction.atomic
def want(conversation: Conversation, *, wanted: bool, by: User) -> DmBlock | None:
    require_role(by, conversation.brand_id, Role.MANAGER)
    wish = row_of(conversation.brand, conversation.contact)
    if wish is None and not wanted:
        return None
    if wish is not None and wishing.is_underway(wish, wanted):
        return wish
    wish = wish or DmBlock(brand=conversation.brand, contact=conversation.contact)
    wish.conversation = conversation
    wishing.ask(wish, wanted=wanted, by=by)
    tell(wish)
    record(locked(conversation), Kinds.BLOCKED if wanted else Kinds.UNBLOCKED, by=by)
    ring("twitter_sync.block", queue="send", block_id=wish.pk)
    return wish


@transaction.atomic
def settle(block_id: int, fate: Fate) -> DmBlock:
    """What became of a call to X about it."""
    named = DmBlock.objects.select_related("brand", "contact").get(pk=block_id)
    wish = row_of(named.brand, named.contact) or named
    wishing.settle(wish, fate)
    tell(wish)
    if wish.is_refused and wish.conversation is not None:
        after = {"wanted": wish.wanted, "reason": wish.reason}
        record(wish.conversation, Kinds.BLOCK_REFUSED, after=after)
    if wish.is_pending and not isinstance(fate, wishing.Later):
        ring("twitter_sync.block", queue="send", block_id=wish.pk)
    return wish


def row_of(brand: BrandAccount, contact: Contact) -> DmBlock | None:
    """The row of the two as it is now, held until the transaction ends.

    The lock of the pair keeps two who ask at once from making two, and comes before the locks of
    conversations wherever both are taken.
    """
    lock_pair(brand, contact.x_user_id)
    rows = DmBlock.objects.select_for_update(of=("self",)).select_related("conversation")
    return rows.filter(brand=brand, contact=contact).first()


def tell(wish: DmBlock) -> None:
    """Every open desk that shows the person for the brand shows this; in the order of ids."""
    theirs = Conversation.objects.filter(brand=wish.brand, contact=wish.contact)
    shown = set(theirs.active().order_by("-pk").values_list("pk", flat=True)[:MOST_TOLD])
    if wish.conversation_id is not None:
        shown.add(wish.conversation_id)
    for conversation_id in sorted(shown):
        keep(locked(conversation_id), what="contact")


def is_blocked(brand_id: int, contact_id: int) -> bool:
    """Whether X carries messages between the two no more, or is about to stop."""
    wish = DmBlock.objects.filter(brand=brand_id, contact=contact_id).first()
    return wish is not None and wish.is_in_force
