"""Registering the address that deliveries go to."""

from x_simulator import errors, ids
from x_simulator.api import Answer, Call, Endpoint, checked_body
from x_simulator.quotas import Limits
from x_simulator.webhooks import Webhook, WebhookRefused


async def create(call: Call) -> Answer:
    body = checked_body(call, {"url": str}, required=("url",))
    try:
        webhook = await call.world.webhooks.register(body["url"])
    except WebhookRefused as error:
        raise errors.invalid(str(error)) from error
    return Answer({"data": webhook.body()})


async def listing(call: Call) -> Answer:
    """`data` is there even when it is empty: so X's documents show it."""
    webhooks = [webhook.body() for webhook in call.world.webhooks.all()]
    return Answer({"data": webhooks, "meta": {"result_count": len(webhooks)}})


async def validate(call: Call) -> Answer:
    try:
        await call.world.webhooks.recheck(_known(call))
    except WebhookRefused as error:
        raise errors.invalid(str(error)) from error
    return Answer({"data": {"valid": True}})


async def delete(call: Call) -> Answer:
    call.world.webhooks.remove(_known(call))
    return Answer({"data": {"deleted": True}})


def _known(call: Call) -> Webhook:
    given = call.path["webhook_id"]
    webhook = call.world.webhooks.get(ids.parse(given) or 0)
    if webhook is None:
        raise errors.invalid(f"WebhookIdInvalid: no webhook with id [{given}]", webhook_id=given)
    return webhook


_LIMITS = Limits(app=450)
ENDPOINTS = (
    Endpoint("POST", "/2/webhooks", create, _LIMITS, app=True),
    Endpoint(
        "GET",
        "/2/webhooks",
        listing,
        _LIMITS,
        app=True,
        parameters=frozenset({"webhook_config.fields"}),
    ),
    Endpoint("PUT", "/2/webhooks/{webhook_id}", validate, _LIMITS, app=True),
    Endpoint("DELETE", "/2/webhooks/{webhook_id}", delete, _LIMITS, app=True),
)
