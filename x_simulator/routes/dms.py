"""Reading and sending direct messages."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from x_simulator import deeds, dm_events, errors, gathering, ids
from x_simulator.api import Answer, Call, Endpoint, checked, checked_body
from x_simulator.composing import Told
from x_simulator.groups import MOST_INVITED
from x_simulator.media import Medium
from x_simulator.messages import DirectMessage, conversation_of
from x_simulator.people import Person
from x_simulator.quotas import Limits

READ = frozenset({"dm.read", "tweet.read", "users.read"})
WRITE = frozenset({"dm.write", "tweet.read", "users.read"})
ONE_TO_ONE = re.compile(r"([0-9]{1,19})-([0-9]{1,19})")
CONVERSATION = re.compile(r"[0-9]{1,19}-[0-9]{1,19}|[0-9]{15,19}")
EVENT_TYPES = ("MessageCreate", "ParticipantsJoin", "ParticipantsLeave")
FIELDS = frozenset(
    {
        "dm_event.fields",
        "expansions",
        "user.fields",
        "tweet.fields",
        "post.fields",
        "media.fields",
    }
)
LISTING = FIELDS | {"max_results", "pagination_token", "event_types"}


async def events(call: Call) -> Answer:
    return _listing(call, None)


async def events_with(call: Call) -> Answer:
    return _listing(call, conversation_of(call.caller.viewer, call.path_id("participant_id")))


async def events_of(call: Call) -> Answer:
    return _listing(call, _own_conversation(call))


def _listing(call: Call, conversation_id: str | None) -> Answer:
    window = call.window(1, 100, 100)
    page = call.world.messages.page(
        call.caller.viewer,
        window,
        conversation_id=conversation_id,
        event_types=call.query_choices("event_types", EVENT_TYPES),
    )
    meta: dict[str, Any] = {"result_count": len(page.items)}
    tokens = (("next_token", page.next_token), ("previous_token", page.previous_token))
    meta |= {name: token for name, token in tokens if token}
    body = dm_events.dm_answer(call.world, page.items, call.fields, call.caller.viewer)
    return Answer(call.fields.answer({**body, "meta": meta}))


async def event(call: Call) -> Answer:
    dm_id = call.path_id("event_id")
    message = call.world.messages.seen_by(call.caller.viewer, dm_id)
    if message is None:
        return Answer({"errors": [errors.missing("dm_event", str(dm_id), "event_id")]})
    body = dm_events.dm_answer(call.world, [message], call.fields, call.caller.viewer)
    return Answer(call.fields.answer({**body, "data": body["data"][0]}))


async def delete_event(call: Call) -> Answer:
    """From one's own view, and one's own messages only."""
    dm_id = call.path_id("event_id")
    message = call.world.messages.seen_by(call.caller.viewer, dm_id)
    own = message is not None and message.sender_id == call.caller.viewer
    if message is None or not own or message.event_type != "MessageCreate":
        raise errors.forbidden("You can only delete your own DM events.")
    call.world.messages.remove_for(call.caller.viewer, dm_id)
    call.world.feed.changed()
    return Answer({"data": {"deleted": True}})


async def send_with(call: Call) -> Answer:
    return _send(call, call.path_id("participant_id"))


async def send_in(call: Call) -> Answer:
    conversation_id = _own_conversation(call)
    group_id = ids.parse(conversation_id)
    if group_id is None:
        one, other = _participants(conversation_id)
        return _send(call, other if one == call.caller.viewer else one)
    told, sender = _told(call, call.body), _sender(call)
    with _refusals():
        return _sent(
            gathering.write(call.world, told, sender=sender, group_id=group_id, source="api")
        )


async def open_group(call: Call) -> Answer:
    """With its first message."""
    allowed = {"conversation_type": str, "participant_ids": list, "message": dict}
    body = checked_body(call, allowed, tuple(allowed))
    if body["conversation_type"] != "Group":
        raise errors.invalid("$.conversation_type: is not one of [Group]")
    invited = _invited(call, body["participant_ids"])
    told, creator = _told(call, body["message"]), _sender(call)
    with _refusals():
        return _sent(
            gathering.open_group(call.world, told, creator=creator, invited=invited, source="api")
        )


def _invited(call: Call, given: list[Any]) -> list[Person]:
    """X says no more of somebody who isn't there than of somebody who doesn't want."""
    named = [ids.parse(one) if isinstance(one, str) else None for one in given]
    if not 2 <= len(named) <= MOST_INVITED or None in named:
        raise errors.invalid("$.participant_ids: is not valid")
    wanted = {one for one in named if one is not None} - {call.caller.viewer}
    found = call.world.people.by_ids(wanted)
    if found.keys() != wanted:
        raise errors.forbidden(deeds.NO_PERMISSION)
    return list(found.values())


def _own_conversation(call: Call) -> str:
    """X's id of a conversation that the caller is in."""
    given = call.path["id"]
    if not CONVERSATION.fullmatch(given):
        rule = "does not match ^([0-9]{1,19}-[0-9]{1,19}|[0-9]{15,19})$"
        raise errors.invalid_query("id", given, rule)
    group_id = ids.parse(given)
    members = call.world.groups.members(group_id) if group_id else _participants(given)
    if call.caller.viewer not in members:
        raise errors.forbidden()
    return given if group_id else conversation_of(*_participants(given))


