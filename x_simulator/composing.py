"""From what an author gives to a message or a post as X keeps it: ids, times, entities, and the
names that X puts at the head of a reply.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from x_simulator import ids, text
from x_simulator.media import Medium
from x_simulator.messages import DirectMessage, Source
from x_simulator.posts import Mention, Post
from x_simulator.text import Entities, Prepared

if TYPE_CHECKING:
    from x_simulator.world import World


BEGINNING = 280


@dataclass(frozen=True, slots=True)
class Told:
    """The words, and whatever is already known about them. With `entities` the text is X's own
    (shortened and escaped) and is kept as it is."""

    text: str
    entities: Entities | None = None
    id: int | None = None
    created_ms: int | None = None
    media: tuple[Medium, ...] = ()

    def on_the_wire(self, world: "World") -> Prepared:
        if self.entities is not None:
            return Prepared(self.text, self.entities)
        return text.prepare(self.text, _finder(world))


@dataclass(frozen=True, slots=True)
class Place:
    """Where a post stands among others, and whom it leaves out when it answers."""

    in_reply_to_post_id: int | None = None
    in_reply_to_user_id: int | None = None
    conversation_id: int | None = None
    quoted_post_id: int | None = None
    excluded: frozenset[int] = frozenset()
    lang: str = "en"

    @property
    def is_reply(self) -> bool:
        return self.in_reply_to_post_id is not None


def _finder(world: "World") -> text.FindPerson:
    def find(username: str) -> tuple[str, int] | None:
        person = world.people.by_username(username)
        return (person.username, person.id) if person else None

    return find


def _when(world: "World", told: Told, is_taken: Callable[[int], bool]) -> tuple[int, int]:
    """Id and time belong together: whichever is given tells the other."""
    if told.id is not None:
        return told.id, ids.time_of(told.id) if told.created_ms is None else told.created_ms
    if told.created_ms is not None:
        return world.minter.mint_at(told.created_ms, is_taken), told.created_ms
    snowflake = world.minter.mint()
    return snowflake, ids.time_of(snowflake)


def make_message(
    world: "World", told: Told, sender_id: int, recipient_id: int, source: Source
) -> DirectMessage:
    prepared = told.on_the_wire(world)
    dm_id, created_ms = _when(world, told, world.messages.is_taken)
    prepared = _with_media(prepared, told.media, f"https://twitter.com/messages/media/{dm_id}")
    return DirectMessage(
        id=dm_id,
        sender_id=sender_id,
        recipient_id=recipient_id,
        text=prepared.text,
        entities=prepared.entities,
        created_ms=created_ms,
        source=source,
        media_ids=tuple(medium.id for medium in told.media),
    )


def make_post(
    world: "World", told: Told, place: Place, author_id: int, source: Source
) -> tuple[Post, list[Mention]]:
    """A post, and who is named in it."""
    parent = world.posts.get(place.in_reply_to_post_id) if place.in_reply_to_post_id else None
    prepared = told.on_the_wire(world)
    if told.entities is None:
        explicit = set(_named(prepared.entities.get("mentions", [])))
        prepared = _addressed(world, prepared, parent, place.excluded | {author_id})
    else:
        explicit = _explicit(prepared.entities, is_reply=place.is_reply)
    post_id, created_ms = _when(world, told, world.posts.is_taken)
    typed = told.entities is None and source != "load"
    note = prepared if typed and _is_long(world, told, parent) else None
    prepared = _beginning(prepared) if note else prepared
    shown = _display_range(prepared, is_reply=place.is_reply)
    prepared = _with_media(prepared, told.media, _address(world, author_id, post_id))
    post = Post(
        id=post_id,
        author_id=author_id,
        text=prepared.text,
        entities=prepared.entities,
        conversation_id=place.conversation_id or (parent.conversation_id if parent else post_id),
        in_reply_to_post_id=place.in_reply_to_post_id,
        in_reply_to_user_id=place.in_reply_to_user_id or _answers(prepared, place, parent),
        quoted_post_id=place.quoted_post_id,
        display_range=shown,
        lang=place.lang,
        created_ms=created_ms,
        source=source,
        media_ids=tuple(medium.id for medium in told.media),
        note=note,
    )
    whole = note or prepared
    named = dict.fromkeys(_named(whole.entities.get("mentions", [])))
    return post, [Mention(user_id, user_id in explicit) for user_id in named]


def _is_long(world: "World", told: Told, parent: Post | None) -> bool:
    words = counted_words(world, told.text, parent)
    return text.weighted_length(words) > text.MAX_WEIGHTED_LENGTH


def _beginning(prepared: Prepared) -> Prepared:
    """As much of a long post as an app that doesn't ask for the note is shown."""
    room = BEGINNING - 1
    cut = prepared.text.rfind(" ", 0, room + 1)
    cut = cut if cut > 0 else _before_an_escape(prepared.text, room)
    for kind in prepared.entities.values():
        for item in kind:
            if item["start"] < cut < item["end"]:
                cut = item["start"]
    kept = {
        kind: [item for item in items if item["end"] <= cut]
        for kind, items in prepared.entities.items()
    }
    words = prepared.text[:cut].rstrip() + "…"
    return Prepared(words, {kind: items for kind, items in kept.items() if items})


