"""What rows of the ledger mean: each event in them, in order, told to the inbox.

All of them are parsed and read for together (`twitter_sync.scene`), and what they say is received
together. What is rare has its effect at once, after what was said before it: a deletion, and a
permission that somebody took back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import singledispatch

from accounts.models import BrandAccount
from inbox.actions.contacts import Person
from twitter_sync import tokens
from twitter_sync.actions import recovering
from twitter_sync.actions.asking import Said, keep
from twitter_sync.actions.deleting import delete_post
from twitter_sync.actions.introducing import introduce_all, people_of
from twitter_sync.actions.placing import (
    MustWait,
    answered_by,
    concerned,
    conversation_of,
    place,
)
from twitter_sync.actions.remembering import give_up, remember, wait_for
from twitter_sync.actions.taking import take
from twitter_sync.models import KnownPost, RawEvent
from twitter_sync.payloads import (
    Delivery,
    DirectMessage,
    EncryptedMessage,
    Event,
    Post,
    PostDeletion,
    ReplayEnd,
    Revocation,
    Signal,
    Unknown,
    Unreadable,
    parse,
)
from twitter_sync.scene import Brands, Scene
from twitter_sync.tree import Tree
from twitter_sync.utterances import of_direct_message, of_encrypted_message


class NoSuchAccount(Exception):
    """Told for a handle that is not connected here, or about people that are not its own."""

    def __init__(self, x_user_id: str | None) -> None:
        self.x_user_id = x_user_id or "nobody"
        super().__init__(self.x_user_id)


# Pages that we asked for: X describes people as they are when it is asked.
ASKED_FOR = (RawEvent.Source.POLL, RawEvent.Source.HISTORY)


@dataclass(slots=True)
class Outcome:
    """What became of a row, and whose it was. `waits_for` is a post, `no_such_account` an account
    of X."""

    brand_id: int | None = None
    received: int = 0
    waits_for: str = ""
    no_such_account: str = ""
    unknown: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Reading:
    """A row of the ledger, read, and what became of it. Nothing is in a body without any sense."""

    row: RawEvent
    delivery: Delivery
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class ToldAlong:
    """A post that X shows beside those it tells of: a message where its thread is held already."""

    post: Post
    id: str
    conversation_id: str


def interpret(rows: Sequence[RawEvent], brands: Brands) -> list[Outcome]:
    """Applies every event in `rows`, in their order. `brands` are those for which messages are
    taken, by X's id. Call inside a transaction."""
    readings = [read(row) for row in rows]
    scene = set_scene(readings, brands)
    for reading in readings:
        reading.outcome.brand_id = brand_id_of(reading, brands)
        hear_all(reading, scene)
    take(scene)
    introduce_all(list(people_asked_for(readings)))
    keep(list(said_of_people(readings)))
    return [reading.outcome for reading in readings]


def read(row: RawEvent) -> Reading:
    try:
        delivery = parse(bytes(row.body))
    except Unreadable as error:
        return Reading(row, Delivery(), Outcome(unreadable=[f"Unreadable: {error}"]))
    return Reading(row, delivery, Outcome(unreadable=list(delivery.unreadable)))


def people_asked_for(readings: Iterable[Reading]) -> Iterator[Person]:
    for reading in readings:
        if reading.row.source in ASKED_FOR:
            yield from people_of(reading.delivery.people, as_of=reading.row.received_at)


def said_of_people(readings: Iterable[Reading]) -> Iterator[Said]:
    """Whether they take the messages of the handle that asked."""
    for reading in readings:
        if reading.row.brand_id is None or reading.row.source not in ASKED_FOR:
            continue
        for person in reading.delivery.people.values():
            if person.takes_dms is not None:
                said_at = reading.row.received_at
                yield Said(reading.row.brand_id, person.id, person.takes_dms, said_at)


def brand_id_of(reading: Reading, brands: Brands) -> int | None:
    """The brand that asked for the row, or the first that X tells it to: by what of it could be
    read, else at a glance."""
    told = [str(getattr(event, "for_user_id", "")) for event in reading.delivery.events]
    told.append(reading.row.addressee)
    named = (brands[x_user_id].pk for x_user_id in told if x_user_id in brands)
    return reading.row.brand_id or next(named, None)


# The scene


def set_scene(readings: Sequence[Reading], brands: Brands) -> Scene:
    """Remembers every post that is told of before one of them is placed, and fetches and locks for
    all of them what placing needs."""
    scene = Scene(brands, Tree(keep_posts(readings)))
    scene.tree.climb()
    told = (post for reading in readings for post in posts_in(reading.delivery))
    placed = [(post, place) for post in told if (place := told_in(post, scene))]
    scene.lock(conversation_id for _, conversation_id in placed)
    customers = {(place, customer_in(post, scene)) for post, place in placed}
    scene.meet(customers | {(place, post.author_id) for post, place in placed})
    scene.tree.hear_out(place for place in customers if not scene.holders(*place))
    return scene


def posts_in(delivery: Delivery) -> Iterator[Post]:
    yield from delivery.context
    yield from (event for event in delivery.events if isinstance(event, Post))


def keep_posts(readings: Sequence[Reading]) -> Iterable[KnownPost]:
    """Those that are told of. They are locked, and so are those that are gone."""
    deliveries = [reading.delivery for reading in readings]
    missing = {post_id for delivery in deliveries for post_id in delivery.missing}
    events = (event for delivery in deliveries for event in delivery.events)
    deleted = {event.id for event in events if isinstance(event, PostDeletion)}
    told = [(post, delivery.people) for delivery in deliveries for post in posts_in(delivery)]
    known = remember(told, heard_of=missing | deleted)
    if missing:
        give_up(missing)
    return known.values()


