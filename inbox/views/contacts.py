"""The page of a person: who they are on X, and what they have with the brands of whoever looks.

Of brands that the viewer does not work on there is nothing, not even a number.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Max, Min, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts import clock
from accounts.models import BrandAccount, Role, User
from inbox import desk
from inbox.access import access_contact
from inbox.models import Contact, ContactHandle, Conversation, DmBlock, Message
from inbox.models.conversation import ConversationQuerySet
from inbox.views.signed_in import is_fragment, person, signed_in

PAGE_SIZE = 25
MOST_HANDLES = 50
# In seconds: X answers at once, or after a quota or a trouble of its own.
QUICK_LOOK, SLOW_LOOK = 2, 15
QUICK_FOR = timedelta(minutes=1)
EVERY = desk.View("every", "Conversations", lambda rows, user: rows)


@dataclass(frozen=True, slots=True)
class WithBrand:
    """What a person has with one brand: `first_at` is X's time of the first word, `newest` the
    number of the newest conversation."""

    brand: BrandAccount
    conversations: int
    active: int
    messages: int
    first_at: datetime
    newest: int
    block: DmBlock | None
    may_block: bool

    @property
    def is_asking_x(self) -> bool:
        is_pending = self.block is not None and self.block.is_pending
        return is_pending and self.brand.status == BrandAccount.Status.CONNECTED


@dataclass(frozen=True, slots=True)
class Acquaintance:
    contact: Contact
    handles: list[ContactHandle]
    brands: list[WithBrand]

    @property
    def conversations(self) -> int:
        return sum(one.conversations for one in self.brands)

    @property
    def messages(self) -> int:
        return sum(one.messages for one in self.brands)

    @property
    def first_at(self) -> datetime:
        return min(one.first_at for one in self.brands)

    @property
    def look_again_after(self) -> int | None:
        """Seconds until X may have answered about a block: few at first. None while it isn't asked,
        as for a paused or disconnected handle."""
        asked = [one.block.asked_at for one in self.brands if one.block and one.is_asking_x]
        if not asked:
            return None
        return QUICK_LOOK if clock.now() - max(asked) < QUICK_FOR else SLOW_LOOK


@require_GET
@signed_in
def contact(request: HttpRequest, pk: int) -> HttpResponse:
    """The page; to a fragment that names a place in the list, the rows from there on, and to any
    other what the person has with each brand."""
    user = person(request)
    known, after = access_contact(user, pk), request.GET.get("after", "")
    if is_fragment(request) and not after:
        found = {"contact": known, "known": acquaintance(user, known)}
        return render(request, "inbox/_contact_brands.html", found)
    try:
        page = page_of(user, known, after)
    except desk.BadCursor as error:
        return HttpResponseBadRequest(str(error), content_type="text/plain")
    context = {"contact": known, "page": page}
    if is_fragment(request):
        return render(request, "inbox/_contact_rows.html", context)
    return render(request, "inbox/contact.html", context | {"known": acquaintance(user, known)})


def theirs(user: User, known: Contact) -> ConversationQuerySet:
    return Conversation.objects.visible_to(user).filter(contact=known)


def page_of(user: User, known: Contact, after: str) -> desk.Page:
    """Newest first, both kinds, whatever their status. One query. Raises BadCursor."""
    rows = desk.in_order(EVERY, desk.beyond(EVERY, theirs(user, known), after))
    found = list(rows.select_related("brand", "assignee")[: PAGE_SIZE + 1])
    shown = found[:PAGE_SIZE]
    if len(found) == len(shown):
        return desk.Page(shown, None)
    return desk.Page(shown, desk.cursor_of(shown[-1].pk, shown[-1].last_activity_at))


def acquaintance(user: User, known: Contact) -> Acquaintance:
    handles = known.handles.order_by("-first_seen_at")
    return Acquaintance(known, list(handles[:MOST_HANDLES]), with_brands(user, known))


def first_word(user: User) -> Subquery:
    """By X's clock: the day on which the handle was connected says nothing."""
    said = Message.objects.visible_to(user).filter(conversation=OuterRef("pk"))
    return Subquery(said.order_by("sequence", "id").values("sent_at")[:1])


def with_brands(user: User, known: Contact) -> list[WithBrand]:
    """One entry for each brand of the viewer that the person talks with. Four queries."""
    rows = (
        theirs(user, known).order_by().annotate(began_at=Coalesce(first_word(user), "created_at"))
    )
    counted = rows.values("brand").annotate(
        conversations=Count("pk"),
        active=Count("pk", filter=Q(is_spam=False) & ~Q(status=Conversation.Status.RESOLVED)),
        said=Sum("message_count"),
        first_at=Min("began_at"),
        newest=Max("pk"),
    )
    facts = {row["brand"]: row for row in counted}
    brands = BrandAccount.objects.visible_to(user).filter(pk__in=facts).order_by("handle")
    roles = dict(user.memberships.filter(brand__in=facts).values_list("brand_id", "role"))
    asked = DmBlock.objects.visible_to(user).filter(contact=known).select_related("asked_by")
    blocks = {one.brand_id: one for one in asked}
    return [
        WithBrand(
            brand=brand,
            conversations=facts[brand.pk]["conversations"],
            active=facts[brand.pk]["active"],
            messages=facts[brand.pk]["said"],
            first_at=facts[brand.pk]["first_at"],
            newest=facts[brand.pk]["newest"],
            block=blocks.get(brand.pk),
            may_block=Role(roles[brand.pk]).includes(Role.MANAGER),
        )
        for brand in brands
    ]
