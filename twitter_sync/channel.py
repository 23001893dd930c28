"""Answers to what the inbox asks about X (`inbox.channel`), from what we hold."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from decimal import Decimal
from urllib.parse import quote, urlencode

from accounts import clock
from accounts.models import BrandAccount
from inbox.channel import ContextPost, Forbidden, Hole, Quota, Reach
from twitter_sync import completeness, context, costs, quotas, reach
from twitter_sync.billing import Kind
from twitter_sync.models import KnownPost

DM_LINK = "https://twitter.com/messages/compose"


class XChannel:
    def begun_by(self, x_conversation_ids: Collection[str]) -> dict[str, str]:
        """X names a conversation after the post that began it."""
        known = KnownPost.objects.filter(pk__in=x_conversation_ids).exclude(author_id="")
        return dict(known.values_list("post_id", "author_id"))

    def context_of(self, posts: Collection[str], answered: Collection[str]) -> list[ContextPost]:
        return context.context_of(posts, answered)

    def holes(
        self, brand_id: int, kinds: Collection[str], *, since: datetime, until: datetime
    ) -> list[Hole]:
        return completeness.holes(brand_id, kinds, since=since, until=until)

    def dm_link(self, x_user_id: str, words: str) -> str:
        asked = {"recipient_id": x_user_id, "text": words}
        return f"{DM_LINK}?{urlencode(asked, quote_via=quote)}"

    def price_of_link(self) -> Decimal:
        return costs.prices()[Kind.POST_WITH_LINK].usd

    def quota(self, brand: BrandAccount, kinds: Collection[str]) -> dict[str, Quota]:
        return quotas.to_send(brand, kinds)

    def can_message(self, brand_id: int, contact_id: int) -> Forbidden | None:
        return reach.last_refusal(brand_id, contact_id)

    def reach(self, brand_id: int, contact_id: int) -> Reach:
        return reach.last_said(brand_id, contact_id, clock.now())

    def can_answer(self, brand: BrandAccount, posts: Collection[str]) -> dict[str, str]:
        return reach.unanswerable(brand, posts)
