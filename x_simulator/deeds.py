"""What people do on X, whether through the API, in X's own app or in a file that is loaded: write a
message, publish a post, delete one, take an app's access away.

A deed checks what X checks, writes, and tells subscribers and open pages.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from x_simulator import activity, clock, ids, text
from x_simulator.activity import Happening
from x_simulator.messages import MAX_LENGTH, DirectMessage, Source
from x_simulator.people import Person
from x_simulator.posts import Mention, Post
from x_simulator.text import Entities, Prepared

if TYPE_CHECKING:
    from x_simulator.world import World


class NotAllowed(Exception):
    """X does not let this happen; the reason in X's words."""


class MessageTooLong(NotAllowed):
    pass


class PostTooLong(NotAllowed):
    pass


class NoSuchPost(NotAllowed):
    pass


@dataclass(frozen=True, slots=True)
class Told:
    """What an author gives: the words, and whatever is already known about them. With `entities`
    the text is X's own (shortened and escaped) and is kept as it is."""

    text: str
    entities: Entities | None = None
    id: int | None = None
    created_ms: int | None = None

    def on_the_wire(self, world: "World") -> Prepared:
        if self.entities is not None:
            return Prepared(self.text, self.entities)
        return text.prepare(self.text, finder(world))


def finder(world: "World") -> text.FindPerson:
    def find(username: str) -> tuple[str, int] | None:
        person = world.people.by_username(username)
        return (person.username, person.id) if person else None

    return find


# Direct messages


def send_message(
    world: "World",
    told: Told,
    *,
    sender: Person,
    recipient: Person,
    source: Source,
    deliver: bool = True,
) -> DirectMessage:
    """Raises NotAllowed or MessageTooLong."""
    if len(told.text) > MAX_LENGTH:
        raise MessageTooLong(f"The text of a message has at most {MAX_LENGTH} characters.")
    if sender.locked:
        raise NotAllowed("This operation is not permitted.")
    if sender.id == recipient.id or not world.people.may_message(sender.id, recipient):
        raise NotAllowed("You do not have permission to DM one or more participants.")
    message = make_message(world, told, sender.id, recipient.id, source)
    world.messages.add([message])
    if deliver:
        world.courier.announce(activity.of_message(message))
    world.feed.changed()
    return message


def make_message(
    world: "World", told: Told, sender_id: int, recipient_id: int, source: Source
) -> DirectMessage:
    prepared = told.on_the_wire(world)
    dm_id, created_ms = _when(world, told, world.messages.is_taken)
    return DirectMessage(
        dm_id, sender_id, recipient_id, prepared.text, prepared.entities, created_ms, source
    )


def _when(world: "World", told: Told, is_taken: Any) -> tuple[int, int]:
    """Id and time belong together: whichever is given tells the other."""
    if told.id is not None:
        return told.id, told.created_ms if told.created_ms is not None else ids.time_of(told.id)
    if told.created_ms is not None:
        return world.minter.mint_at(told.created_ms, is_taken), told.created_ms
    snowflake = world.minter.mint()
    return snowflake, ids.time_of(snowflake)


# Posts


@dataclass(frozen=True, slots=True)
class Place:
    """Where a post stands among others."""

    in_reply_to_post_id: int | None = None
    in_reply_to_user_id: int | None = None
    conversation_id: int | None = None
    quoted_post_id: int | None = None
    lang: str = "en"


def publish_post(
    world: "World",
    told: Told,
    place: Place,
    *,
    author: Person,
    source: Source,
    excluded: frozenset[int] = frozenset(),
    deliver: bool = True,
) -> Post:
    """`excluded` people are not named in the reply. Raises NotAllowed, NoSuchPost, PostTooLong."""
    if author.locked:
        raise NotAllowed("This operation is not permitted.")
    parent = _parent(world, place)
    if told.entities is None and text.weighted_length(_counted(world, told, parent)) > 280:
        raise PostTooLong(told.text)
    post, mentions = make_post(world, told, place, author.id, source, excluded)
    if world.posts.was_just_said(author.id, post.text):
        raise NotAllowed("You are not allowed to create a Tweet with duplicate content.")
    world.posts.add([(post, mentions)])
    if deliver:
        world.courier.announce(activity.of_post(world, post))
    world.feed.changed()
    return post


def _parent(world: "World", place: Place) -> Post | None:
    if place.in_reply_to_post_id is None:
        return None
    parent = world.posts.get(place.in_reply_to_post_id)
    if parent is None or parent.deleted_ms is not None:
        raise NoSuchPost("You attempted to reply to a Tweet that is deleted or not visible to you.")
    return parent


def _counted(world: "World", told: Told, parent: Post | None) -> str:
    """In a reply the @names that X would put in front anyway weigh nothing."""
    if parent is None:
        return told.text
    named = {name.lower() for name, _ in _answered(world, parent)}
    words = told.text.split(" ")
    while words and words[0].startswith("@") and words[0][1:].lower() in named:
        words.pop(0)
    return " ".join(words)


def _answered(world: "World", parent: Post) -> list[tuple[str, int]]:
    """Whom a reply to this post is addressed to: its author, then those it names."""
    author = world.people.get(parent.author_id)
    people = [(author.username, author.id)] if author else []
    for mention in parent.entities.get("mentions", []):
        if mention.get("id") and int(mention["id"]) != parent.author_id:
            people.append((mention["username"], int(mention["id"])))
    return list(dict.fromkeys(people))


