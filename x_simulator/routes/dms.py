"""Reading and sending direct messages."""

import re
from typing import Any

from x_simulator import deeds, dm_events, errors, ids
from x_simulator.api import Answer, Call, Endpoint, checked_body
from x_simulator.composing import Told
from x_simulator.media import Medium
from x_simulator.messages import conversation_of
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
    kinds = call.query_choices("event_types", EVENT_TYPES)
    if kinds and "MessageCreate" not in kinds:
        return Answer({"meta": {"result_count": 0}})
    page = call.world.messages.page(call.caller.viewer, window, conversation_id=conversation_id)
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
    if message is None or message.sender_id != call.caller.viewer:
        raise errors.forbidden("You can only delete your own DM events.")
    call.world.messages.remove_for(call.caller.viewer, dm_id)
    call.world.feed.changed()
    return Answer({"data": {"deleted": True}})


async def send_with(call: Call) -> Answer:
    return _send(call, call.path_id("participant_id"))


async def send_in(call: Call) -> Answer:
    one, other = _participants(_own_conversation(call))
    return _send(call, other if one == call.caller.viewer else one)


def _own_conversation(call: Call) -> str:
    """X's id of a one-to-one conversation that the caller is in."""
    given = call.path["id"]
    if not CONVERSATION.fullmatch(given):
        rule = "does not match ^([0-9]{1,19}-[0-9]{1,19}|[0-9]{15,19})$"
        raise errors.invalid_query("id", given, rule)
    if call.caller.viewer not in _participants(given):
        raise errors.forbidden()
    return conversation_of(*_participants(given))


def _participants(conversation_id: str) -> tuple[int, int]:
    match = ONE_TO_ONE.fullmatch(conversation_id)
    one, other = (ids.parse(part) for part in match.groups()) if match else (None, None)
    return (one or 0, other or 0)


def _send(call: Call, recipient_id: int) -> Answer:
    body = checked_body(call, {"text": str, "attachments": list})
    if not body.get("text") and not body.get("attachments"):
        raise errors.invalid("$: required fields missing: one of text, attachments")
    media = _attached(call, body.get("attachments", []))
    world = call.world
    sender, recipient = _both(call, recipient_id)
    told = Told(body.get("text", ""), media=media)
    try:
        message = deeds.send_message(world, told, sender=sender, recipient=recipient, source="api")
    except deeds.MessageTooLong as error:
        raise errors.invalid(f"$.text: {error}") from error
    except deeds.NotAllowed as error:
        raise errors.forbidden(str(error)) from error
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


def _both(call: Call, recipient_id: int) -> tuple[Person, Person]:
    sender = call.world.people.get(call.caller.viewer)
    recipient = call.world.people.get(recipient_id)
    if sender is None:
        raise errors.unauthorized()
    if recipient is None:
        raise errors.forbidden("You do not have permission to DM one or more participants.")
    return sender, recipient


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
)
