"""What one row of the ledger means: parse it, then one call to the inbox for each event in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import singledispatch

from django.db.models import Q

from accounts.models import BrandAccount
from inbox.actions.receiving import receive
from twitter_sync import tokens
from twitter_sync.actions import recovering
from twitter_sync.actions.deleting import delete_post
from twitter_sync.actions.introducing import ask_who, introduce
from twitter_sync.actions.noticing import notice
from twitter_sync.actions.placing import (
    Brands,
    MustWait,
    Scene,
    active_brands,
    concerned,
    place,
)
from twitter_sync.actions.remembering import give_up, remember, wait_for, want_above
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
    parse,
)
from twitter_sync.utterances import of_direct_message, of_encrypted_message


class NoSuchAccount(Exception):
    """Told for a handle that is not connected here, or about people that are not its own."""

    def __init__(self, x_user_id: str | None) -> None:
        self.x_user_id = x_user_id or "nobody"
        super().__init__(self.x_user_id)


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


@dataclass(frozen=True, slots=True)
class ToldAlong:
    """A post that X shows beside those it tells of: a message where its thread is held already."""

    post: Post
    id: str
    conversation_id: str


def interpret(row: RawEvent, brands: Brands) -> Outcome:
    """Applies every event in `row`. Raises Unreadable when there is no sense in it at all.

    `brands` are those for which messages are taken, by X's id, as they were known to be when this
    worker began; what was connected since is looked for.
    """
    delivery = parse(bytes(row.body))
    brands = with_newcomers(brands, row, delivery.events)
    outcome = Outcome(brand_id_of(row, delivery, brands), unreadable=list(delivery.unreadable))
    scene = Scene(brands, delivery.people, posts_in(delivery))
    along = [ToldAlong(post, post.id, post.conversation_id) for post in delivery.context]
    for event in in_order([*delivery.events, *along]):
        try:
            outcome.received += hear_patiently(event, scene, row)
        except MustWait as wait:
            outcome.waits_for = wait.post_id
        except NoSuchAccount as missing:
            outcome.no_such_account = missing.x_user_id
        if isinstance(event, Unknown):
            outcome.unknown.append(f"unknown: {event.kind}")
    if row.source in (RawEvent.Source.POLL, RawEvent.Source.HISTORY):
        introduce(delivery.people, as_of=row.received_at)
    return outcome


def with_newcomers(brands: Brands, row: RawEvent, events: Iterable[Event]) -> Brands:
    """Also those that a push names or that asked for the row, connected since `brands` was read."""
    named = {str(getattr(event, "for_user_id", None) or "") for event in events}
    missing = named - brands.keys() - {""}
    asked = {row.brand_id} - {brand.pk for brand in brands.values()} - {None}
    if not missing and not asked:
        return brands
    newcomers = active_brands().filter(Q(x_user_id__in=missing) | Q(pk__in=asked))
    return {**brands, **{brand.x_user_id: brand for brand in newcomers}}


def brand_id_of(row: RawEvent, delivery: Delivery, brands: Brands) -> int | None:
    """The brand that asked for the row, or the first that X tells it to."""
    told = (str(getattr(event, "for_user_id", "")) for event in delivery.events)
    named = (brands[x_user_id].pk for x_user_id in told if x_user_id in brands)
    return row.brand_id or next(named, None)


def posts_in(delivery: Delivery) -> Mapping[str, KnownPost]:
    """Remembers every post that a delivery tells of, before one of them is placed."""
    posts = [*delivery.context, *(event for event in delivery.events if isinstance(event, Post))]
    if delivery.missing:
        give_up(delivery.missing)
    return remember(posts, delivery.people) if posts else {}


def in_order(events: Iterable[Event | ToldAlong]) -> list[Event | ToldAlong]:
    """By conversation, then by id, what is told along among the rest: no two workers can wait for
    each other in a circle."""
    return sorted(events, key=lambda event: (place_of(event), getattr(event, "id", "")))


def place_of(event: Event | ToldAlong) -> str:
    return str(getattr(event, "conversation_id", ""))


def hear_patiently(event: Event | ToldAlong, scene: Scene, row: RawEvent) -> int:
    """Raises MustWait for a post that must wait, once it is sure to be woken."""
    while True:
        try:
            return hear(event, scene, row)
        except MustWait as wait:
            if wait_for(wait.post_id):
                raise


def told(for_user_id: str | None, scene: Scene, row: RawEvent) -> BrandAccount:
    """The brand that asked X for it, else that X tells it to. Raises NoSuchAccount."""
    x_user_id = row.brand.x_user_id if row.brand else for_user_id
    brand = scene.brands.get(x_user_id or "")
    if brand is None:
        raise NoSuchAccount(x_user_id)
    return brand


@singledispatch
def hear(event: Event | ToldAlong, scene: Scene, row: RawEvent) -> int:
    """Tells the inbox. Returns how many messages it made or found.

    Raises NoSuchAccount and MustWait.
    """
    raise NotImplementedError(f"nothing is done with {type(event).__name__}")


@hear.register
def hear_message(event: DirectMessage, scene: Scene, row: RawEvent) -> int:
    brand = told(event.for_user_id, scene, row)
    if not event.is_between_two or event.sender_id == event.recipient_id:
        return 0
    if brand.x_user_id not in (event.sender_id, event.recipient_id):
        raise NoSuchAccount(brand.x_user_id)
    notice(receive(brand, of_direct_message(event, brand, scene.people)), event, row)
    return 1


@hear.register
def hear_encrypted(event: EncryptedMessage, scene: Scene, row: RawEvent) -> int:
    brand = told(event.for_user_id, scene, row)
    if not event.is_between_two:
        return 0
    if brand.x_user_id not in event.conversation_id.split("-"):
        raise NoSuchAccount(brand.x_user_id)
    receive(brand, of_encrypted_message(event, brand, scene.people))
    return 1


@hear.register
def hear_post(event: Post, scene: Scene, row: RawEvent) -> int:
    if row.source == RawEvent.Source.LOOK_UP:
        brands = concerned(event, scene.brands)
    else:
        brands = [told(event.for_user_id, scene, row)]
    placed = place(event, scene, told=brands)
    if event.parent_id and placed:
        want_above(event.parent_id, hops=1)
    for message in placed:
        notice(message, event, row)
        ask_who(message, scene.people)
    return len(placed)


@hear.register
def hear_along(event: ToldAlong, scene: Scene, row: RawEvent) -> int:
    place(event.post, scene)
    return 0


@hear.register
def hear_deletion(event: PostDeletion, scene: Scene, row: RawEvent) -> int:
    told(event.for_user_id, scene, row)
    return len(delete_post(event.id, brands=scene.brands.values(), deleted_at=event.deleted_at))


@hear.register
def hear_revocation(event: Revocation, scene: Scene, row: RawEvent) -> int:
    brand = BrandAccount.objects.filter(x_user_id=event.user_id).first()
    if brand is None:
        raise NoSuchAccount(event.user_id)
    tokens.mark_for_reconnect(brand.pk, told_at=row.received_at)
    return 1


@hear.register
def hear_replay_end(event: ReplayEnd, scene: Scene, row: RawEvent) -> int:
    is_ours = recovering.end(
        event.job_id, is_complete=event.is_complete, words=event.words, told_at=row.received_at
    )
    return int(is_ours)


@hear.register(Signal)
@hear.register(Unknown)
def hear_nothing(event: Event, scene: Scene, row: RawEvent) -> int:
    return 0
