"""Which conversation a message belongs to (design §4).

Windows are measured between the times of messages, never from now, so that the order in which
deliveries arrive changes nothing. The caller holds the lock of the brand and the contact.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Exists, OuterRef

from accounts.models import BrandAccount
from inbox.models import Contact, Conversation, Message, Thread
from inbox.models.conversation import ConversationQuerySet


def place(
    brand: BrandAccount, contact: Contact, *, kind: str, x_conversation_id: str, sent_at: datetime
) -> Thread:
    """The thread that takes a message, in a conversation that is made when none fits."""
    held = newest_holding(brand, contact, kind, x_conversation_id)
    if held and takes_again(held, brand, sent_at):
        return held
    if not have_talked(brand, contact):
        conversation = open_conversation(brand, contact, sent_at, follows=None)
        return Thread.objects.create(
            brand=brand,
            conversation=conversation,
            kind=kind,
            x_conversation_id=x_conversation_id,
        )
    of_pair = Conversation.objects.filter(brand=brand, contact=contact).order_by("-id")
    conversation = joinable(brand, of_pair, kind, sent_at) or open_conversation(
        brand, contact, sent_at, follows=held.conversation if held else None
    )
    return Thread.objects.get_or_create(
        conversation=conversation,
        kind=kind,
        x_conversation_id=x_conversation_id,
        defaults={"brand": brand},
    )[0]


TALKED = """
SELECT EXISTS (SELECT FROM inbox_conversation WHERE contact_id = %s AND brand_id = %s)
"""


def have_talked(brand: BrandAccount, contact: Contact) -> bool:
    """Whether there is anything that a message could join."""
    with connection.cursor() as cursor:
        cursor.execute(
            TALKED,
            [contact.pk, brand.pk],
        )
        [found] = cursor.fetchone() or [False]
    return bool(found)


# Asked for every message; Django takes longer to word it than Postgres to answer.
NEWEST_HOLDING = """
SELECT thread.*,
       CASE WHEN conversation.status = 'resolved' AND NOT conversation.is_spam
            THEN conversation.resolved_at END AS resolved_at
FROM inbox_thread thread JOIN inbox_conversation conversation
  ON conversation.id = thread.conversation_id
WHERE thread.brand_id = %s AND thread.kind = %s AND thread.x_conversation_id = %s
  AND conversation.contact_id = %s
ORDER BY thread.conversation_id DESC LIMIT 1
"""


def newest_holding(
    brand: BrandAccount, contact: Contact, kind: str, x_conversation_id: str
) -> Thread | None:
    """The thread as the newest conversation of the pair holds it."""
    asked = [brand.pk, kind, x_conversation_id, contact.pk]
    return next(iter(Thread.objects.raw(NEWEST_HOLDING, asked)), None)


def takes_again(held: Thread, brand: BrandAccount, sent_at: datetime) -> bool:
    """Resolved longer ago than the brand's reopen window stays closed (design §4.3); spam keeps
    what comes into it whenever it does."""
    resolved_at: datetime | None = held.resolved_at  # type: ignore[attr-defined]  # of its query
    return resolved_at is None or sent_at <= resolved_at + timedelta(days=brand.reopen_days)


def joinable(
    brand: BrandAccount, of_pair: ConversationQuerySet, kind: str, sent_at: datetime
) -> Conversation | None:
    """The active conversation that a new reply path joins (design §4.2 b and c, and the mirror).

    A DM joins the conversation that has DMs already, else the only lively one; a public post
    joins the only lively one that has DMs.
    """
    active = of_pair.active()
    with_dms = active.filter(threads__kind=Thread.Kind.DM).distinct()
    if kind == Thread.Kind.DM and (has_dms := with_dms.first()):
        return has_dms
    if not brand.joins_threads:
        return None
    # What was put away as history alone counts as if it had been there all the time.
    alive = of_pair.joinable()
    candidates = (
        alive if kind == Thread.Kind.DM else alive.filter(threads__kind=Thread.Kind.DM).distinct()
    )
    lively = list(candidates.filter(near(sent_at, hours=brand.join_hours))[:2])
    return lively[0] if len(lively) == 1 else None


def near(sent_at: datetime, *, hours: int) -> Exists:
    window = timedelta(hours=hours)
    return Exists(
        Message.objects.filter(
            conversation=OuterRef("pk"),
            sent_at__gte=sent_at - window,
            sent_at__lte=sent_at + window,
        )
    )


def open_conversation(
    brand: BrandAccount, contact: Contact, sent_at: datetime, *, follows: Conversation | None
) -> Conversation:
    return Conversation.objects.create(
        brand=brand, contact=contact, last_activity_at=sent_at, follows=follows
    )
