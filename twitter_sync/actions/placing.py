"""Which brand's conversation a public post belongs to, and with whom (design §4.1).

A post is a message for brand B when it names B, answers B, quotes B (if B wants that), is B's
answer to someone, or is another post by C in an X conversation that (B, C) holds. C is its author;
for B's own posts, the author of the nearest ancestor that is not by B. Everything else is context
and stays in the known tree.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db import connection
from django.db.models import QuerySet

from accounts.models import BrandAccount
from inbox.actions.receiving import receive
from inbox.models import Message
from twitter_sync.actions.searching import expect_more
from twitter_sync.models import KnownPost
from twitter_sync.payloads import Post
from twitter_sync.utterances import People, of_post, post_of

Brands = Mapping[str, BrandAccount]


class MustWait(Exception):
    """The post can't be placed before `post_id` is known."""

    def __init__(self, post_id: str) -> None:
        self.post_id = post_id
        super().__init__(post_id)


@dataclass(frozen=True, slots=True)
class Scene:
    """What an event is read against: the brands for which messages are taken, by X's id; the
    people that the payload names; the posts that it tells of, remembered."""

    brands: Brands
    people: People
    posts: Mapping[str, KnownPost]


def active_brands() -> QuerySet[BrandAccount]:
    """Brands for which messages are taken: all but those that were disconnected."""
    return BrandAccount.objects.exclude(status=BrandAccount.Status.DISCONNECTED)


def place(post: Post, scene: Scene, *, told: Iterable[BrandAccount] = ()) -> list[Message]:
    """Receives `post` as a message of each brand that it is one of. Raises MustWait.

    Asked are the brands that were `told` of it, and those that talk with its author in the same X
    conversation; what a protected author says is for the told ones alone. One X conversation at a
    time: of two workers, the second sees the thread that the first has opened.
    """
    known = scene.posts[post.id]
    if post.is_repost or known.is_deleted or was_deleted(post.earlier_ids):
        return []
    conversation_id = conversation_of(post, known)
    lock_conversation(conversation_id)
    holders = holders_of(conversation_id, post.author_id, scene.brands)
    brands = {brand.pk: brand for brand in told}
    if not known.is_protected:
        brands |= holders
    placed = [
        place_at(brand, post, conversation_id, scene, holds=brand.pk in holders)
        for _, brand in sorted(brands.items())
    ]
    return [message for message in placed if message is not None]


def place_at(
    brand: BrandAccount, post: Post, conversation_id: str, scene: Scene, *, holds: bool
) -> Message | None:
    """For one brand. `holds`: it talks with the post's author in this X conversation already."""
    customer_id = customer_of(brand, post, holds=holds)
    if customer_id is None:
        return None
    if customer_id != post.author_id:
        holds = brand.pk in holders_of(conversation_id, customer_id, scene.brands)
    if not holds and customer_id in scene.brands and not brand.takes_connected_handles:
        return None
    message = take(brand, post, customer_id, conversation_id, scene.people)
    if not holds:
        take_the_rest(brand, customer_id, conversation_id, besides=post.id)
    expect_more(brand.pk, conversation_id, customer_id, said_at=message.sent_at)
    return message


def take(
    brand: BrandAccount, post: Post, customer_id: str, conversation_id: str, people: People
) -> Message:
    utterance = of_post(
        post,
        brand,
        customer_id=customer_id,
        x_conversation_id=conversation_id,
        people=people,
    )
    return receive(brand, utterance)


def take_the_rest(
    brand: BrandAccount, customer_id: str, conversation_id: str, *, besides: str
) -> None:
    """What the customer said in the X conversation before it concerned the brand."""
    rest = KnownPost.objects.seen().filter(
        x_conversation_id=conversation_id,
        author_id=customer_id,
        is_repost=False,
        is_protected=False,
    )
    for known in rest.exclude(pk=besides).order_by("posted_at"):
        take(brand, post_of(known), customer_id, conversation_id, people={})


def was_deleted(post_ids: Iterable[str]) -> bool:
    """One form of a post is deleted with all others."""
    if not (ids := list(post_ids)):
        return False
    deleted = KnownPost.objects.filter(pk__in=ids, availability=KnownPost.Availability.DELETED)
    return deleted.exists()


def lock_conversation(conversation_id: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtext('public'), hashtext(%s))", [conversation_id]
        )


# Whose it is


