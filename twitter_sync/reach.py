"""Whether X would carry a message, as far as we know without asking it (x-api §3.2, §4)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db.models import Q

from accounts.models import BrandAccount
from inbox import channel
from inbox.models import Message
from twitter_sync.models import KnownPost, Reach, SendAttempt

FORBIDDEN = 403
# What X said longer ago is asked for anew when somebody is about to write.
OLD_AFTER = timedelta(hours=12)
NOT_ENGAGED = "X takes no answer to this post: it neither names, quotes nor answers {brand}."
PROTECTED = "X takes no answer to this post: its author’s posts are protected."


def last_refusal(brand_id: int, contact_id: int) -> channel.Forbidden | None:
    """The last private message that X forbade, unless the person has written in private since, or
    X has taken one. Two queries."""
    attempts = SendAttempt.objects.filter(
        message__kind=Message.Kind.DM,
        message__conversation__brand=brand_id,
        message__conversation__contact=contact_id,
        finished_at__isnull=False,
    )
    last = attempts.order_by("-pk").first()
    if last is None or last.finished_at is None or last.status != FORBIDDEN:
        return None
    since = Message.objects.incoming().filter(
        kind=Message.Kind.DM,
        conversation__brand=brand_id,
        conversation__contact=contact_id,
        sent_at__gt=last.finished_at,
    )
    return None if since.exists() else channel.Forbidden(last.reason, last.finished_at)


def last_said(brand_id: int, contact_id: int, now: datetime) -> channel.Reach:
    """What X last said of the person to the handle, and whether it is to be asked. One query."""
    row = Reach.objects.filter(brand=brand_id, contact=contact_id).first()
    if row is None:
        return channel.Reach(is_to_be_asked=True)
    is_fresh = any(at and at >= too_old(now) for at in (row.said_at, row.asked_at))
    account: channel.Account = row.account  # type: ignore[assignment]  # one of its choices
    return channel.Reach(row.takes_dms, account, row.said_at, is_to_be_asked=not is_fresh)


def is_old(now: datetime) -> Q:
    return Q(said_at=None) | Q(said_at__lt=too_old(now))


def too_old(now: datetime) -> datetime:
    return now - OLD_AFTER


def unanswerable(brand: BrandAccount, posts: Collection[str]) -> dict[str, str]:
    """Why X takes no answer from the brand to each of these posts; answerable ones, and those of
    which we know too little, are left out. Two queries for any number.

    X's gate: the author of a post must have named the brand in it, quoted the brand or answered it.
    """
    known = list(KnownPost.objects.seen().filter(pk__in=list(posts)))
    quoted = KnownPost.objects.filter(pk__in=[post.quoted_id for post in known if post.quoted_id])
    quotes_of_brand = set(quoted.filter(author_id=brand.x_user_id).values_list("pk", flat=True))
    told = {}
    for post in known:
        if post.is_protected:
            told[post.post_id] = PROTECTED
        elif not brand.answers_anyone and not is_engaged(post, brand, quotes_of_brand):
            told[post.post_id] = NOT_ENGAGED.format(brand=brand)
    return told


def is_engaged(post: KnownPost, brand: BrandAccount, quotes_of_brand: set[str]) -> bool:
    if brand.x_user_id in (post.author_id, post.answers_user_id):
        return True
    return post.quoted_id in quotes_of_brand or any(
        mention.get("id") == brand.x_user_id
        or mention.get("username", "").casefold() == brand.handle.casefold()
        for mention in post.entities.get("mentions", [])
    )
