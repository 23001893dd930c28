"""Where in the desk somebody is: a view or a search, perhaps narrowed to one brand.

The address says it.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import Http404, HttpRequest

from inbox.desk import DEFAULT_VIEW, VIEWS, View
from inbox.text.asked import LONGEST, cleaned


@dataclass(frozen=True, slots=True)
class Place:
    """`brand` is a handle, or nothing for all brands. `words` are what somebody searches for; they
    stand before the view, which is where leaving the search leads back to."""

    view: View
    brand: str = ""
    words: str = ""

    def query(
        self, *, view: View | None = None, brand: str | None = None, words: str | None = None
    ) -> str:
        """The query string of this place, or of the one beside it: in another view, which is no
        search, for another brand or other words."""
        here = "" if view else self.words
        values = {
            "view": (view or self.view).name,
            "brand": self.brand if brand is None else brand,
            "q": here if words is None else words,
        }
        return "?" + urlencode({name: value for name, value in values.items() if value})


def place_of(request: HttpRequest) -> Place:
    """Raises Http404 for a view that does not exist."""
    view = VIEWS.get(request.GET.get("view", DEFAULT_VIEW))
    if view is None:
        raise Http404("No such view.")
    brand = request.GET.get("brand", "").strip().removeprefix("@")
    # One more than may be searched for is enough to be told so.
    return Place(view, brand, cleaned(request.GET.get("q", ""))[: LONGEST + 1])