def customer_of(brand: BrandAccount, post: Post, *, holds: bool) -> str | None:
    """The other side of the conversation; None when the post is no message of the brand's."""
    if post.author_id == brand.x_user_id:
        return answered_by(brand, post)
    if holds or names(post, brand) or answers(post, brand):
        return post.author_id
    if brand.takes_quotes and quotes(post, brand):
        return post.author_id
    return None


def names(post: Post, brand: BrandAccount) -> bool:
    """X's mentions carry the id, nearly always; the handle speaks where it is missing."""
    return any(
        mention["id"] == brand.x_user_id
        if "id" in mention
        else mention["username"].casefold() == brand.handle.casefold()
        for mention in post.entities.get("mentions", [])
    )


def answers(post: Post, brand: BrandAccount) -> bool:
    """The post answers a post by the brand. Raises MustWait when only its parent can tell."""
    if post.parent_id is None:
        return False
    if post.answers_user_id is not None:
        return post.answers_user_id == brand.x_user_id
    parent = KnownPost.objects.get(pk=post.parent_id)
    if not parent.is_settled:
        raise MustWait(parent.post_id)
    return parent.author_id == brand.x_user_id


def quotes(post: Post, brand: BrandAccount) -> bool:
    """The post shows one by the brand inside: X says so when it tells the brand of it."""
    if post.quoted_id is None:
        return False
    if post.quotes_user_id is not None:
        return post.quotes_user_id == brand.x_user_id
    return KnownPost.objects.filter(pk=post.quoted_id, author_id=brand.x_user_id).exists()


def answered_by(brand: BrandAccount, post: Post) -> str | None:
    """Whom the brand's own post answers; None for a broadcast and what the brand adds to it."""
    if post.parent_id is None:
        return None
    if post.answers_user_id and post.answers_user_id != brand.x_user_id:
        return post.answers_user_id
    below: Post | KnownPost = post
    for above in KnownPost.objects.upwards(post.parent_id, through=brand.x_user_id):
        if below.answers_user_id and below.answers_user_id != brand.x_user_id:
            return below.answers_user_id
        if not above.is_settled:
            raise MustWait(above.post_id)
        if not above.author_id:
            return first_named(below, brand) if below.answers_user_id else None
        if above.author_id != brand.x_user_id:
            return above.author_id
        below = above
    return None


def first_named(post: Post | KnownPost, brand: BrandAccount) -> str | None:
    """The post goes on from one of the brand's own that X does not show: its first name is whom it
    is for."""
    ids = (mention.get("id") for mention in post.entities.get("mentions", []))
    return next((person for person in ids if person and person != brand.x_user_id), None)


def conversation_of(post: Post, known: KnownPost) -> str:
    """X's conversation. The older payloads don't say: then that of the parent, or what X says when
    asked, or the topmost post that we know of. Raises MustWait."""
    if told := post.conversation_id or known.x_conversation_id:
        return told
    top = topmost(known)
    if top.x_conversation_id:
        return top.x_conversation_id
    if not known.is_settled:
        raise MustWait(known.post_id)
    return top.post_id


def topmost(known: KnownPost) -> KnownPost:
    """The nearest post upwards that names its conversation, else the last that we have heard of."""
    above = KnownPost.objects.filter(pk=known.parent_id).first() if known.parent_id else None
    if known.x_conversation_id or above is None:
        return known
    return topmost(above)


# Asked for every post, twice for our own; Django takes longer to word it than Postgres to answer.
HOLDERS = """
SELECT DISTINCT thread.brand_id FROM inbox_thread thread
JOIN inbox_conversation conversation ON conversation.id = thread.conversation_id
JOIN inbox_contact contact ON contact.id = conversation.contact_id
WHERE thread.brand_id = ANY(%s) AND thread.kind = 'public' AND thread.x_conversation_id = %s
  AND contact.x_user_id = %s
"""


def holders_of(conversation_id: str, x_user_id: str, brands: Brands) -> dict[int, BrandAccount]:
    """The brands that talk with a person in an X conversation, by key."""
    by_key = {brand.pk: brand for brand in brands.values()}
    with connection.cursor() as cursor:
        cursor.execute(HOLDERS, [list(by_key), conversation_id, x_user_id])
        return {key: by_key[key] for (key,) in cursor.fetchall()}


def concerned(post: Post, brands: Brands) -> list[BrandAccount]:
    """The brands that a post that anyone may see is by, answers or names."""
    people = [str(mention.get("id")) for mention in post.entities.get("mentions", [])]
    people += [post.author_id, post.answers_user_id or ""]
    return [brands[person] for person in people if person in brands]
