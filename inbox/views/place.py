"""Where in the desk somebody is: a view, perhaps narrowed to one brand; the address says it."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import Http404, HttpRequest

from inbox.desk import DEFAULT_VIEW, VIEWS, View


@dataclass(frozen=True, slots=True)
class Place:
    """`brand` is a handle, or nothing for all brands."""

    view: View
    brand: str = ""

    def query(self, *, view: View | None = None, brand: str | None = None) -> str:
        """The query string of this place, or of the one beside it in another view or brand."""
        values = {"view": (view or self.view).name, "brand": self.brand if brand is None else brand}
        return "?" + urlencode({name: value for name, value in values.items() if value})


def place_of(request: HttpRequest) -> Place:
    """Raises Http404 for a view that does not exist."""
    view = VIEWS.get(request.GET.get("view", DEFAULT_VIEW))
    if view is None:
        raise Http404("No such view.")
    return Place(view, request.GET.get("brand", "").strip().removeprefix("@"))
