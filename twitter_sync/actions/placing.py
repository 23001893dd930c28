"""Which brand's conversation a public post belongs to, and with whom (design §4.1).

A post is a message for brand B when it names B, answers B, quotes B (if B wants that), is B's
answer to someone, or is another post by C in an X conversation that (B, C) holds. C is its author;
for B's own posts, the author of the nearest ancestor that is not by B. Everything else is context
and stays in the known tree.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import QuerySet

from accounts.models import BrandAccount
from inbox.utterance import Utterance
from twitter_sync.models import KnownPost
from twitter_sync.payloads import Post
from twitter_sync.scene import Brands, Said, Scene
from twitter_sync.tree import Tree
from twitter_sync.utterances import People, of_post, post_of


class MustWait(Exception):
    """The post can't be placed before `post_id` is known."""

    def __init__(self, post_id: str) -> None:
        self.post_id = post_id
        super().__init__(post_id)


def active_brands() -> QuerySet[BrandAccount]:
    """Brands for which messages are taken: all but those that were disconnected."""
    return BrandAccount.objects.exclude(status=BrandAccount.Status.DISCONNECTED)


def place(
    post: Post,
    scene: Scene,
    people: People,
    *,
    told: Iterable[BrandAccount] = (),
    wanted: bool = False,
) -> list[Said]:
    """Says `post` as a message of each brand that it is one of. Raises MustWait.

    Asked are the brands that were `told` of it, and those that talk with its author in the same X
    conversation; what a protected author says is for the told ones alone. `people` are those that
    the payload names. The post is remembered already. The told ones may have `wanted` it whether or
    not it concerns them.
    """
    known = scene.tree[post.id]
    if post.is_repost or known.is_deleted:
        return []
    conversation_id = conversation_of(post, known, scene.tree)
    scene.lock([conversation_id])
    holders = scene.holders(conversation_id, post.author_id)
    brands = {brand.pk: brand for brand in told}
    wanting = set(brands) if wanted else set()
    if not known.is_protected:
        brands |= holders
    found = Found(post, conversation_id, people, scene)
    placed = [
        place_at(brand, found, is_wanted=key in wanting) for key, brand in sorted(brands.items())
    ]
    return [said for said in placed if said is not None]


@dataclass(frozen=True, slots=True)
class Found:
    """A post where it stands: its X conversation, the people that the payload names, and what else
    is known there."""

    post: Post
    conversation_id: str
    people: People
    scene: Scene

    def is_talk(self, brand: BrandAccount, x_user_id: str) -> bool:
        """The brand talks with that person there already."""
        return brand.pk in self.scene.holders(self.conversation_id, x_user_id)

    def say(self, brand: BrandAccount, customer_id: str) -> Said:
        said = self.utterance(self.post, brand, customer_id, self.people)
        return self.scene.say(brand, said, self.people, expects_more=True)

    def say_the_rest(self, brand: BrandAccount, customer_id: str) -> None:
        """What the customer said there before it concerned the brand."""
        for known in self.scene.tree.said_by(customer_id, self.conversation_id):
            if known.may_be_message and known.post_id != self.post.id:
                rest = self.utterance(post_of(known), brand, customer_id, people={})
                self.scene.say(brand, rest, people={})

    def utterance(
        self, post: Post, brand: BrandAccount, customer_id: str, people: People
    ) -> Utterance:
        return of_post(
            post,
            brand,
            customer_id=customer_id,
            x_conversation_id=self.conversation_id,
            people=people,
        )


def place_at(brand: BrandAccount, found: Found, *, is_wanted: bool) -> Said | None:
    """For one brand, which may have wanted the post whether or not it concerns it."""
    post, scene = found.post, found.scene
    talks = found.is_talk(brand, post.author_id)
    customer_id = customer_of(brand, post, scene.tree, holds=talks or is_wanted)
    if customer_id is None:
        return None
    talks = found.is_talk(brand, customer_id)
    if not talks and customer_id in scene.brands and not brand.takes_connected_handles:
        return None
    said = found.say(brand, customer_id)
    if not talks:
        found.say_the_rest(brand, customer_id)
    return said


# Whose it is


def customer_of(brand: BrandAccount, post: Post, tree: Tree, *, holds: bool) -> str | None:
    """The other side of the conversation; None when the post is no message of the brand's. `holds`:
    the brand talks with the author there already, or wants to."""
    if post.author_id == brand.x_user_id:
        return answered_by(brand, post, tree)
    if holds or names(post, brand) or answers(post, brand, tree):
        return post.author_id
    if brand.takes_quotes and quotes(post, brand, tree):
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


def answers(post: Post, brand: BrandAccount, tree: Tree) -> bool:
    """The post answers a post by the brand. Raises MustWait when only its parent can tell."""
    if post.parent_id is None:
        return False
    if post.answers_user_id is not None:
        return post.answers_user_id == brand.x_user_id
    parent = tree[post.parent_id]
    if not parent.is_settled:
        raise MustWait(parent.post_id)
    return parent.author_id == brand.x_user_id


def quotes(post: Post, brand: BrandAccount, tree: Tree) -> bool:
    """The post shows one by the brand inside: X says so when it tells the brand of it."""
    if post.quoted_id is None:
        return False
    if post.quotes_user_id is not None:
        return post.quotes_user_id == brand.x_user_id
    quoted = tree.get(post.quoted_id)
    return quoted is not None and quoted.author_id == brand.x_user_id


def answered_by(brand: BrandAccount, post: Post, tree: Tree) -> str | None:
    """Whom the brand's own post answers; None for a broadcast and what the brand adds to it."""
    if post.parent_id is None:
        return None
    if post.answers_user_id and post.answers_user_id != brand.x_user_id:
        return post.answers_user_id
    below: Post | KnownPost = post
    for above in tree.upwards(post.parent_id, through=brand.x_user_id):
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


def conversation_of(post: Post, known: KnownPost, tree: Tree) -> str:
    """X's conversation. The older payloads don't say: then that of the parent, or what X says when
    asked, or the topmost post that we know of. Raises MustWait."""
    if told := post.conversation_id or known.x_conversation_id:
        return told
    top = topmost(known, tree)
    if top.x_conversation_id:
        return top.x_conversation_id
    if not known.is_settled:
        raise MustWait(known.post_id)
    return top.post_id


def topmost(known: KnownPost, tree: Tree) -> KnownPost:
    """The nearest post upwards that names its conversation, else the last that we have heard of."""
    top = known
    for top in tree.upwards(known.post_id):
        if top.x_conversation_id:
            break
    return top


def concerned(post: Post, brands: Brands) -> list[BrandAccount]:
    """The brands that a post that anyone may see is by, answers or names."""
    people = [str(mention.get("id")) for mention in post.entities.get("mentions", [])]
    people += [post.author_id, post.answers_user_id or ""]
    return [brands[person] for person in people if person in brands]
