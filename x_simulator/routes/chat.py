"""Reading encrypted chats: which there are, and their events, which nobody here can open."""

import re
from collections.abc import Sequence

from x_simulator import errors, ids, wire
from x_simulator.api import Answer, Call, Endpoint
from x_simulator.chat import telling
from x_simulator.chat.chats import Conversation, pair_name
from x_simulator.fields import chosen
from x_simulator.quotas import Limits

LIST_READ = frozenset({"dm.read", "users.read"})
READ = LIST_READ | {"tweet.read"}
PATH_NAME = re.compile(r"([0-9]{1,19})|([0-9]{1,19})-([0-9]{1,19})|(g[0-9]{1,19})")
PEOPLE = frozenset({"participant_ids", "member_ids", "admin_ids"})
ABOUT = frozenset({"chat_conversation.fields", "expansions", "user.fields"})
PAGES = frozenset({"max_results", "pagination_token"})


async def listing(call: Call) -> Answer:
    page = call.world.chats.of(call.caller.viewer, call.window(1, 100, 10))
    body = _told(call, page.items)
    meta = {"result_count": len(page.items), "has_more": page.next_token is not None}
    meta["has_message_requests"] = False
    return Answer({**body, "meta": _with_token(meta, page.next_token)})


async def conversation(call: Call) -> Answer:
    body = _told(call, [_own(call)])
    return Answer({**body, "data": body["data"][0]})


def _told(call: Call, conversations: Sequence[Conversation]) -> wire.Object:
    """`data` (a list) and `includes`, each only when there is something in it."""
    asked = _fields(call, "chat_conversation.fields") - PEOPLE
    expanded = call.fields.expansions & PEOPLE
    wanted = telling.CONVERSATION_DEFAULTS | asked | expanded
    data = [chosen(telling.conversation_told(one), wanted) for one in conversations]
    people = [int(one) for item in data for name in sorted(expanded) for one in item.get(name, [])]
    users = wire.people_told(call.world, people, call.fields, call.viewer_id)
    return wire.present(data=data, includes=wire.present(users=users))


async def events(call: Call) -> Answer:
    chat, window = _own(call), call.window(1, 100, 10)
    page = call.world.chats.events(chat.name, window)
    wanted = telling.EVENT_DEFAULTS | _fields(call, "chat_message_event.fields")
    data = [chosen(telling.event_told(one, call.caller.viewer), wanted) for one in page.items]
    keys = call.world.chats.key_changes(chat.name, (one.key_version for one in page.items))
    meta: wire.Object = {
        "result_count": len(data),
        "has_more": page.next_token is not None,
        "conversation_key_events": [key.encoded for key in keys],
    }
    return Answer({**wire.present(data=data), "meta": _with_token(meta, page.next_token)})


def _with_token(meta: wire.Object, token: str | None) -> wire.Object:
    return meta if token is None else {**meta, "next_token": token}


def _fields(call: Call, name: str) -> frozenset[str]:
    return frozenset(part.strip() for part in call.query.get(name, "").split(","))


def _own(call: Call) -> Conversation:
    """One that the caller is in, by X's name of it or by the other one's id."""
    given = call.path["id"]
    match = PATH_NAME.fullmatch(given)
    if match is None:
        rule = "does not match ^([0-9]{1,19}|[0-9]{1,19}-[0-9]{1,19}|g[0-9]{1,19})$"
        raise errors.invalid_query("id", given, rule)
    peer, one, other, group = match.groups()
    pair = (str(call.caller.viewer), peer) if peer else (one, other)
    name = group or pair_name(*(ids.parse(part) or 0 for part in pair))
    found = call.world.chats.get(name)
    if found is None or call.caller.viewer not in found.member_ids:
        raise errors.not_found()
    return found


ENDPOINTS = (
    Endpoint(
        "GET", "/2/chat/conversations", listing, Limits(), LIST_READ, parameters=ABOUT | PAGES
    ),
    Endpoint("GET", "/2/chat/conversations/{id}", conversation, Limits(), READ, parameters=ABOUT),
    Endpoint(
        "GET",
        "/2/chat/conversations/{id}/events",
        events,
        Limits(),
        READ,
        parameters=PAGES | {"chat_message_event.fields"},
    ),
)