def told_in(post: Post, scene: Scene) -> str | None:
    """X's conversation; None where that can't be told yet."""
    try:
        return conversation_of(post, scene.tree[post.id], scene.tree)
    except MustWait:
        return None


def customer_in(post: Post, scene: Scene) -> str:
    """With whom a brand would talk if this were a message; "" where that can't be told yet."""
    brand = scene.brands.get(post.author_id)
    if brand is None:
        return post.author_id
    try:
        return answered_by(brand, post, scene.tree) or ""
    except MustWait:
        return ""


# Event by event


def hear_all(reading: Reading, scene: Scene) -> None:
    """By conversation, then by id, what is told along among the rest."""
    outcome, delivery = reading.outcome, reading.delivery
    along = [ToldAlong(post, post.id, post.conversation_id) for post in delivery.context]
    for event in sorted([*delivery.events, *along], key=in_order):
        try:
            outcome.received += hear_patiently(event, scene, reading)
        except MustWait as wait:
            outcome.waits_for = wait.post_id
        except NoSuchAccount as missing:
            outcome.no_such_account = missing.x_user_id
        if isinstance(event, Unknown):
            outcome.unknown.append(f"unknown: {event.kind}")


def in_order(event: Event | ToldAlong) -> tuple[str, str]:
    return str(getattr(event, "conversation_id", "")), getattr(event, "id", "")


def hear_patiently(event: Event | ToldAlong, scene: Scene, reading: Reading) -> int:
    """Raises MustWait for a post that must wait, once it is sure to be woken."""
    while True:
        try:
            return hear(event, scene, reading)
        except MustWait as wait:
            if wait_for(wait.post_id):
                raise
            scene.tree.reread([wait.post_id])


def brand_told(for_user_id: str | None, scene: Scene, row: RawEvent) -> BrandAccount:
    """The brand that X tells it to, else that asked X for it. Raises NoSuchAccount."""
    x_user_id = for_user_id or (row.brand.x_user_id if row.brand else None)
    brand = scene.brands.get(x_user_id or "")
    if brand is None:
        raise NoSuchAccount(x_user_id)
    return brand


@singledispatch
def hear(event: Event | ToldAlong, scene: Scene, reading: Reading) -> int:
    """Says to the inbox what the event tells. Returns how many messages it is.

    Raises NoSuchAccount and MustWait.
    """
    raise NotImplementedError(f"nothing is done with {type(event).__name__}")


@hear.register
def hear_message(event: DirectMessage, scene: Scene, reading: Reading) -> int:
    brand = brand_told(event.for_user_id, scene, reading.row)
    if not event.is_between_two or event.sender_id == event.recipient_id:
        return 0
    if brand.x_user_id not in (event.sender_id, event.recipient_id):
        raise NoSuchAccount(brand.x_user_id)
    people = reading.delivery.people
    said = scene.say(brand, of_direct_message(event, brand, people), people)
    said.event, said.row = event, reading.row
    return 1


@hear.register
def hear_encrypted(event: EncryptedMessage, scene: Scene, reading: Reading) -> int:
    brand = brand_told(event.for_user_id, scene, reading.row)
    if not event.is_between_two:
        return 0
    if brand.x_user_id not in event.conversation_id.split("-"):
        raise NoSuchAccount(brand.x_user_id)
    people = reading.delivery.people
    scene.say(brand, of_encrypted_message(event, brand, people), people)
    return 1


@hear.register
def hear_post(event: Post, scene: Scene, reading: Reading) -> int:
    if reading.row.source == RawEvent.Source.LOOK_UP:
        brands = concerned(event, scene.brands)
    else:
        brands = [brand_told(event.for_user_id, scene, reading.row)]
    wanted = reading.row.source == RawEvent.Source.KEYWORD and brands[0].opens_keywords
    placed = place(event, scene, reading.delivery.people, told=brands, wanted=wanted)
    for said in placed:
        said.event, said.row = event, reading.row
    if event.parent_id and placed:
        scene.wanted_above.append((event.parent_id, 1))
    return len(placed)


@hear.register
def hear_along(event: ToldAlong, scene: Scene, reading: Reading) -> int:
    place(event.post, scene, reading.delivery.people)
    return 0


@hear.register
def hear_deletion(event: PostDeletion, scene: Scene, reading: Reading) -> int:
    brand_told(event.for_user_id, scene, reading.row)
    take(scene)
    deleted = delete_post(event.id, brands=scene.brands.values(), deleted_at=event.deleted_at)
    scene.tree.reread(deleted.post_ids)
    return len(deleted.messages)


@hear.register
def hear_revocation(event: Revocation, scene: Scene, reading: Reading) -> int:
    brand = BrandAccount.objects.filter(x_user_id=event.user_id).first()
    if brand is None:
        raise NoSuchAccount(event.user_id)
    take(scene)
    tokens.mark_for_reconnect(brand.pk, told_at=reading.row.received_at)
    return 1


@hear.register
def hear_replay_end(event: ReplayEnd, scene: Scene, reading: Reading) -> int:
    is_ours = recovering.end(
        event.job_id,
        is_complete=event.is_complete,
        words=event.words,
        told_at=reading.row.received_at,
    )
    return int(is_ours)


@hear.register(Signal)
@hear.register(Unknown)
def hear_nothing(event: Event, scene: Scene, reading: Reading) -> int:
    return 0
