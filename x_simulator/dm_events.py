"""Direct messages as X's REST answers carry them, and what they include."""

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from x_simulator import wire
from x_simulator.fields import Fields, chosen
from x_simulator.media import Medium
from x_simulator.messages import DirectMessage

if TYPE_CHECKING:
    from x_simulator.world import World


# Of a post that somebody shares by putting its address into a message.
SHARED_POST = re.compile(r"https://(?:x|twitter)\.com/[A-Za-z0-9_]{1,15}/status/([0-9]{1,19})")
SHARED = "referenced_tweets.id"


def dm_event(
    message: DirectMessage,
    fields: Fields,
    media: Sequence[Medium] = (),
    shared: Sequence[int] = (),
) -> wire.Object:
    """`shared` are the posts that it shares."""
    whole: wire.Object = {
        "id": str(message.id),
        "event_type": message.event_type,
        "sender_id": str(message.sender_id),
        "dm_conversation_id": message.conversation_id,
        "created_at": wire.created_at(message.created_ms, message.source),
    }
    if message.event_type == "MessageCreate":
        whole["text"] = message.text
    else:
        whole["participant_ids"] = [str(user_id) for user_id in message.participant_ids]
    if message.event_type == "ParticipantsLeave":
        del whole["sender_id"]
    if message.entities:
        whole["entities"] = message.entities
    if message.media_ids:
        whole["attachments"] = {"media_keys": [medium.key for medium in media]}
    if shared:
        whole["referenced_tweets"] = [{"id": str(post_id)} for post_id in shared]
    return chosen(whole, _wanted(fields))


def _wanted(fields: Fields) -> frozenset[str]:
    """Who joined or left is told unasked."""
    shared = frozenset({"referenced_tweets"} if SHARED in fields.expansions else ())
    expanded = (fields.expansions & {"sender_id"}) | wire.attached(fields) | shared
    return fields.dm | expanded | {"participant_ids"}


def shared_posts(world: "World", message: DirectMessage) -> list[int]:
    """Of those that there are or were."""
    links = [str(link.get("expanded_url", "")) for link in message.entities.get("urls", [])]
    found = [SHARED_POST.match(link) for link in links]
    named = [int(match[1]) for match in found if match]
    return [post_id for post_id in named if world.posts.is_taken(post_id)]


def dm_answer(
    world: "World", messages: Sequence[DirectMessage], fields: Fields, viewer_id: int
) -> wire.Object:
    """`data` (a list), `includes` and partial `errors`, each only when there is something in it."""
    users = wire.people_told(world, _people(messages, fields), fields, viewer_id)
    media = world.media.by_ids(media_id for m in messages for media_id in m.media_ids)
    shared = {m.id: shared_posts(world, m) for m in messages}
    data = [dm_event(m, fields, [media[i] for i in m.media_ids], shared[m.id]) for m in messages]
    posts, lost = _posts(world, [i for some in shared.values() for i in some], fields, viewer_id)
    shown = [
        wire.medium_told(media[i], wire.protected_address(m.id, media[i]), fields)
        for m in messages
        for i in m.media_ids
        if wire.attached(fields)
    ]
    includes = wire.present(users=users, media=wire.once(shown), tweets=posts)
    return wire.present(data=data, includes=includes, errors=lost)


def _people(messages: Sequence[DirectMessage], fields: Fields) -> list[int]:
    people: list[int] = []
    if "sender_id" in fields.expansions:
        people += [m.sender_id for m in messages if m.event_type != "ParticipantsLeave"]
    if "participant_ids" in fields.expansions:
        people += [user_id for m in messages for user_id in m.participant_ids]
    return people


def _posts(
    world: "World", post_ids: Iterable[int], fields: Fields, viewer_id: int
) -> tuple[list[wire.Object], list[wire.Object]]:
    """Those that this viewer may read, and a partial error for each of the others."""
    if SHARED not in fields.expansions:
        return [], []
    posts, lost = wire.looked_up(world, post_ids, viewer_id, "id", of=SHARED)
    counts = world.posts.reply_counts(one.id for one in posts)
    media = world.media.by_ids(i for one in posts for i in one.media_ids)
    return [wire.post(one, fields, counts.get(one.id, 0), media) for one in posts], lost