def _participants(conversation_id: str) -> tuple[int, int]:
    match = ONE_TO_ONE.fullmatch(conversation_id)
    one, other = (ids.parse(part) for part in match.groups()) if match else (None, None)
    return (one or 0, other or 0)


def _send(call: Call, recipient_id: int) -> Answer:
    told, sender = _told(call, call.body), _sender(call)
    recipient = call.world.people.get(recipient_id)
    if recipient is None:
        raise errors.forbidden(deeds.NO_PERMISSION)
    with _refusals():
        return _sent(
            deeds.send_message(call.world, told, sender=sender, recipient=recipient, source="api")
        )


def _told(call: Call, body: Any) -> Told:
    """What a message is to say."""
    said = checked(body, {"text": str, "attachments": list})
    if not said.get("text") and not said.get("attachments"):
        raise errors.invalid("$: required fields missing: one of text, attachments")
    return Told(said.get("text", ""), media=_attached(call, said.get("attachments", [])))


def _sender(call: Call) -> Person:
    sender = call.world.people.get(call.caller.viewer)
    if sender is None:
        raise errors.unauthorized()
    return sender


@contextmanager
def _refusals() -> Iterator[None]:
    """What X does not let happen, as its API says it."""
    try:
        yield
    except deeds.MessageTooLong as error:
        raise errors.invalid(f"$.text: {error}") from error
    except deeds.NotAllowed as error:
        raise errors.forbidden(str(error)) from error


def _sent(message: DirectMessage) -> Answer:
    sent = {"dm_conversation_id": message.conversation_id, "dm_event_id": str(message.id)}
    return Answer({"data": sent}, status=201)


def _attached(call: Call, given: list[Any]) -> tuple[Medium, ...]:
    """At most one, uploaded for a message by the very person who sends it."""
    if not given:
        return ()
    if len(given) > 1 or not isinstance(given[0], dict) or given[0].keys() != {"media_id"}:
        raise errors.invalid("$.attachments: is not valid")
    medium = call.world.media.get(ids.parse(str(given[0]["media_id"])) or 0)
    if medium is None or not medium.may_be_attached_by(call.caller.viewer, "dm"):
        raise errors.forbidden("You are not permitted to attach this media to a DM event.")
    return (medium,)


_GET = Limits(user=15)
# The three ways to send share one bucket, as the counts of recorded answers show.
_POST = Limits(user=15, user_day=1_440, app_day=1_440)
SEND = "POST dm"
ENDPOINTS = (
    Endpoint("GET", "/2/dm_events", events, _GET, READ, parameters=LISTING),
    Endpoint("GET", "/2/dm_events/{event_id}", event, _GET, READ, parameters=FIELDS),
    Endpoint(
        "DELETE",
        "/2/dm_events/{event_id}",
        delete_event,
        Limits(user=300, user_day=1_500, app_day=4_000),
        frozenset({"dm.read", "dm.write"}),
    ),
    Endpoint(
        "GET",
        "/2/dm_conversations/with/{participant_id}/dm_events",
        events_with,
        _GET,
        READ,
        parameters=LISTING,
    ),
    Endpoint(
        "GET", "/2/dm_conversations/{id}/dm_events", events_of, _GET, READ, parameters=LISTING
    ),
    Endpoint(
        "POST",
        "/2/dm_conversations/with/{participant_id}/messages",
        send_with,
        _POST,
        WRITE,
        bucket=SEND,
    ),
    Endpoint("POST", "/2/dm_conversations/{id}/messages", send_in, _POST, WRITE, bucket=SEND),
    Endpoint("POST", "/2/dm_conversations", open_group, _POST, WRITE, bucket=SEND),
)
