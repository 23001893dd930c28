"""The views of the desk: which conversations each shows, in what order, how many, by the page.

Pages are keyset-paged (never OFFSET) and take the first rows of each brand before they merge, so
that a page costs the same at a thousand and at a million conversations (design §11).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import Count, Exists, OuterRef, Q, Subquery, Value
from django.db.models.expressions import RawSQL

from accounts.models import BrandAccount, User
from inbox.models import Conversation, Message, OptOut
from inbox.models.conversation import ConversationQuerySet

PAGE_SIZE = 50
# Closed conversations are counted up to here: "999+".
COUNT_CAP = 1000


@dataclass(frozen=True, slots=True)
class View:
    """`sort` is the column of the order; newest first, but for the longest waiting first."""

    name: str
    label: str
    rows: Callable[[ConversationQuerySet, User], ConversationQuerySet]
    sort: str = "last_activity_at"
    descending: bool = True
    capped: bool = False


VIEWS = {
    view.name: view
    for view in (
        View("mine", "Mine", lambda rows, user: rows.active().assigned_to(user)),
        View("unassigned", "Unassigned", lambda rows, user: rows.open().unassigned()),
        View("open", "All open", lambda rows, user: rows.open()),
        View(
            "needs-answer",
            "Needs an answer",
            lambda rows, user: rows.needing_an_answer(),
            sort="unanswered_since",
            descending=False,
        ),
        View("waiting", "Waiting", lambda rows, user: rows.waiting()),
        View("snoozed", "Snoozed", lambda rows, user: rows.snoozed()),
        View("resolved", "Resolved", lambda rows, user: rows.resolved(), capped=True),
        View("spam", "Spam", lambda rows, user: rows.spam(), capped=True),
    )
}
DEFAULT_VIEW = "needs-answer"


class BadCursor(Exception):
    """The place in the list is not one that we gave out."""


@dataclass(frozen=True, slots=True)
class Page:
    """`after` is where the next page begins, None on the last one."""

    rows: list[Conversation]
    after: str | None


def brands_of(user: User) -> list[BrandAccount]:
    """The brands that `user` sees."""
    return list(BrandAccount.objects.visible_to(user))


def page(
    view: View, user: User, brands: list[BrandAccount], *, after: str = "", size: int = PAGE_SIZE
) -> Page:
    """One page of `view`. Two queries, whatever the number of brands. Raises BadCursor."""
    keys = first_keys(view, user, brands, after, size + 1)
    here = [pk for pk, _ in keys[:size]]
    found = in_order(view, Conversation.objects.visible_to(user).filter(pk__in=here))
    whole = found.select_related("brand", "contact", "assignee")
    rows = list(whole.annotate(undelivered=worst_undelivered(), is_left_alone=left_alone()))
    return Page(rows, cursor_of(*keys[size - 1]) if len(keys) > size else None)


def worst_undelivered() -> Subquery:
    """The state of a reply in the conversation that did not get to X: uncertain before failed, for
    what stands behind that one waits. Null for none."""
    ours = Message.objects.filter(conversation=OuterRef("pk")).undelivered()
    return Subquery(ours.order_by("-state").values("state")[:1])


def left_alone() -> Exists:
    """Whether its customer asked for that (`inbox.reach.is_left_alone`)."""
    theirs = OptOut.objects.filter(brand=OuterRef("brand"), contact=OuterRef("contact"))
    return Exists(theirs.standing())


# The first of each brand, then the first of all: planned once, however many brands there are.
FIRST_OF_EACH = """
SELECT row.id, row.moment
FROM unnest(%s::bigint[]) AS brand (id) CROSS JOIN LATERAL ({top}) AS row (id, moment)
ORDER BY row.moment {direction}, row.id {direction} LIMIT %s
"""
EACH_BRAND = RawSQL("brand.id", ())


def first_keys(
    view: View, user: User, brands: list[BrandAccount], after: str, count: int
) -> list[tuple[int, datetime]]:
    """The first `count` rows after a cursor, the first of each brand, merged: their ids, and by
    which moment they stand in the view now. Somebody may answer them before they are read."""
    of_brand = view.rows(Conversation.objects.filter(brand=EACH_BRAND), user)
    top = in_order(view, beyond(view, of_brand, after)).values_list("pk", view.sort)[:count]
    sql, params = top.query.sql_with_params()
    direction = "DESC" if view.descending else "ASC"
    with connection.cursor() as cursor:
        cursor.execute(
            FIRST_OF_EACH.format(top=sql, direction=direction),
            [[brand.pk for brand in brands], *params, count],
        )
        return list(cursor.fetchall())


def in_order(view: View, rows: ConversationQuerySet) -> ConversationQuerySet:
    return rows.newest_first() if view.descending else rows.longest_waiting_first()


def beyond(view: View, rows: ConversationQuerySet, after: str) -> ConversationQuerySet:
    if not after:
        return rows
    moment, pk = read_cursor(after)
    step = "lt" if view.descending else "gt"
    return rows.filter(
        Q(**{f"{view.sort}__{step}": moment}) | Q(**{view.sort: moment, f"pk__{step}": pk}),
        **{f"{view.sort}__{step}e": moment},  # the bound that the index can use
    )


def cursor_of(pk: int, moment: datetime) -> str:
    return base64.urlsafe_b64encode(f"{moment.isoformat()}|{pk}".encode()).decode()


def read_cursor(cursor: str) -> tuple[datetime, int]:
    try:
        moment, _, pk = base64.urlsafe_b64decode(cursor).decode().partition("|")
        return datetime.fromisoformat(moment), int(pk)
    except (ValueError, binascii.Error) as error:
        raise BadCursor("This place in the list is unknown. Load the list again.") from error


def counts(user: User, brands: list[BrandAccount]) -> dict[str, int]:
    """How many conversations each view shows; capped views stop at COUNT_CAP. One query for all
    the others, and one for each of those."""
    rows = Conversation.objects.for_brands([brand.pk for brand in brands])
    numbers = dict.fromkeys(VIEWS, 0)
    exact = [view for view in VIEWS.values() if not view.capped]
    columns = [
        view.rows(rows, user)
        .order_by()
        .annotate(view=Value(view.name))
        .values("view")
        .annotate(how_many=Count("pk"))
        for view in exact
    ]
    for row in columns[0].union(*columns[1:], all=True):
        numbers[row["view"]] = row["how_many"]
    for view in VIEWS.values():
        if view.capped:
            numbers[view.name] = view.rows(rows, user)[:COUNT_CAP].count()
    return numbers


def counts_by_brand(user: User) -> dict[int, int]:
    """Open conversations of each brand that `user` sees."""
    rows = Conversation.objects.visible_to(user).open().order_by()
    return dict(rows.values_list("brand").annotate(how_many=Count("pk")))


def load_of(people: list[User], brands: list[BrandAccount]) -> dict[int, int]:
    """How many open conversations of `brands` each person has, for who assigns."""
    rows = Conversation.objects.for_brands([brand.pk for brand in brands]).open()
    held = rows.filter(assignee__in=people).order_by()
    return dict(held.values_list("assignee").annotate(how_many=Count("pk")))
