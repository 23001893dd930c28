"""Writing as a person does in X's own app, and loading history."""

import base64
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from x_simulator import clock, composing, deeds, gathering, ids
from x_simulator.chat import chatting
from x_simulator.chat.chats import ChatEvent
from x_simulator.composing import Place, Told
from x_simulator.media import CATEGORIES, Medium
from x_simulator.people import Person
from x_simulator.posts import Post
from x_simulator.routes.control import chat, groups
from x_simulator.routes.control.calling import (
    BadControl,
    Body,
    flag,
    items,
    person,
    refusals,
    route,
)
from x_simulator.world import World

LOOKED_UP_AT_ONCE = 500
# What may be said of anything that is written, and of where a post stands.
TOLD = ("text", "entities", "id", "created_at", "deliver")
PLACE = (
    *("in_reply_to_post_id", "in_reply_to_user_id", "quoted_post_id", "referenced_tweets"),
    *("conversation_id", "lang"),
)


def told(spec: Body) -> Told:
    text = spec.get("text")
    if not isinstance(text, str) or not text:
        raise BadControl("text is missing or empty")
    return Told(text, _entities(spec), id=_id(spec, "id"), created_ms=_moment_ms(spec))


def _entities(spec: Body) -> dict[str, Any] | None:
    """X's own; None where the text is what a person typed."""
    given = spec.get("entities")
    if given is None:
        return None
    if not isinstance(given, dict) or not all(_are_spans(kind) for kind in given.values()):
        raise BadControl("entities must be lists, by kind, of objects with start and end")
    return given


def _are_spans(given: Any) -> bool:
    return isinstance(given, list) and all(
        isinstance(one, dict) and all(isinstance(one.get(name), int) for name in ("start", "end"))
        for one in given
    )


def _id(spec: Body, name: str) -> int | None:
    given = spec.get(name)
    if given is None:
        return None
    number = ids.parse(str(given))
    if not number:
        raise BadControl(f"{name} [{given}] is not an id")
    return number


def _moment_ms(spec: Body) -> int | None:
    given = spec.get("created_at")
    try:
        return None if given is None else clock.parse_iso(str(given))
    except (ValueError, OverflowError) as error:
        raise BadControl(f"created_at [{given}] is not a time") from error


def attached(world: World, owner: Person, body: Body, to: str) -> tuple[Medium, ...]:
    """`media`: pictures as {"media_type", "content", "alt_text"?}, the content in base64."""
    media = []
    for spec in items(body, "media"):
        kind = {"gif": "gif"}.get(str(spec.get("media_type")).rpartition("/")[2], "image")
        kind = "video" if str(spec.get("media_type")).startswith("video/") else kind
        category = f"{to}_{kind}"
        if spec.get("media_type") not in CATEGORIES[category][0]:
            raise BadControl(f"media_type [{spec.get('media_type')}] is not one that X takes")
        try:
            content = base64.b64decode(str(spec.get("content", "")), validate=True)
        except ValueError as error:
            raise BadControl("content is not base64") from error
        medium = world.media.upload(owner.id, category, spec["media_type"], content)
        world.media.describe(medium.id, str(spec.get("alt_text", "")))
        media.append(medium)
    return tuple(media)


def place(spec: Body) -> Place:
    """Our own names, or X's `referenced_tweets`."""
    references = {item.get("type"): item for item in items(spec, "referenced_tweets")}

    def given(name: str, reference: str = "") -> int | None:
        return _id(spec, name) or _id(references.get(reference, {}), "id")

    return Place(
        in_reply_to_post_id=given("in_reply_to_post_id", "replied_to"),
        in_reply_to_user_id=given("in_reply_to_user_id"),
        conversation_id=given("conversation_id"),
        quoted_post_id=given("quoted_post_id", "quoted"),
        lang=str(spec.get("lang") or "en"),
    )


async def write_dm(world: World, body: Body) -> Body:
    """To a person or into a group."""
    sender, words = person(world, body, "sender_id"), told(body)
    _check_new(words, world.messages.is_taken)
    if "group_id" in body:
        group_id = groups.group_id(body)
        words = replace(words, media=attached(world, sender, body, "dm"))
        with refusals():
            message = gathering.write(world, words, sender=sender, group_id=group_id, source="app")
        return {"id": str(message.id)}
    recipient, deliver = person(world, body, "recipient_id"), flag(body, "deliver", default=True)
    words = replace(words, media=attached(world, sender, body, "dm"))
    with refusals():
        written = chatting.write(world, words, sender=sender, recipient=recipient, deliver=deliver)
    return chat.told(written) if isinstance(written, ChatEvent) else {"id": str(written.id)}


