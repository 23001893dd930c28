"""The rules of the filtered stream: listing, counting, adding, deleting."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from x_simulator import clock, errors, ids
from x_simulator.api import Answer, Call, Endpoint, checked, checked_body
from x_simulator.matching import let_through_by
from x_simulator.query import InvalidQuery
from x_simulator.quotas import Limits
from x_simulator.streams.rules import CAP, MAX_LENGTH, Rule

BOOLEANS = ("false", "true")
ALL_APPS = "all_project_client_apps"


async def listing(call: Call) -> Answer:
    named = call.query_ids("ids", CAP) if "ids" in call.query else None
    page = call.world.rules.page(call.window(1, CAP, CAP), named)
    meta: dict[str, Any] = {"result_count": len(page.items)}
    if page.next_token:
        meta["next_token"] = page.next_token
    told = [rule.body() for rule in page.items]
    return Answer({"data": told, "meta": meta} if told else {"meta": meta})


async def counts(call: Call) -> Answer:
    """The caps are text, the counts of apps numbers: so the document has it."""
    count = call.world.rules.count()
    own = {"client_app_id": call.world.settings.app_id, "rule_count": count}
    told: dict[str, Any] = {
        "cap_per_client_app": str(CAP),
        "cap_per_project": str(CAP),
        "client_app_rules_count": own,
        "project_rules_count": str(count),
    }
    if ALL_APPS in call.query.get("rules_count.fields", "").split(","):
        told[ALL_APPS] = [own]
    return Answer({"data": told})


async def change(call: Call) -> Answer:
    body = checked_body(call, {"add": list, "delete": dict})
    deletes_all = call.choice("delete_all", BOOLEANS, "false") == "true"
    is_dry = call.choice("dry_run", BOOLEANS, "false") == "true"
    if len(body) + deletes_all != 1:
        raise errors.invalid("$: exactly one of add, delete and delete_all must be specified")
    if "add" in body:
        return _add(call, list(_asked(body["add"])), is_dry=is_dry)
    rules = call.world.rules.all()
    if deletes_all:
        return _delete(call, rules, 0, is_dry=is_dry)
    named = _named(body["delete"])
    found = [rule for rule in rules if {str(rule.id), rule.value} & named]
    lost = named.difference(*({str(rule.id), rule.value} for rule in found))
    return _delete(call, found, len(lost), is_dry=is_dry)


# Adding


@dataclass(slots=True)
class Judged:
    """Rules that are to be added: those that may be, and X's word on the others."""

    good: list[Rule] = field(default_factory=list)
    problems: list[dict[str, Any]] = field(default_factory=list)


def _asked(given: Sequence[Any]) -> Iterator[tuple[str, str]]:
    """Value and tag of each."""
    for number, one in enumerate(given):
        place = f"$.add[{number}]"
        rule = checked(one, {"value": str, "tag": str}, ("value",), place=place)
        yield rule["value"], rule.get("tag", "")


def _add(call: Call, asked: Sequence[tuple[str, str]], *, is_dry: bool) -> Answer:
    """What X doesn't take is named, the others hold."""
    judged = _judged(call, asked)
    if call.world.rules.count() + len(judged.good) > CAP:
        raise errors.rules_cap_exceeded(CAP)
    if not is_dry:
        call.world.rules.add(judged.good)
    good, bad = len(judged.good), len(judged.problems)
    summary = {"created": good, "not_created": bad, "valid": good, "invalid": bad}
    return _told(summary, data=[rule.body() for rule in judged.good], errors=judged.problems)


def _judged(call: Call, asked: Sequence[tuple[str, str]]) -> Judged:
    judged, known = Judged(), {rule.value: rule.id for rule in call.world.rules.all()}
    for value, tag in asked:
        if value in known:
            judged.problems.append(errors.duplicate_rule(value, known[value]))
        elif details := _wrong_with(value):
            judged.problems.append(errors.invalid_rule(value, details))
        else:
            rule = Rule(call.world.minter.mint(), value, tag)
            known[value] = rule.id
            judged.good.append(rule)
    return judged


def _wrong_with(value: str) -> Sequence[str]:
    if len(value) > MAX_LENGTH:
        return [f"Rule is longer than {MAX_LENGTH} characters"]
    try:
        let_through_by(value)
    except InvalidQuery as error:
        return error.problems
    return ()


# Deleting


def _named(given: dict[str, Any]) -> set[str]:
    """By ids, by values or both."""
    checked(given, {"ids": list, "values": list}, place="$.delete")
    rule_ids, values = given.get("ids", []), given.get("values", [])
    for one in (*rule_ids, *values):
        if not isinstance(one, str):
            raise errors.invalid("$.delete: has the wrong type")
    for one in rule_ids:
        if ids.parse(one) is None:
            raise errors.invalid(f"$: [{one}] does not match ^[0-9]{{1,19}}$")
    if not rule_ids and not values:
        raise errors.invalid("$: required fields missing: one of ids, values")
    return {*rule_ids, *values}


def _delete(call: Call, rules: Sequence[Rule], lost: int, *, is_dry: bool) -> Answer:
    if not is_dry:
        call.world.rules.remove(rules)
    summary = {"deleted": len(rules), "not_deleted": lost}
    return _told(summary, errors=[errors.no_such_rule() for _ in range(lost)])


def _told(summary: dict[str, int], **parts: list[dict[str, Any]]) -> Answer:
    meta = {"sent": clock.iso(clock.now_ms()), "summary": summary}
    return Answer({**{name: part for name, part in parts.items() if part}, "meta": meta})


_RULES = "/2/tweets/search/stream/rules"
ENDPOINTS = (
    Endpoint(
        "GET",
        _RULES,
        listing,
        Limits(app=450),
        app=True,
        parameters=frozenset({"ids", "max_results", "pagination_token"}),
    ),
    Endpoint(
        "POST",
        _RULES,
        change,
        Limits(app=100),
        app=True,
        parameters=frozenset({"dry_run", "delete_all"}),
    ),
    Endpoint(
        "GET",
        f"{_RULES}/counts",
        counts,
        Limits(),
        app=True,
        parameters=frozenset({"rules_count.fields"}),
    ),
)
