"""The desk itself: the page, its list, and what changed since a browser last looked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from accounts import clock
from accounts.models import BrandAccount
from inbox.desk import PAGE_SIZE, BadCursor, brands_of, page
from inbox.live import now_us
from inbox.models import Conversation
from inbox.views.listing import chosen, list_context, results_context, views_context
from inbox.views.place import place_of
from inbox.views.shown import rows_shown
from inbox.views.signed_in import person, signed_in

MOST_CHANGES = 500
# Transactions commit a little after the moment that they write: look back further than asked.
OVERLAP = timedelta(seconds=10)
LONGEST_ABSENCE = timedelta(days=1)


@require_GET
@signed_in
def home(request: HttpRequest) -> HttpResponse:
    return redirect("inbox:desk")


@require_GET
@signed_in
def desk(request: HttpRequest) -> HttpResponse:
    """The whole page, without a conversation chosen."""
    context = list_context(person(request), place_of(request), size=PAGE_SIZE)
    return render(request, "inbox/desk.html", context | no_conversation())


@require_GET
@signed_in
def search(request: HttpRequest) -> HttpResponse:
    """The whole page with what the words find; without words there is nothing but the desk."""
    place = place_of(request)
    if not place.words:
        return redirect(reverse("inbox:desk") + place.query())
    return desk(request)


@require_GET
@signed_in
def listing(request: HttpRequest) -> HttpResponse:
    """Views and list as fragments: for another view, and to refresh as many rows as are shown.

    Results of a search stay as they are while somebody reads them: a refresh is the views alone.
    """
    user, place = person(request), place_of(request)
    if place.words and "rows" in request.GET:
        context = views_context(user, place, brands_of(user))
        return render(request, "inbox/_views.html", context)
    context = list_context(user, place, size=rows_shown(request))
    return render(request, "inbox/_views_and_list.html", context | no_conversation())


@require_GET
@signed_in
def rows(request: HttpRequest) -> HttpResponse:
    """The next rows of the list, after a cursor that the last page gave."""
    user, place = person(request), place_of(request)
    brands, after = brands_of(user), request.GET.get("after", "")
    context = {"place": place, "brands": brands, "showing": None}
    try:
        if place.words:
            found = results_context(user, place, chosen(brands, place), after=after)
            return render(request, "inbox/_hits.html", context | found)
        following = page(place.view, user, chosen(brands, place), after=after)
    except BadCursor as error:
        return HttpResponseBadRequest(str(error), content_type="text/plain")
    return render(request, "inbox/_rows.html", context | {"page": following})


@require_GET
@signed_in
def changes(request: HttpRequest) -> HttpResponse:
    """What the person may see that changed since a moment, so that a browser can catch up.

    `all` says that more changed than is told here (a handle was paused, say), and everything shown
    is to be asked for anew.
    """
    at = now_us()
    asked = moment(request.GET.get("since", ""))
    since = max(asked, clock.now() - LONGEST_ABSENCE)
    changed = Conversation.objects.visible_to(person(request)).filter(changed_at__gte=since)
    rows = list(changed.order_by("-changed_at").values("id", "version")[: MOST_CHANGES + 1])
    handles = BrandAccount.objects.visible_to(person(request)).changed_since(since)
    clipped = since > asked or len(rows) > MOST_CHANGES or handles.exists()
    return JsonResponse({"at": at, "conversations": rows[:MOST_CHANGES], "all": clipped})


def moment(microseconds: str) -> datetime:
    """A moment that a browser was told, a little earlier. Raises Http404 for what is none."""
    if not microseconds.isdecimal() or len(microseconds) > 17:
        raise Http404("since must be microseconds.")
    return datetime.fromtimestamp(int(microseconds) / 1_000_000, UTC) - OVERLAP


def no_conversation() -> dict[str, object]:
    return {"showing": None, "refusal": None, "since": now_us()}