async def write_post(world: World, body: Body) -> Body:
    author = person(world, body, "author_id")
    words, deliver = told(body), flag(body, "deliver", default=True)
    _check_new(words, world.posts.is_taken)
    words = replace(words, media=attached(world, author, body, "tweet"))
    where = place(body)
    try:
        with refusals():
            post = deeds.publish_post(
                world, words, where, author=author, source="app", deliver=deliver
            )
    except (ValueError, TypeError, KeyError) as error:
        raise BadControl(f"an entity is wrong: {error!r}") from error
    return {"id": str(post.id)}


def _check_new(words: Told, is_taken: Callable[[int], bool]) -> None:
    if words.id is not None and is_taken(words.id):
        raise BadControl(f"id [{words.id}] is taken", 409)


async def edit_post(world: World, body: Body) -> Body:
    """Its author changes it: a new id."""
    words, former = told(body), known_post(world, body, "post_id")
    _check_new(words, world.posts.is_taken)
    deliver = flag(body, "deliver", default=True)
    with refusals():
        post = deeds.edit_post(world, words, former, source="app", deliver=deliver)
    return {"id": str(post.id)}


async def repost(world: World, body: Body) -> Body:
    original, author = known_post(world, body, "post_id"), person(world, body, "author_id")
    deliver = flag(body, "deliver", default=True)
    return {"id": str(deeds.repost(world, original, author=author, deliver=deliver).id)}


def known_post(world: World, body: Body, name: str) -> Post:
    post = world.posts.get(ids.parse(str(body.get(name, ""))) or 0)
    if post is None:
        raise BadControl(f"{name} [{body.get(name)}] is not a known post", 404)
    return post


async def delete_post(world: World, body: Body) -> Body:
    post = world.posts.get(ids.parse(str(body.get("id", ""))) or 0)
    if post is None:
        raise BadControl(f"id [{body.get('id')}] is not a known post", 404)
    deeds.delete_post(world, post)
    return {"deleted": True}


async def load(world: World, body: Body) -> Body:
    """History: ids and times are kept, X's windows do not hide it, nobody is told. Counts what was
    new."""
    dms, posts = items(body, "dms"), items(body, "posts")
    _check_people(world, dms, ("sender_id", "recipient_id"))
    _check_people(world, posts, ("author_id",))
    try:
        with world.store.transaction():
            loaded = {"dms": _load_dms(world, dms), "posts": _load_posts(world, posts)}
    except (ValueError, TypeError, KeyError) as error:
        raise BadControl(f"an id or an entity is wrong: {error!r}") from error
    world.feed.changed()
    return loaded


def _check_people(world: World, specs: Sequence[Body], names: Sequence[str]) -> None:
    named = {str(spec.get(name, "")) for spec in specs for name in names}
    parsed = {text: ids.parse(text) for text in named}
    wanted = [user_id for user_id in parsed.values() if user_id is not None]
    known: set[int] = set()
    for start in range(0, len(wanted), LOOKED_UP_AT_ONCE):
        known |= world.people.by_ids(wanted[start : start + LOOKED_UP_AT_ONCE]).keys()
    unknown = sorted(text for text, user_id in parsed.items() if user_id not in known)
    if unknown:
        raise BadControl(f"unknown users: {', '.join(unknown[:10])} (send /_sim/users first)")


def _load_dms(world: World, specs: Sequence[Body]) -> int:
    return world.messages.add(
        [
            composing.make_message(
                world,
                _told_with_media(world, spec, "sender_id", "dm"),
                int(spec["sender_id"]),
                int(spec["recipient_id"]),
                "load",
            )
            for spec in specs
        ]
    )


def _load_posts(world: World, specs: Sequence[Body]) -> int:
    """One by one in the order of time, so that an answer finds what it answers."""
    ordered = sorted(specs, key=lambda spec: int(spec.get("id") or 0))
    return sum(
        world.posts.add(
            [
                composing.make_post(
                    world,
                    _told_with_media(world, spec, "author_id", "tweet"),
                    place(spec),
                    int(spec["author_id"]),
                    "load",
                )
            ]
        )
        for spec in ordered
    )


def _told_with_media(world: World, spec: Body, author: str, to: str) -> Told:
    """Of most of history there are none, and nobody has to be looked up for them."""
    words = told(spec)
    if "media" not in spec:
        return words
    return replace(words, media=attached(world, person(world, spec, author), spec, to))


ROUTES = (
    route("POST", "dms", write_dm, *TOLD, "sender_id", "recipient_id", "group_id", "media"),
    route("POST", "posts", write_post, *TOLD, *PLACE, "author_id", "media"),
    route("POST", "posts/edit", edit_post, *TOLD, "post_id"),
    route("POST", "posts/repost", repost, "post_id", "author_id", "deliver"),
    route("POST", "posts/delete", delete_post, "id"),
    route("POST", "load", load, "dms", "posts"),
)
