"""Keeping the rules of X's filtered stream in step with the keywords that brands have chosen.

May be repeated: what X has stays, what is missing is added, what nobody wants any more goes; why
X does not take a rule is kept in its words for the page of settings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import structlog
from django.conf import settings

from accounts import clock
from accounts.models import BrandAccount
from twitter_sync.actions.recording import TAG
from twitter_sync.answers import one_line
from twitter_sync.calls.filtered import Rule
from twitter_sync.client import Client
from twitter_sync.errors import XError
from twitter_sync.locks import one_at_a_time
from twitter_sync.models import StreamRule
from twitter_sync.models.stream_rule import LONGEST

HASHTAG = re.compile(r"#\w+")

log = structlog.get_logger(__name__)


def keep_rules() -> None:
    """Never raises XError: rows tell. Raises Busy."""
    wanted = dict(rules_wanted())
    if not settings.X_STREAM or not (wanted or StreamRule.objects.exists()):
        return
    with one_at_a_time():
        StreamRule.objects.exclude(value__in=list(wanted)).delete()
        for value, brand in wanted.items():
            StreamRule.objects.get_or_create(brand=brand, value=value)
        try:
            held = {rule["value"]: rule for rule in rules_held()}
            drop([rule for rule in held.values() if is_surplus(rule, wanted)])
            for value in wanted.keys() & held.keys():
                note(wanted[value], value, external_id=str(held[value]["id"]))
            add({value: wanted[value] for value in wanted.keys() - held.keys()})
        except XError as error:
            log.warning("rules not kept", error=str(error))
            StreamRule.objects.filter(external_id="").update(failure=error.reason[:300])


# What is wanted


def rules_wanted() -> Iterator[tuple[str, BrandAccount]]:
    for brand in BrandAccount.objects.listening().exclude(keywords=[]):
        for value in values_of(brand):
            yield value, brand


def values_of(brand: BrandAccount) -> Iterator[str]:
    """As few rules as hold all keywords: the app may have a thousand, of 1,024 characters each.

    What names the brand is told anyway, and its own posts are no find.
    """
    besides = f" -is:retweet -from:{brand.handle} -@{brand.handle}"
    packed: list[str] = []
    for term in map(term_of, brand.keywords):
        if packed and len(any_of([*packed, term]) + besides) > LONGEST:
            yield any_of(packed) + besides
            packed = []
        packed.append(term)
    if packed:
        yield any_of(packed) + besides


def any_of(terms: list[str]) -> str:
    return f"({' OR '.join(terms)})"


def term_of(keyword: str) -> str:
    """In quotation marks nothing is an operator of X's language."""
    return keyword if HASHTAG.fullmatch(keyword) else f'"{keyword}"'


# What X has


def rules_held() -> Iterator[dict[str, Any]]:
    app, token = Client.for_app(), None
    while True:
        page = app.rules(page_token=token)
        yield from page.get("data") or []
        token = (page.get("meta") or {}).get("next_token")
        if not token:
            return


def is_surplus(rule: dict[str, Any], wanted: dict[str, BrandAccount]) -> bool:
    """One of ours, by its tag, that nobody wants or that is another brand's. Rules with other tags
    were made by hand, and stay."""
    tag = str(rule.get("tag") or "")
    brand = wanted.get(str(rule["value"]))
    return tag.startswith(TAG) and (brand is None or tag != f"{TAG}{brand.pk}")


def drop(rules: list[dict[str, Any]]) -> None:
    if rules:
        Client.for_app().delete_rules([str(rule["id"]) for rule in rules])


def add(missing: dict[str, BrandAccount]) -> None:
    """X takes those that it can; for the others it says why not."""
    if not missing:
        return
    rules = [Rule(value, f"{TAG}{brand.pk}") for value, brand in missing.items()]
    answer = Client.for_app().add_rules(rules)
    for rule in answer.get("data") or []:
        if rule["value"] in missing:
            note(missing[rule["value"]], rule["value"], external_id=str(rule["id"]))
    for problem in answer.get("errors") or []:
        if problem.get("value") in missing:
            note(missing[problem["value"]], problem["value"], failure=words_of(problem))


def words_of(problem: dict[str, Any]) -> str:
    details = problem.get("details") or problem.get("detail") or problem.get("title") or ""
    said = "; ".join(map(str, details)) if isinstance(details, list) else str(details)
    return one_line(said) or "X does not take this rule."


def note(brand: BrandAccount, value: str, *, external_id: str = "", failure: str = "") -> None:
    StreamRule.objects.update_or_create(
        brand=brand,
        value=value,
        defaults={
            "external_id": external_id,
            "failure": failure,
            "checked_at": clock.now(),
        },
    )