def _before_an_escape(words: str, cut: int) -> int:
    """Where `&amp;` would be cut in two, before it: every `&` of X's own text begins an escape."""
    begun = words.rfind("&", 0, cut)
    return begun if begun >= 0 and ";" not in words[begun:cut] else cut


def _address(world: "World", author_id: int, post_id: int) -> str:
    author = world.people.get(author_id)
    name = author.username if author else "i"
    return f"https://x.com/{name}/status/{post_id}/photo/1"


def _with_media(prepared: Prepared, media: Sequence[Medium], address: str) -> Prepared:
    """X puts one link to all of them at the end of the text."""
    if not media:
        return prepared
    link = text.shorten(address)
    link["display_url"] = f"pic.x.com/{link['url'].rpartition('/')[2]}"
    head = f"{prepared.text} " if prepared.text else ""
    words = head + link["url"]
    found = {"start": len(head), "end": len(words), **link}
    links = [*prepared.entities.get("urls", []), found]
    return Prepared(words, {**prepared.entities, "urls": links})


def counted_words(world: "World", typed: str, parent: Post | None) -> str:
    """What weighs: in a reply the @names that X would put in front anyway do not."""
    if parent is None:
        return typed
    named = {name.lower() for name, _ in _whom_to_name(world, parent)}
    words = typed.split(" ")
    while words and words[0].startswith("@") and words[0][1:].lower() in named:
        words.pop(0)
    return " ".join(words)


def _whom_to_name(world: "World", parent: Post) -> list[tuple[str, int]]:
    """A reply to this post is addressed to its author, then to those it names."""
    author = world.people.get(parent.author_id)
    people = [(author.username, author.id)] if author else []
    people += [
        (mention["username"], int(mention["id"]))
        for mention in parent.entities.get("mentions", [])
        if mention.get("id") and int(mention["id"]) != parent.author_id
    ]
    return list(dict.fromkeys(people))


def _addressed(
    world: "World", prepared: Prepared, parent: Post | None, left_out: frozenset[int]
) -> Prepared:
    """With the names at its head that X puts there; those that were typed already stand once."""
    if parent is None:
        return prepared
    typed = _named(text.leading_mentions(prepared.entities)[0])
    mentions: list[dict[str, Any]] = []
    head = ""
    for name, user_id in _whom_to_name(world, parent):
        if user_id not in left_out and user_id not in typed:
            start, head = len(head), f"{head}@{name} "
            mention = {"start": start, "end": len(head) - 1, "username": name, "id": str(user_id)}
            mentions.append(mention)
    if not mentions:
        return prepared
    entities = text.shifted(prepared.entities, len(head))
    entities["mentions"] = mentions + entities.get("mentions", [])
    return Prepared(head + prepared.text, entities)


def _named(mentions: Sequence[dict[str, Any]]) -> list[int]:
    return [int(mention["id"]) for mention in mentions if mention.get("id")]


def _explicit(entities: Entities, *, is_reply: bool) -> set[int]:
    """Of a ready text: in a reply the run of names at its head was X's doing."""
    run = text.leading_mentions(entities)[0] if is_reply else []
    return set(_named([mention for mention in entities.get("mentions", []) if mention not in run]))


def _answers(prepared: Prepared, place: Place, parent: Post | None) -> int | None:
    """X names a user on a post that merely begins with a name, too. Whom an answer to a post that
    was never here is for, nobody knows."""
    if parent is not None:
        return parent.author_id
    if place.is_reply:
        return None
    return next(iter(_named(text.leading_mentions(prepared.entities)[0])), None)


def _display_range(prepared: Prepared, *, is_reply: bool) -> tuple[int, int]:
    start = text.leading_mentions(prepared.entities)[1] if is_reply else 0
    return min(start, len(prepared.text)), len(prepared.text)
