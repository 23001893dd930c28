"""What an open stream says of something that happened: the bodies of its lines."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from x_simulator import envelopes
from x_simulator.happenings import ON_REVOKE
from x_simulator.past import Happened

if TYPE_CHECKING:
    from x_simulator.world import World


def activity(world: "World", happened: Happened) -> Iterator[Any]:
    """The bodies of deliveries: one for each subscription, whether or not a webhook gets it too."""
    event = happened.event
    addressed = [("", "")] if event.event_type == ON_REVOKE else _subscribed(world, happened)
    for tag, direction in addressed:
        body = envelopes.envelope(world, event, tag=tag, direction=direction, at_ms=happened.at_ms)
        if body is not None:
            yield body


def _subscribed(world: "World", happened: Happened) -> list[tuple[str, str]]:
    event = happened.event
    found = world.subscriptions.to(event.event_type, event.user_id)
    return [(one.tag, one.direction) for one in found]
