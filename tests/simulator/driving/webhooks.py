"""Cases of webhooks and of what is subscribed to; a webhook is there from the first to the last."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.simulator.driving.cases import drives
from tests.simulator.driving.stage import NOBODY, Stage
from tests.simulator.program import Json


@drives("POST /2/webhooks", "GET /2/webhooks")
def webhooks(stage: Stage) -> None:
    stage.call("GET", "/2/webhooks", stage.bearer)
    hook = {"url": stage.receiver.url}
    for url in ("nonsense", "http://example.com/", "https://example.com/" + "x" * 200):
        stage.refused(400, "POST", "/2/webhooks", token=stage.bearer, json={"url": url})
    stage.refused(400, "POST", "/2/webhooks", token=stage.bearer, json={})
    nobody = {"url": "http://127.0.0.1:9/"}
    stage.refused(400, "POST", "/2/webhooks", token=stage.bearer, json=nobody)
    made = stage.call("POST", "/2/webhooks", stage.bearer, json=hook)
    stage.webhook_id = made.json()["data"]["id"]
    stage.refused(400, "POST", "/2/webhooks", token=stage.bearer, json=hook)
    other = {"url": f"{stage.receiver.url}/other"}
    stage.refused(400, "POST", "/2/webhooks", token=stage.bearer, json=other)
    assert len(stage.call("GET", "/2/webhooks", stage.bearer).json()["data"]) == 1


@drives(
    "POST /2/activity/subscriptions",
    "GET /2/activity/subscriptions",
    "PUT /2/activity/subscriptions/{subscription_id}",
    "DELETE /2/activity/subscriptions/{subscription_id}",
    "DELETE /2/activity/subscriptions",
)
def subscriptions(stage: Stage) -> None:
    path, brand_id = "/2/activity/subscriptions", stage.brand["id"]
    own = {"user_id": brand_id}
    body = {"event_type": "dm.received", "filter": own, "tag": "a", "webhook_id": stage.webhook_id}
    first = stage.made(path, body)["subscription"]["subscription_id"]
    second = stage.made(path, {"event_type": "post.create", "filter": own})["subscription"]
    wrong: tuple[Json, ...] = (
        {},
        body,
        {"event_type": "wave", "filter": own},
        {"event_type": "dm.sent", "filter": {}},
        {"event_type": "dm.sent", "filter": {"user_id": NOBODY}},
        {"event_type": "dm.sent", "filter": {**own, "mood": "b"}},
        {"event_type": "dm.sent", "filter": {**own, "direction": "up"}},
        {"event_type": "dm.sent", "filter": own, "tag": ""},
        {"event_type": "dm.sent", "filter": own, "webhook_id": NOBODY},
    )
    for bad in wrong:
        stage.refused(400, "POST", path, json=bad)
    other = {"event_type": "dm.sent", "filter": {"user_id": stage.customer["id"]}}
    stage.refused(403, "POST", path, json=other)
    stage.refused(403, "POST", path, token=stage.bearer, json=body)
    for token in (stage.token, stage.bearer):
        stage.call("GET", f"{path}?max_results=1", token)
    changed = stage.call("PUT", f"{path}/{first}", stage.bearer, json={"tag": "b"})
    assert changed.json()["data"]["subscription"]["tag"] == "b"
    stage.refused(404, "PUT", f"{path}/{NOBODY}", token=stage.bearer, json={"tag": "b"})
    stage.refused(400, "DELETE", f"{path}/x", token=stage.bearer)
    stage.call("DELETE", f"{path}/{first}", stage.bearer)
    several = f"{path}?ids={second['subscription_id']},{NOBODY}"
    assert stage.call("DELETE", several, stage.bearer).status_code == 200


@drives("POST /2/webhooks/replay")
def replay(stage: Stage) -> None:
    path, now = "/2/webhooks/replay", datetime.now(UTC)
    hour_ago, tomorrow = minute(now - timedelta(hours=1)), minute(now + timedelta(days=1))
    span = {"webhook_id": stage.webhook_id, "from_date": hour_ago, "to_date": minute(now)}
    wrong: tuple[Json, ...] = (
        {"from_date": minute(now - timedelta(hours=25))},
        {"from_date": minute(now), "to_date": hour_ago},
        {"to_date": tomorrow},
        {"from_date": tomorrow, "to_date": tomorrow},
        {"from_date": "yesterday"},
        {"to_date": "202613010000"},
        {"webhook_id": NOBODY},
        {"webhook_id": 5},
    )
    for part in wrong:
        stage.refused(400, "POST", path, token=stage.bearer, json=span | part)
    stage.refused(400, "POST", path, token=stage.bearer, json={"webhook_id": stage.webhook_id})
    stage.refused(403, "POST", path, json=span)
    stage.receiver.crc_status = 503
    stage.refused(400, "POST", path, token=stage.bearer, json=span)
    stage.receiver.crc_status = 200
    stage.program.subscribe({**stage.brand, "token": stage.token}, "dm.received", stage.webhook_id)
    stage.program.dm(stage.customer, stage.brand, "Still there?")
    stage.receiver.wait_for(1)
    stage.receiver.awake.clear()
    assert stage.call("POST", path, stage.bearer, json=span).status_code == 200
    stage.refused(400, "POST", path, token=stage.bearer, json=span)
    stage.receiver.awake.set()


def minute(moment: datetime) -> str:
    """As a replay names it."""
    return f"{moment:%Y%m%d%H%M}"


@drives("PUT /2/webhooks/{webhook_id}", "DELETE /2/webhooks/{webhook_id}")
def webhook(stage: Stage) -> None:
    path = f"/2/webhooks/{stage.webhook_id}"
    assert stage.call("PUT", path, stage.bearer).json() == {"data": {"valid": True}}
    assert stage.call("DELETE", path, stage.bearer).json() == {"data": {"deleted": True}}
    stage.refused(400, "PUT", path, token=stage.bearer)
    stage.refused(400, "DELETE", path, token=stage.bearer)
