"""Everything with a person in one line of time, for the panel of the desk and for their page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from inbox.access import access_contact
from inbox.dealings import dealings
from inbox.views.signed_in import person, signed_in

LONGEST_SEQUENCE = 19


@require_GET
@signed_in
def contact_timeline(request: HttpRequest, pk: int) -> HttpResponse:
    """A fragment: the newest lines, or with `before` those that come before a sequence."""
    user = person(request)
    contact = access_contact(user, pk)
    asked = request.GET.get("before", "")
    is_place = asked.isascii() and asked.isdecimal() and len(asked) < LONGEST_SEQUENCE + 1
    before = min(int(asked), 2**63 - 1) if is_place else None
    found = dealings(user, contact, before=before)
    return render(request, "inbox/_dealings.html", {"contact": contact, "dealings": found})
