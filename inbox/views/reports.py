"""Reports: what came of inviting people from public to private, as a page and as a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts import clock
from accounts.models import BrandAccount
from inbox.funnel import Funnel, Row, Stage, funnel, managed_by
from inbox.models.handoff import STEPS
from inbox.text.cells import as_csv
from inbox.views.signed_in import person, signed_in

SPANS = {"7": "7 days", "30": "30 days", "90": "90 days"}
DEFAULT_SPAN = "30"


@dataclass(frozen=True, slots=True)
class Report:
    funnel: Funnel
    brands: list[BrandAccount]
    brand: str
    days: str


@require_GET
@signed_in
def handoffs(request: HttpRequest) -> HttpResponse:
    context = {"report": report_of(request), "steps": STEPS, "spans": SPANS}
    return render(request, "inbox/handoffs.html", context)


@require_GET
@signed_in
def handoffs_csv(request: HttpRequest) -> HttpResponse:
    report = report_of(request)
    answer = HttpResponse(as_csv(lines(report.funnel)), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="handoffs-{report.days}-days.csv"'
    return answer


def report_of(request: HttpRequest) -> Report:
    """Managers and admins, of their brands. Raises Http404 for another handle or span."""
    user = person(request)
    brands, brand = managed_by(user), request.GET.get("brand", "")
    if not brands:
        raise PermissionDenied("Only managers and admins of a handle open this page.")
    chosen = [one for one in brands if brand in ("", one.handle)]
    days = request.GET.get("days", DEFAULT_SPAN)
    if not chosen or days not in SPANS:
        raise Http404("No such report.")
    since = clock.now() - timedelta(days=int(days))
    return Report(funnel(user, chosen, since=since), brands, brand, days)


def lines(found: Funnel) -> Iterator[list[object]]:
    numbers = [f"{step}{what}" for step in STEPS for what in ("", ": dropped before", ": minutes")]
    yield ["By", "Which", *numbers]
    for name, rows in (("All", [found.all]), *found.parts):
        for row in rows:
            yield [name, row.label, *numbers_of(row)]


def numbers_of(row: Row) -> Iterator[object]:
    for stage in row.stages:
        yield from (stage.number, stage.dropped, minutes(stage))


def minutes(stage: Stage) -> object:
    """Whole minutes are too coarse for the first answers."""
    return round(stage.typical.total_seconds() / 60, 1) if stage.typical is not None else ""
