"""Subscriptions to X's activity events."""

from typing import Any

from x_simulator import clock, errors, ids
from x_simulator.api import Answer, Call, Endpoint, checked_body
from x_simulator.quotas import Limits
from x_simulator.subscriptions import ALIASES, CAP, EVENT_TYPES, Subscription

FILTER = frozenset({"user_id", "direction", "keyword"})
DIRECTIONS = ("inbound", "outbound")


async def create(call: Call) -> Answer:
    body = checked_body(
        call,
        {"event_type": str, "filter": dict, "tag": str, "webhook_id": str},
        required=("event_type", "filter"),
    )
    event_type = ALIASES.get(body["event_type"], body["event_type"])
    if event_type not in EVENT_TYPES:
        raise errors.invalid(f"$.event_type: [{event_type}] is not a known event type")
    user_id, direction = _filter(body["filter"])
    _check_person(call, event_type, user_id)
    now = clock.now_ms()
    subscription = Subscription(
        id=call.world.minter.mint(),
        event_type=event_type,
        user_id=user_id,
        direction=direction,
        tag=_tag(body) or "",
        webhook_id=_webhook(call, body),
        created_ms=now,
        updated_ms=now,
    )
    if call.world.subscriptions.count() >= CAP:
        raise errors.forbidden(f"SubscriptionLimitExceeded: at most {CAP} subscriptions")
    if not call.world.subscriptions.add(subscription):
        raise errors.invalid(
            "DuplicateSubscriptionFailed: a subscription for this event type and filter exists"
        )
    return _one(call, subscription)


def _filter(given: dict[str, Any]) -> tuple[int, str]:
    if not given.keys() <= FILTER:
        raise errors.invalid("$.filter: has a key that is not one of [user_id,direction,keyword]")
    user_id = ids.parse(str(given.get("user_id", "")))
    if user_id is None:
        raise errors.invalid("$.filter.user_id: is missing or is not a user id")
    direction = given.get("direction", "")
    if direction not in ("", *DIRECTIONS):
        raise errors.invalid(f"$.filter.direction: is not one of [{','.join(DIRECTIONS)}]")
    return user_id, direction


def _check_person(call: Call, event_type: str, user_id: int) -> None:
    """Private events need the token of the very person, with the event's scope."""
    if call.world.people.get(user_id) is None:
        raise errors.invalid(f"$.filter.user_id: no user with id [{user_id}]")
    scope = EVENT_TYPES[event_type]
    if scope is None:
        return
    if call.caller.kind == "app":
        raise errors.unsupported_authentication(
            "OAuth 2.0 Application-Only", ("OAuth 1.0a User Context", "OAuth 2.0 User Context")
        )
    if call.caller.viewer != user_id or scope not in call.caller.scopes:
        raise errors.forbidden("You are not permitted to subscribe to this user's events.")


def _tag(body: dict[str, Any]) -> str | None:
    tag: str | None = body.get("tag")
    if tag is not None and not 1 <= len(tag) <= 200:
        raise errors.invalid("$.tag: must be 1 to 200 characters long")
    return tag


def _webhook(call: Call, body: dict[str, Any]) -> int | None:
    if "webhook_id" not in body:
        return None
    webhook_id = ids.parse(body["webhook_id"])
    if webhook_id is None or call.world.webhooks.get(webhook_id) is None:
        raise errors.invalid(f"WebhookIdInvalid: no webhook with id [{body['webhook_id']}]")
    return webhook_id


def _one(call: Call, subscription: Subscription) -> Answer:
    """The nested shape that was seen live."""
    total = _total(call)
    told = {"subscription": subscription.body(), "total_subscriptions_for_instance_id": total}
    return Answer({"data": told, "meta": {"total_subscriptions": total}})


async def listing(call: Call) -> Answer:
    """App-wide for the app's bearer; a person's own for a user token."""
    page = call.world.subscriptions.page(call.window(1, 1000, 1000), call.viewer_id)
    meta: dict[str, Any] = {
        "result_count": len(page.items),
        "total_subscriptions": call.world.subscriptions.count(),
    }
    if page.next_token:
        meta["next_token"] = page.next_token
    return Answer({"data": [one.body() for one in page.items], "meta": meta})


async def update(call: Call) -> Answer:
    subscription = _known(call)
    body = checked_body(call, {"tag": str, "webhook_id": str})
    call.world.subscriptions.update(
        subscription.id, tag=_tag(body), webhook_id=_webhook(call, body)
    )
    told = {"subscription": _known(call).body(), "total_subscriptions": _total(call)}
    return Answer({"data": told})


async def delete(call: Call) -> Answer:
    call.world.subscriptions.remove([_known(call).id])
    return Answer({"data": {"deleted": True}, "meta": {"total_subscriptions": _total(call)}})


async def delete_several(call: Call) -> Answer:
    """Goes on when one of them is not there, and says which."""
    asked = list(dict.fromkeys(call.query_ids("ids")))
    known = [one for one in asked if call.world.subscriptions.get(one) is not None]
    call.world.subscriptions.remove(known)
    body: dict[str, Any] = {"data": [{"deleted": True, "subscription_id": str(i)} for i in known]}
    if lost := [_lost(one) for one in asked if one not in known]:
        body["errors"] = lost
    return Answer({**body, "meta": {"total_subscriptions": _total(call)}})


def _lost(subscription_id: int) -> dict[str, str]:
    return {
        "subscription_id": str(subscription_id),
        "reason": "SubscriptionNotFound",
        "message": f"Could not find subscription with id: [{subscription_id}].",
    }


def _total(call: Call) -> int:
    return call.world.subscriptions.count()


def _known(call: Call) -> Subscription:
    subscription_id = call.path_id("subscription_id")
    subscription = call.world.subscriptions.get(subscription_id)
    if subscription is None:
        raise errors.not_found()
    return subscription


_LIMITS = Limits(user=500, app=500)
_ONE = "/2/activity/subscriptions/{subscription_id}"
ENDPOINTS = (
    Endpoint("POST", "/2/activity/subscriptions", create, _LIMITS, frozenset(), app=True),
    Endpoint(
        "GET",
        "/2/activity/subscriptions",
        listing,
        _LIMITS,
        frozenset({"tweet.read"}),
        app=True,
        parameters=frozenset({"max_results", "pagination_token"}),
    ),
    Endpoint(
        "DELETE",
        "/2/activity/subscriptions",
        delete_several,
        _LIMITS,
        app=True,
        parameters=frozenset({"ids"}),
    ),
    Endpoint("PUT", _ONE, update, _LIMITS, app=True),
    Endpoint("DELETE", _ONE, delete, _LIMITS, app=True),
)
