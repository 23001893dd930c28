"""What an open stream says of something that happened: the bodies of its lines."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from x_simulator import envelopes, wire
from x_simulator.fields import Fields
from x_simulator.happenings import IN_PUBLIC, ON_REVOKE
from x_simulator.streams.past import Happened

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


def posts(world: "World", fields: Fields, happened: Happened) -> Iterator[Any]:
    """A post that some rule lets through, with the fields that were asked for."""
    post_id = happened.event.subject_id
    if happened.event.event_type != IN_PUBLIC:
        return
    rules, post = world.rules.letting_through(post_id), world.posts.get(post_id)
    if post is None or not rules:
        return
    told = wire.post_answer(world, [post], fields, viewer_id=None)
    matching = [{"id": str(rule.id), "tag": rule.tag} for rule in rules]
    yield {**told, "data": told["data"][0], "matching_rules": matching}


def _subscribed(world: "World", happened: Happened) -> list[tuple[str, str]]:
    event = happened.event
    found = world.subscriptions.to(event.event_type, event.user_id)
    return [(one.tag, one.direction) for one in found]
