"""Asking X for posts that others hang on: up to a hundred at a time, as the app, when due."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from accounts import clock
from inbox import rows
from inbox.actions.recording import keep, locked
from inbox.models import Conversation, Thread
from twitter_sync.actions.introducing import introduce
from twitter_sync.actions.placing import MustWait, active_brands, concerned
from twitter_sync.actions.recording import record_looked_up
from twitter_sync.actions.remembering import conclude, give_up, remember, want_above
from twitter_sync.actions.taking import take_post
from twitter_sync.backoff import delay
from twitter_sync.budgets import Purpose
from twitter_sync.client import Client
from twitter_sync.errors import RateLimited, XError
from twitter_sync.failures import where
from twitter_sync.feeds import listed, page_of_one
from twitter_sync.models import KnownPost
from twitter_sync.payloads import Post, parse
from twitter_sync.scene import Brands, Scene
from twitter_sync.tree import Tree
from twitter_sync.utterances import People

MOST_AT_ONCE = 100
MOST_ATTEMPTS = 4
# Of a thread in which thousands take part, the desks hear of the newest conversations.
MOST_TOLD = 20
# Longer than a call to X may take; a worker that died leaves the rest to the next.
LEASE = timedelta(seconds=60)

log = structlog.get_logger(__name__)


def look_up_due() -> int:
    """Asks X for what is due. Returns how many posts were asked for."""
    post_ids = claim()
    if not post_ids:
        return 0
    try:
        page = Client.for_app(purpose=Purpose.POLL).posts(post_ids)
    except RateLimited as limit:
        KnownPost.objects.filter(pk__in=post_ids).update(
            look_up_at=limit.resets_at, look_up_attempts=F("look_up_attempts") - 1
        )
    except XError as error:
        log.warning("look-up failed", error=str(error), posts=len(post_ids))
        try_again(post_ids)
    else:
        tell_desks(settle(post_ids, page))
    return len(post_ids)


@transaction.atomic
def claim() -> list[str]:
    """Ids that are due, ours for the time of the lease. Those asked for in vain are given up."""
    due = KnownPost.objects.due().order_by("look_up_at").select_for_update(skip_locked=True)
    found = list(due[:MOST_AT_ONCE])
    in_vain = {known.pk for known in found if known.look_up_attempts >= MOST_ATTEMPTS}
    give_up(in_vain)
    post_ids = [known.pk for known in found if known.pk not in in_vain]
    KnownPost.objects.filter(pk__in=post_ids).update(
        look_up_at=Now() + LEASE, look_up_attempts=F("look_up_attempts") + 1
    )
    return post_ids


def try_again(post_ids: list[str]) -> None:
    for known in KnownPost.objects.filter(pk__in=post_ids):
        later = clock.now() + delay(known.look_up_attempts)
        KnownPost.objects.filter(pk=known.pk).update(look_up_at=later)


def settle(post_ids: list[str], page: dict[str, Any]) -> set[str]:
    """Keeps what X shows, gives up what it does not, and asks for what stands above. Returns the X
    conversations of what it shows.

    Each post is placed in a transaction of its own: one that held the locks of a hundred
    conversations would hold up every worker. Until it is, X is asked for it again: a worker that
    dies loses nothing. What was told along comes first; it has nobody else to be asked for.
    """
    delivery = parse(json.dumps(page).encode())
    told = [*delivery.context, *(event for event in delivery.events if isinstance(event, Post))]
    shown = {post.id: post for post in told}
    answer = keep_shown(post_ids, shown, delivery.people, page)
    oldest_first = [shown[post_id] for post_id in sorted(shown, key=int)]
    for post in oldest_first:
        if post.id not in post_ids:
            place_alone(post, answer)
    for post in oldest_first:
        if post.id in post_ids:
            place_asked(post, answer)
    introduce(delivery.people)
    return {post.conversation_id for post in oldest_first if post.conversation_id}


@dataclass(frozen=True, slots=True)
class Shown:
    """A page of X's, with the posts of it as they are known now, by id, and the people in it; and
    the brands for which messages are taken."""

    page: dict[str, Any]
    posts: Mapping[str, KnownPost]
    people: People
    brands: Brands

    def above(self, post: Post, post_id: str) -> tuple[str, int]:
        """A post that `post` hangs on, and how far it is from the one that made us ask."""
        return post_id, self.posts[post.id].hops + 1


@transaction.atomic
def keep_shown(
    post_ids: list[str], shown: dict[str, Post], people: People, page: dict[str, Any]
) -> Shown:
    """Everything that X shows is known before one of it is placed; the leases stay."""
    give_up(sorted(set(post_ids) - shown.keys()))
    leases = KnownPost.objects.locked(set(post_ids) & shown.keys())
    brands = {brand.x_user_id: brand for brand in active_brands()}
    known = remember((post, people) for post in shown.values())
    rows.update(leases, "look_up_at")
    return Shown(page, known, people, brands)


@transaction.atomic
def place_asked(post: Post, answer: Shown) -> None:
    """What waits for the post goes on when it is placed."""
    held = KnownPost.objects.locked({post.id, *post.earlier_ids})
    conclude([one for one in held if one.pk == post.id and one.look_up_at is not None])
    if post.parent_id:
        want_above(Tree(), [answer.above(post, post.parent_id)])
    place_alone(post, answer)


def tell_desks(x_conversation_ids: set[str]) -> None:
    """Who looks at a conversation sees what it hangs on as soon as we do (`twitter_sync.context`);
    one after the other, so that nobody waits for all of them."""
    threads = Thread.objects.filter(
        brand__in=active_brands(),
        kind=Thread.Kind.PUBLIC,
        x_conversation_id__in=x_conversation_ids,
        conversation__in=Conversation.objects.active(),
    )
    newest = threads.order_by("-conversation_id").values_list("conversation_id", flat=True)
    for conversation_id in newest[:MOST_TOLD]:
        with transaction.atomic():
            keep(locked(conversation_id), what="message")


def place_alone(post: Post, answer: Shown) -> None:
    """One post that fails costs the others of its page nothing, and is kept in the ledger: tried
    again there, and at last set aside for a replay. It is locked: whoever deletes it waits for the
    message, or is seen."""
    try:
        with transaction.atomic():
            KnownPost.objects.locked({post.id, *post.earlier_ids})
            told = concerned(post, answer.brands)
            take_post(post, Scene(answer.brands), answer.people, told=told)
    except MustWait as wait:
        want_above(Tree(), [answer.above(post, wait.post_id)])
    except Exception as error:
        log.error("post not placed", post=post.id, **where(error))
        record_looked_up(post.id, item_of(post.id, answer.page))


def item_of(post_id: str, page: dict[str, Any]) -> dict[str, Any]:
    """What the page says of one post, asked for or told along, as a page of its own."""
    includes = page.get("includes") or {}
    posts = [*listed(page, "data"), *listed(includes, "tweets"), *listed(includes, "posts")]
    return page_of_one(next(post for post in posts if post.get("id") == post_id), page)
