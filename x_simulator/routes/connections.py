"""The app's own streams: those that are open, those that were, and ending them."""

from collections.abc import Sequence
from typing import Any, get_args

from x_simulator import errors
from x_simulator.api import Answer, Call, Endpoint, checked_body
from x_simulator.fields import chosen
from x_simulator.quotas import Limits
from x_simulator.streams.connections import Status
from x_simulator.streams.stream import Stream

# Of X's document, which has no name for the stream of activities.
STREAMS = (
    *("filtered_stream", "sample_stream", "sample10_stream", "firehose_stream"),
    *("tweets_compliance_stream", "users_compliance_stream", "tweet_label_stream"),
    *("firehose_stream_lang_en", "firehose_stream_lang_ja", "firehose_stream_lang_ko"),
    *("firehose_stream_lang_pt", "likes_firehose_stream", "likes_sample10_stream"),
    "likes_compliance_stream",
)
STATUSES: tuple[Status, ...] = get_args(Status)
MOST_AT_ONCE = 100
BY_REQUEST = "ForceDisconnect"


async def listing(call: Call) -> Answer:
    status = call.choice("status", STATUSES, "active")
    endpoints = call.query_choices("endpoints", STREAMS)
    page = call.world.streams.connections.page(call.window(1, 100, 10), status, endpoints)
    wanted = frozenset({"id", *call.query.get("connection.fields", "").split(",")})
    meta: dict[str, Any] = {"result_count": len(page.items)}
    if page.next_token:
        meta["next_token"] = page.next_token
    told = [chosen(one.body(), wanted) for one in page.items]
    return Answer({"data": told, "meta": meta} if told else {"meta": meta})


async def end_several(call: Call) -> Answer:
    """By the ids of the list. What is not open cannot be ended."""
    asked = checked_body(call, {"uuids": list}, required=("uuids",))["uuids"]
    if not all(isinstance(uuid, str) for uuid in asked):
        raise errors.invalid("$.uuids: has the wrong type")
    if not 1 <= len(asked) <= MOST_AT_ONCE:
        raise errors.invalid(f"$.uuids: is not between 1 and {MOST_AT_ONCE}")
    named = list(dict.fromkeys(asked))
    found = [one for one in call.world.streams.now_open() if one.connection.uuid in named]
    known = {one.connection.uuid for one in found}
    return _ended(call, found, [uuid for uuid in named if uuid not in known])


async def end_all(call: Call) -> Answer:
    return _ended(call, call.world.streams.now_open())


async def end_of_endpoint(call: Call) -> Answer:
    endpoint = call.path["endpoint_id"]
    if endpoint not in STREAMS:
        raise errors.invalid_query("endpoint_id", endpoint, f"is not one of [{','.join(STREAMS)}]")
    return _ended(call, call.world.streams.now_open(endpoint))


def _ended(call: Call, streams: Sequence[Stream], unknown: Sequence[str] = ()) -> Answer:
    for stream in streams:
        call.world.streams.end(stream, BY_REQUEST)
    results: list[dict[str, Any]] = [
        {"uuid": one.connection.uuid, "success": True} for one in streams
    ]
    results += [
        {"uuid": uuid, "success": False, "error_message": "No such connection is open."}
        for uuid in unknown
    ]
    told = {"successful_kills": len(streams), "failed_kills": len(unknown)}
    return Answer({"data": told | {"results": results} if results else told})


LISTED = frozenset({"status", "endpoints", "max_results", "pagination_token", "connection.fields"})
_UNTOLD = Limits()
ENDPOINTS = (
    Endpoint("GET", "/2/connections", listing, _UNTOLD, app=True, parameters=LISTED),
    Endpoint("DELETE", "/2/connections", end_several, _UNTOLD, app=True),
    Endpoint("DELETE", "/2/connections/all", end_all, Limits(app=25), app=True),
    Endpoint("DELETE", "/2/connections/{endpoint_id}", end_of_endpoint, _UNTOLD, app=True),
)