def make_post(
    world: "World",
    told: Told,
    place: Place,
    author_id: int,
    source: Source,
    excluded: frozenset[int] = frozenset(),
) -> tuple[Post, list[Mention]]:
    """A post as X would write it, and who is named in it."""
    parent = None
    if place.in_reply_to_post_id is not None:
        parent = world.posts.get(place.in_reply_to_post_id)
    prepared = told.on_the_wire(world)
    if told.entities is None:
        explicit = {int(m["id"]) for m in prepared.entities.get("mentions", [])}
        prepared = _addressed(world, prepared, parent, author_id, excluded)
    else:
        explicit = _explicit(prepared.entities, is_reply=place.in_reply_to_post_id is not None)
    post_id, created_ms = _when(world, told, world.posts.is_taken)
    post = Post(
        id=post_id,
        author_id=author_id,
        text=prepared.text,
        entities=prepared.entities,
        conversation_id=place.conversation_id or (parent.conversation_id if parent else post_id),
        in_reply_to_post_id=place.in_reply_to_post_id,
        in_reply_to_user_id=place.in_reply_to_user_id or _reply_to(prepared, parent),
        quoted_post_id=place.quoted_post_id,
        display_range=_display_range(prepared, is_reply=place.in_reply_to_post_id is not None),
        lang=place.lang,
        created_ms=created_ms,
        source=source,
    )
    named = [int(m["id"]) for m in prepared.entities.get("mentions", []) if m.get("id")]
    return post, [Mention(user_id, user_id in explicit) for user_id in dict.fromkeys(named)]


def _addressed(
    world: "World",
    prepared: Prepared,
    parent: Post | None,
    author_id: int,
    excluded: frozenset[int],
) -> Prepared:
    """A reply begins with the names of those it answers; those typed already stand once."""
    if parent is None:
        return prepared
    run, _ = text.leading_mentions(prepared.entities)
    typed = {int(mention["id"]) for mention in run}
    left_out = typed | excluded | {author_id}
    added = [
        (name, user_id) for name, user_id in _answered(world, parent) if user_id not in left_out
    ]
    if not added:
        return prepared
    mentions: list[dict[str, Any]] = []
    prefix = ""
    for name, user_id in added:
        start = len(prefix)
        prefix += f"@{name} "
        mentions.append(
            {"start": start, "end": len(prefix) - 1, "username": name, "id": str(user_id)}
        )
    entities = text.shifted(prepared.entities, len(prefix))
    entities["mentions"] = mentions + entities.get("mentions", [])
    return Prepared(prefix + prepared.text, entities)


def _explicit(entities: Entities, *, is_reply: bool) -> set[int]:
    """Of a ready text: in a reply the run of names at its head was X's doing."""
    mentions = [m for m in entities.get("mentions", []) if m.get("id")]
    run = text.leading_mentions(entities)[0] if is_reply else []
    return {int(m["id"]) for m in mentions if m not in run}


def _reply_to(prepared: Prepared, parent: Post | None) -> int | None:
    """X sets it on a post that merely begins with a name, too."""
    if parent is not None:
        return parent.author_id
    run, _ = text.leading_mentions(prepared.entities)
    return int(run[0]["id"]) if run and run[0].get("id") else None


def _display_range(prepared: Prepared, *, is_reply: bool) -> tuple[int, int]:
    start = text.leading_mentions(prepared.entities)[1] if is_reply else 0
    return min(start, len(prepared.text)), len(prepared.text)


def may_answer(world: "World", author_id: int, post: Post) -> bool:
    """X's reply gate for apps: the author of the post must have engaged with this account, by an
    explicit mention in it, by quoting it or by answering it directly. The switch `reply_gate` makes
    it `explicit` (a direct answer is not enough) or `off`."""
    gate = world.store.switch("reply_gate", default="engaged")
    if gate == "off" or post.author_id == author_id:
        return True
    mention = world.posts.mentions(author_id, post.id)
    if mention is not None and mention.explicit:
        return True
    engaged_with = [post.quoted_post_id] + ([post.in_reply_to_post_id] if gate == "engaged" else [])
    targets = [world.posts.get(post_id) for post_id in engaged_with if post_id is not None]
    return any(target is not None and target.author_id == author_id for target in targets)


def delete_post(world: "World", post: Post) -> None:
    world.posts.delete(post.id)
    world.courier.announce(activity.of_deletion(post))
    world.feed.changed()


# Access


def revoke_app(world: "World", user_id: int) -> None:
    """The person takes the app's access away: its tokens die, its webhook is told."""
    world.tokens.revoke_person(user_id)
    world.courier.announce([Happening(activity.ON_REVOKE, user_id, 0)])


# Loading


def told_by(spec: Mapping[str, Any]) -> Told:
    """Of a control call's JSON. Raises KeyError, ValueError."""
    created = spec.get("created_at")
    return Told(
        text=str(spec["text"]),
        entities=spec.get("entities"),
        id=None if spec.get("id") is None else int(spec["id"]),
        created_ms=None if created is None else clock.parse_iso(str(created)),
    )
