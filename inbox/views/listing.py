"""What the views and the list of the desk show."""

from __future__ import annotations

from typing import Any

from django.http import Http404

from accounts.models import BrandAccount, User
from inbox.desk import VIEWS, brands_of, counts, counts_by_brand, page
from inbox.search import BadSearch, search
from inbox.text.asked import understand
from inbox.views.place import Place


def views_context(user: User, place: Place, brands: list[BrandAccount]) -> dict[str, Any]:
    return {
        "place": place,
        "views": list(VIEWS.values()),
        "brands": brands,
        "counts": counts(user, chosen(brands, place)),
        "counts_by_brand": counts_by_brand(user),
    }


def list_context(user: User, place: Place, *, size: int) -> dict[str, Any]:
    """Views with counts, and the first `size` rows of the place; of a search its first page."""
    brands = brands_of(user)
    if place.words:
        found = results_context(user, place, chosen(brands, place))
        return views_context(user, place, brands) | found
    rows = page(place.view, user, chosen(brands, place), size=size)
    return views_context(user, place, brands) | {"page": rows}


def results_context(
    user: User, place: Place, brands: list[BrandAccount], *, after: str = ""
) -> dict[str, Any]:
    """What the words of the place find, or why they can't be searched for. Raises BadCursor."""
    try:
        results = search(user, brands, understand(place.words), after=after)
    except BadSearch as error:
        return {"results": None, "trouble": str(error)}
    return {"results": results, "trouble": ""}


def chosen(brands: list[BrandAccount], place: Place) -> list[BrandAccount]:
    """The brands that the place shows. Raises Http404 for a handle the person does not work on."""
    if not place.brand:
        return brands
    found = [brand for brand in brands if brand.handle.lower() == place.brand.lower()]
    if not found:
        raise Http404("No such handle.")
    return found
