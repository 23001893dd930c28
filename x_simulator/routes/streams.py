"""Opening streams."""

from functools import partial

from x_simulator import clock, errors
from x_simulator.api import Call, Endpoint
from x_simulator.quotas import Limits
from x_simulator.routes.posts import FIELDS
from x_simulator.streams import telling
from x_simulator.streams.answers import Lines
from x_simulator.streams.past import KEPT_MS
from x_simulator.streams.stream import Tell
from x_simulator.streams.streams import ACTIVITY, FILTERED, Span

SPAN = frozenset({"backfill_minutes", "start_time", "end_time"})
MOST_BACKFILL_MINUTES = 5


async def activity(call: Call) -> Lines:
    return _opened(call, ACTIVITY, partial(telling.activity, call.world))


async def filtered(call: Call) -> Lines:
    """In the vocabulary of tweets alone."""
    if not call.world.rules.count():
        raise errors.no_rules()
    return _opened(call, FILTERED, partial(telling.posts, call.world, call.fields))


def _opened(call: Call, endpoint: str, tell: Tell) -> Lines:
    streams, span = call.world.streams, _span(call)
    if streams.is_full(endpoint):
        raise errors.too_many_connections()
    return Lines(streams, partial(streams.open, endpoint, call.address, tell, span))


def _span(call: Call) -> Span | None:
    """What is to be repeated: the latest minutes before news, or a given time and no news."""
    now = clock.now_ms()
    minutes = call.number("backfill_minutes", 0, MOST_BACKFILL_MINUTES, 0)
    since, until = call.moment_ms("start_time"), call.moment_ms("end_time")
    if since is None and until is None:
        return Span(now - minutes * clock.MINUTE_MS, now, goes_on=True) if minutes else None
    oldest = now - KEPT_MS
    return Span(oldest if since is None else since, now if until is None else until, goes_on=False)


ENDPOINTS = (
    Endpoint("GET", "/2/activity/stream", activity, Limits(app=450), app=True, parameters=SPAN),
    Endpoint(
        "GET",
        "/2/tweets/search/stream",
        filtered,
        Limits(app=50),
        app=True,
        parameters=SPAN | (FIELDS - {"post.fields"}),
    ),
)
