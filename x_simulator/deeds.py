"""What people do on X, through the API or in X's own app: write a message, publish a post, delete
one, take an app's access away.

A deed checks what X checks, writes, and tells subscribers and open pages.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

from x_simulator import clock, composing, happenings, text, wire
from x_simulator.composing import Place, Told
from x_simulator.happenings import ON_REVOKE, Happening
from x_simulator.messages import MAX_LENGTH, DirectMessage, Source
from x_simulator.people import Person
from x_simulator.posts import Post

if TYPE_CHECKING:
    from x_simulator.world import World


MAX_LONG_POST = 25_000
NO_PERMISSION = "You do not have permission to DM one or more participants."


class NotAllowed(Exception):
    """X does not let this happen; the reason in X's words."""


class MessageTooLong(NotAllowed):
    pass


class PostTooLong(NotAllowed):
    pass


class NoSuchPost(NotAllowed):
    pass


def send_message(
    world: "World",
    told: Told,
    *,
    sender: Person,
    recipient: Person,
    source: Source,
    deliver: bool = True,
) -> DirectMessage:
    """Raises NotAllowed, MessageTooLong."""
    check_may_message(world, told.text, sender, recipient)
    if world.chats.is_upgraded(sender.id, recipient.id):
        raise NotAllowed(NO_PERMISSION)
    message = composing.make_message(world, told, sender.id, recipient.id, source)
    world.messages.add([message])
    if deliver:
        world.announce(happenings.of_message(message))
    world.feed.changed()
    return message


def check_may_message(world: "World", words: str, sender: Person, recipient: Person) -> None:
    """Raises NotAllowed, MessageTooLong."""
    check_may_write(words, sender)
    if sender.id == recipient.id or not may_message(world, sender.id, recipient):
        raise NotAllowed(NO_PERMISSION)


def check_may_write(words: str, sender: Person) -> None:
    """To anybody. Raises NotAllowed, MessageTooLong."""
    if len(words) > MAX_LENGTH:
        raise MessageTooLong(f"The text of a message has at most {MAX_LENGTH} characters.")
    if sender.locked:
        raise NotAllowed("This operation is not permitted.")


def may_message(world: "World", sender_id: int, recipient: Person) -> bool:
    """Neither refuses the other's messages, and the recipient takes them."""
    if world.moderation.is_dm_blocked(sender_id, recipient.id):
        return False
    return world.people.may_message(sender_id, recipient)


def publish_post(
    world: "World",
    told: Told,
    place: Place,
    *,
    author: Person,
    source: Source,
    deliver: bool = True,
) -> Post:
    """Raises NotAllowed, NoSuchPost, PostTooLong."""
    if author.locked:
        raise NotAllowed("This operation is not permitted.")
    _check_length(world, told, _parent(world, place, author), long=author.long_posts)
    post, mentions = composing.make_post(world, told, place, author.id, source)
    if world.posts.was_just_said(post):
        raise NotAllowed("You are not allowed to create a Tweet with duplicate content.")
    world.posts.add([(post, mentions)])
    if deliver:
        world.announce(happenings.of_post(world, post))
    world.feed.changed()
    return post


def edit_post(
    world: "World", told: Told, former: Post, *, source: Source, deliver: bool = True
) -> Post:
    """A new form under a new id, in the place of the former one. Raises NotAllowed."""
    too_late = wire.first_ms(former) + wire.EDITABLE_MS < clock.now_ms()
    spent = len(former.earlier_ids) >= wire.MOST_EDITS
    gone = former.deleted_ms is not None or former.replaced_by is not None
    if gone or spent or too_late or not wire.is_editable(former):
        raise NotAllowed("You are not permitted to edit this Tweet.")
    author = world.people.get(former.author_id)
    _check_length(world, told, None, long=author is not None and author.long_posts)
    place = Place(
        conversation_id=former.conversation_id,
        quoted_post_id=former.quoted_post_id,
        lang=former.lang,
    )
    made, mentions = composing.make_post(world, told, place, former.author_id, source)
    post = replace(made, earlier_ids=(*former.earlier_ids, former.id))
    with world.store.transaction():
        world.posts.add([(post, mentions)])
        world.posts.replace(former, post)
    if deliver:
        world.announce(happenings.of_post(world, post))
    world.feed.changed()
    return post


def repost(world: "World", original: Post, *, author: Person, deliver: bool = True) -> Post:
    """Said again by somebody else, in X's form: a post that begins with RT."""
    name = world.people.by_ids([original.author_id])[original.author_id].username
    named = {"start": 3, "end": 4 + len(name), "username": name, "id": str(original.author_id)}
    told = Told(f"RT @{name}: {original.text}"[:140], entities={"mentions": [named]})
    made, _ = composing.make_post(world, told, Place(), author.id, "app")
    post = replace(made, reposted_post_id=original.id)
    world.posts.add([(post, [])])
    if deliver:
        world.announce(happenings.of_post(world, post))
    world.feed.changed()
    return post


def _parent(world: "World", place: Place, author: Person) -> Post | None:
    if place.in_reply_to_post_id is None:
        return None
    parent = world.posts.get(place.in_reply_to_post_id)
    gone = parent is None or parent.deleted_ms is not None
    if parent is None or gone or world.posts.protected_from(author.id, [parent]):
        raise NoSuchPost("You attempted to reply to a Tweet that is deleted or not visible to you.")
    return parent


def _check_length(world: "World", told: Told, parent: Post | None, *, long: bool) -> None:
    """X's own texts (those with entities) had their length checked when they were written."""
    words = composing.counted_words(world, told.text, parent)
    most = MAX_LONG_POST if long else text.MAX_WEIGHTED_LENGTH
    if told.entities is None and text.weighted_length(words) > most:
        raise PostTooLong(told.text)


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
    engaged_with = [post.quoted_post_id, post.in_reply_to_post_id if gate == "engaged" else None]
    targets = [world.posts.get(post_id) for post_id in engaged_with if post_id is not None]
    return any(target is not None and target.author_id == author_id for target in targets)


def delete_post(world: "World", post: Post) -> None:
    world.posts.delete(post)
    world.announce(happenings.of_deletion(post))
    world.feed.changed()


def revoke_app(world: "World", user_id: int) -> None:
    """The person takes the app's access away: its tokens die, its webhook is told."""
    world.tokens.revoke_person(user_id)
    world.announce([Happening(ON_REVOKE, user_id, 0)])
