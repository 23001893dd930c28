"""Rules of the filtered stream: added, listed, counted and deleted; what X says of bad ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.simulator.program import Json, Program

PATH = "/2/tweets/search/stream/rules"
PROBLEMS = "https://api.x.com/2/problems/"


@pytest.fixture(autouse=True)
def no_rules(program: Program, no_quotas: None) -> Iterator[None]:
    yield
    assert program.call("POST", PATH, program.bearer(), params=ALL, json={}).is_success


ALL = {"delete_all": "true"}


def changed(program: Program, body: Json, **params: str) -> httpx.Response:
    return program.call("POST", PATH, program.bearer(), params=params, json=body)


def added(program: Program, *values: str, **params: str) -> Json:
    rules = [{"value": value} for value in values]
    answer = changed(program, {"add": rules}, **params)
    assert answer.status_code == 200, answer.text
    told: Json = answer.json()
    return told


def values(program: Program, **params: Any) -> list[str]:
    told = program.get(PATH, program.bearer(), **params)
    return [rule["value"] for rule in told.get("data", [])]


def test_they_are_added_with_their_tags_and_listed(program: Program) -> None:
    rules = [{"value": "acme -is:retweet", "tag": "acme"}, {"value": "globex"}]
    told = changed(program, {"add": rules}).json()
    assert told["meta"]["summary"] == {"created": 2, "not_created": 0, "valid": 2, "invalid": 0}
    one, other = told["data"]
    assert one == {"id": one["id"], "value": "acme -is:retweet", "tag": "acme"}
    assert other == {"id": other["id"], "value": "globex"}
    listed = program.get(PATH, program.bearer())
    assert listed == {"data": [other, one], "meta": {"result_count": 2}}
    assert values(program, ids=one["id"]) == ["acme -is:retweet"]


def test_the_list_comes_in_pages(program: Program) -> None:
    added(program, "one", "two", "three")
    first = program.get(PATH, program.bearer(), max_results=2)
    token = first["meta"]["next_token"]
    assert values(program, max_results=2, pagination_token=token) == ["one"]


def test_none_are_an_empty_list(program: Program) -> None:
    assert program.get(PATH, program.bearer()) == {"meta": {"result_count": 0}}


def test_a_dry_run_changes_nothing(program: Program) -> None:
    told = added(program, "acme", "-acme", dry_run="true")
    assert told["meta"]["summary"] == {"created": 1, "not_created": 1, "valid": 1, "invalid": 1}
    assert values(program) == []
    added(program, "acme")
    told = changed(program, {"delete": {"values": ["acme"]}}, dry_run="true").json()
    assert told["meta"]["summary"] == {"deleted": 1, "not_deleted": 0}
    assert values(program) == ["acme"]


def test_a_bad_one_is_named_and_the_others_hold(program: Program) -> None:
    told = added(program, "acme", "has:media", "globex")
    assert [rule["value"] for rule in told["data"]] == ["acme", "globex"]
    assert told["meta"]["summary"] == {"created": 2, "not_created": 1, "valid": 2, "invalid": 1}
    assert told["errors"] == [
        {
            "value": "has:media",
            "details": ["is/has/lang cannot be used as a standalone operator (at position 1)"],
            "title": "UnprocessableEntity",
            "type": f"{PROBLEMS}invalid-rules",
        }
    ]


def test_the_same_rule_twice_is_named_with_its_id(program: Program) -> None:
    (first,) = added(program, "acme")["data"]
    told = added(program, "acme", "globex", "globex")
    (second,) = told["data"]
    assert [(error["value"], error["id"]) for error in told["errors"]] == [
        ("acme", first["id"]),
        ("globex", second["id"]),
    ]
    assert {error["title"] for error in told["errors"]} == {"DuplicateRule"}


def test_a_rule_has_1024_characters_at_most(program: Program) -> None:
    told = added(program, "a" * 1_024, "a" * 1_025)
    assert len(told["data"]) == len(told["errors"]) == 1


def test_there_are_a_thousand_at_most(program: Program) -> None:
    assert len(added(program, *(f"word{n}" for n in range(999)))["data"]) == 999
    refused = changed(program, {"add": [{"value": "acme"}, {"value": "globex"}]})
    assert (refused.status_code, refused.json()["type"]) == (400, f"{PROBLEMS}rule-cap")
    assert added(program, "acme", "-globex")["meta"]["summary"]["created"] == 1
    assert len(values(program)) == 1_000


def test_they_are_deleted_by_id_and_by_value(program: Program) -> None:
    rules = added(program, "one", "two", "three", "four")["data"]
    named = {"ids": [rules[0]["id"], rules[1]["id"]], "values": ["two", "three"]}
    told = changed(program, {"delete": named}).json()
    assert told["meta"]["summary"] == {"deleted": 3, "not_deleted": 0}
    assert values(program) == ["four"]


def test_what_is_not_there_is_not_deleted(program: Program) -> None:
    added(program, "acme")
    named = {"ids": ["12"], "values": ["acme", "globex"]}
    told = changed(program, {"delete": named}).json()
    assert told["meta"]["summary"] == {"deleted": 1, "not_deleted": 2}
    assert [error["errors"][0]["message"] for error in told["errors"]] == [
        "Rule does not exist",
        "Rule does not exist",
    ]


def test_all_are_deleted_at_once(program: Program) -> None:
    added(program, "one", "two")
    told = changed(program, {}, delete_all="true").json()
    assert told["meta"]["summary"] == {"deleted": 2, "not_deleted": 0}
    assert values(program) == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"add": [{"value": "acme"}], "delete": {"values": ["globex"]}},
        {"add": {"value": "acme"}},
        {"add": [{"tag": "acme"}]},
        {"add": [{"value": "acme", "colour": "red"}]},
        {"add": [5]},
        {"delete": {}},
        {"delete": {"ids": ["x"]}},
        {"delete": {"values": [5]}},
        {"change": []},
    ],
)
def test_it_refuses_a_bad_body(program: Program, body: Json) -> None:
    assert changed(program, body).status_code == 400


def test_they_are_counted(program: Program) -> None:
    added(program, "one", "two")
    told = program.get(f"{PATH}/counts", program.bearer())["data"]
    own = told["client_app_rules_count"]
    assert (own["rule_count"], told["project_rules_count"]) == (2, "2")
    assert told["cap_per_client_app"] == told["cap_per_project"] == "1000"
    asked = {"rules_count.fields": "all_project_client_apps"}
    whole = program.get(f"{PATH}/counts", program.bearer(), **asked)["data"]
    assert whole["all_project_client_apps"] == [own]
