"""Activity subscriptions: shapes, who may, and what is refused."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.simulator.program import Json, Program

PATH = "/2/activity/subscriptions"


@pytest.fixture(autouse=True)
def _nobody_else_is_subscribed(program: Program) -> None:
    """Here they are counted, and the app has those of all tests."""
    while held := program.get(PATH, program.bearer(), max_results=100).get("data"):
        ids = ",".join(one["subscription_id"] for one in held)
        assert program.call("DELETE", f"{PATH}?ids={ids}", program.bearer()).is_success


def create(program: Program, token: str, brand: Json, **body: Any) -> httpx.Response:
    asked = {"event_type": "dm.received", "filter": {"user_id": brand["id"]}, **body}
    return program.call("POST", PATH, token, json=asked)


def test_it_answers_in_the_nested_shape(program: Program, webhook: str) -> None:
    brand = program.brand()
    told = program.subscribe(brand, "dm.received", webhook, tag="acct:17")
    subscription = told["data"]["subscription"]
    assert subscription["created_at"] == subscription["updated_at"]
    assert subscription == {
        "subscription_id": subscription["subscription_id"],
        "event_type": "dm.received",
        "filter": {"user_id": brand["id"]},
        "tag": "acct:17",
        "webhook_id": webhook,
        "created_at": subscription["created_at"],
        "updated_at": subscription["updated_at"],
    }
    assert told["data"]["total_subscriptions_for_instance_id"] == 1
    assert told["meta"] == {"total_subscriptions": 1}


def test_the_list_is_app_wide_and_pages(program: Program, webhook: str) -> None:
    one, other = program.brand(), program.brand()
    for brand in (one, other):
        for event_type in ("dm.received", "dm.sent"):
            program.subscribe(brand, event_type, webhook)
    first = program.get(PATH, program.bearer(), max_results=3)
    assert (len(first["data"]), first["meta"]["total_subscriptions"]) == (3, 4)
    token = first["meta"]["next_token"]
    rest = program.get(PATH, program.bearer(), max_results=3, pagination_token=token)
    assert (len(rest["data"]), "next_token" in rest["meta"]) == (1, False)
    assert len(program.get(PATH, one["token"])["data"]) == 2


def test_tag_and_webhook_can_be_changed(program: Program, webhook: str) -> None:
    brand, bearer = program.brand(), program.bearer()
    created = create(program, brand["token"], brand).json()["data"]["subscription"]
    assert "webhook_id" not in created
    path = f"{PATH}/{created['subscription_id']}"
    changed = {"tag": "new", "webhook_id": webhook}
    told = program.call("PUT", path, bearer, json=changed).json()["data"]["subscription"]
    assert (told["tag"], told["webhook_id"]) == ("new", webhook)
    assert program.call("PUT", path, bearer, json={"event_type": "x"}).status_code == 400
    assert program.call("DELETE", path, bearer).json()["data"] == {"deleted": True}
    assert program.call("DELETE", path, bearer).status_code == 404


def test_several_can_be_deleted_at_once(program: Program, webhook: str) -> None:
    brand, bearer = program.brand(), program.bearer()
    ids = [
        program.subscribe(brand, event, webhook)["data"]["subscription"]["subscription_id"]
        for event in ("dm.received", "dm.sent", "post.create")
    ]
    answer = program.call("DELETE", f"{PATH}?ids={ids[0]},{ids[2]},999", bearer).json()
    assert answer["data"] == [{"deleted": True, "subscription_id": i} for i in (ids[0], ids[2])]
    assert [lost["subscription_id"] for lost in answer["errors"]] == ["999"]
    assert answer["meta"] == {"total_subscriptions": 1}


def test_private_events_need_the_persons_own_token(program: Program, webhook: str) -> None:
    brand, other = program.brand(), program.brand()
    by_app = create(program, program.bearer(), brand)
    assert by_app.status_code == 403
    assert by_app.json()["type"].endswith("unsupported-authentication")
    assert create(program, other["token"], brand).status_code == 403
    no_dms = program.token(brand, "tweet.read users.read")
    assert create(program, no_dms, brand).status_code == 403
    public = create(program, program.bearer(), brand, event_type="post.create")
    assert public.status_code == 200


def test_one_subscription_per_person_and_event(program: Program, webhook: str) -> None:
    brand = program.brand()
    program.subscribe(brand, "dm.received", webhook)
    again = create(program, brand["token"], brand, webhook_id=webhook)
    assert again.status_code == 400
    assert "DuplicateSubscriptionFailed" in again.json()["errors"][0]["message"]


def test_fifteen_hundred_subscriptions_are_the_limit(program: Program, webhook: str) -> None:
    """Of all handles together."""
    brand, held = program.brand(), len(program.get(PATH, program.bearer()).get("data", []))
    program.pretend(
        "WITH RECURSIVE some (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM some WHERE n < ?)"
        " INSERT INTO subscriptions (id, event_type, user_id, webhook_id, created_ms, updated_ms)"
        " SELECT n, 'dm.read', n, 1, 0, 0 FROM some",
        (1_499 - held,),
    )
    assert create(program, brand["token"], brand).status_code == 200
    refused = create(program, brand["token"], brand, event_type="dm.sent")
    program.pretend("DELETE FROM subscriptions WHERE webhook_id = 1")
    assert refused.status_code == 403
    assert "SubscriptionLimitExceeded" in refused.json()["detail"]
    assert create(program, brand["token"], brand, event_type="dm.sent").status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {"event_type": "DMReceived"},
        {"filter": {}},
        {"filter": {"user_id": "x"}},
        {"filter": {"user_id": "1", "colour": "red"}},
        {"tag": ""},
        {"tag": "x" * 201},
        {"webhook_id": "123"},
        {"purpose": "none"},
    ],
)
def test_it_refuses_a_bad_body(program: Program, webhook: str, body: Json) -> None:
    brand = program.brand()
    assert create(program, brand["token"], brand, **body).status_code == 400
