"""X's API as this product uses it: the one module that imports tweepy.

tweepy knows paths and parameters; how a call is made is ours (`calls.base`, reference: x-api §14):
our base URL, a deadline, quotas counted before and corrected after each call, named errors, and no
logging at all, since tweepy's own prints tokens and message text at DEBUG.

Every method returns X's whole JSON body, a dict of `data`, `includes`, `errors` and `meta`, each
of which may be absent, and raises XError. No call may be made inside a database transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Self

import requests
import tweepy

from accounts.models import BrandAccount
from twitter_sync import arrivals, budgets, oauth, tokens, transport
from twitter_sync.answers import Answer
from twitter_sync.budgets import Purpose
from twitter_sync.calls.activity import ActivityCalls
from twitter_sync.calls.compliance import ComplianceCalls
from twitter_sync.calls.filtered import FilteredCalls
from twitter_sync.calls.media import MediaCalls
from twitter_sync.calls.webhooks import WebhookCalls
from twitter_sync.fields import ASK_FOR_DMS, ASK_FOR_POSTS, USER_FIELDS, VIEWER_FIELDS
from twitter_sync.oauth import TokenPair

MAX_PAGE = 100


class Client(
    ActivityCalls,
    WebhookCalls,
    FilteredCalls,
    ComplianceCalls,
    MediaCalls,
    tweepy.Client,  # type: ignore[misc] # tweepy is untyped
):
    def __init__(
        self,
        token: str,
        *,
        scope: str,
        brand: BrandAccount | None = None,
        purpose: Purpose = Purpose.AGENT,
    ) -> None:
        # tweepy hands on whatever `request` returns when told to return a Response.
        super().__init__(token, return_type=requests.Response, wait_on_rate_limit=False)
        self.session = transport.session()
        self.scope = scope
        self.brand = brand
        self.purpose = purpose

    @classmethod
    def for_brand(cls, brand: BrandAccount, *, purpose: Purpose = Purpose.AGENT) -> Self:
        """Speaks as the brand's handle. Raises NotConnected, or what renewing the token raised."""
        token = tokens.usable_access_token(brand)
        scope = budgets.user_scope(brand.x_user_id)
        return cls(token, scope=scope, brand=brand, purpose=purpose)

    @classmethod
    def for_app(cls, *, purpose: Purpose = Purpose.AGENT) -> Self:
        """Speaks as the developer app: webhooks, streams, and what is of no handle alone."""
        return cls(oauth.app_bearer(), scope=budgets.APP, purpose=purpose)

    @classmethod
    def for_newcomer(cls, pair: TokenPair) -> Self:
        """Speaks as someone who has just consented and whose id we can't know before `me`."""
        return cls(pair.access_token, scope=budgets.UNCOUNTED)

    # Who

    def me(self) -> Answer:
        return _answer(self.get_me(user_auth=False, user_fields=USER_FIELDS))

    def users(
        self, *, ids: Sequence[str] | None = None, usernames: Sequence[str] | None = None
    ) -> Answer:
        """At most 100. As a brand, also whether each takes the brand's DMs."""
        fields = USER_FIELDS if self.brand is None else [*USER_FIELDS, *VIEWER_FIELDS]
        asked = {"ids": list(ids)} if ids is not None else {"usernames": list(usernames or ())}
        answer = _answer(self.get_users(**asked, user_auth=False, user_fields=fields))
        if self.brand is not None:
            arrivals.check_viewer("users", answer)
        return answer

    # Direct messages

    def dm_events(self, *, page_token: str | None = None, max_results: int = MAX_PAGE) -> Answer:
        """Newest first, of the last 30 days, from every conversation of the handle."""
        return self._dm_events(page_token, max_results)

    def dm_events_of(
        self, conversation_id: str, *, page_token: str | None = None, max_results: int = MAX_PAGE
    ) -> Answer:
        return self._dm_events(page_token, max_results, dm_conversation_id=conversation_id)

    def dm_events_with(
        self, x_user_id: str, *, page_token: str | None = None, max_results: int = MAX_PAGE
    ) -> Answer:
        return self._dm_events(page_token, max_results, participant_id=x_user_id)

    def _dm_events(self, page_token: str | None, max_results: int, **which: str) -> Answer:
        return _answer(
            self.get_direct_message_events(
                **which,
                **ASK_FOR_DMS,
                pagination_token=page_token,
                max_results=max_results,
                user_auth=False,
            )
        )

    def dm_event(self, event_id: str) -> Answer:
        named = ("dm_event.fields", "expansions", "media.fields", "user.fields")
        route = f"/2/dm_events/{event_id}"
        asked = self._make_request("GET", route, ASK_FOR_DMS, endpoint_parameters=named)
        return _answer(asked)

    def send_dm(
        self, text: str, *, to: str = "", conversation_id: str = "", media_id: str = ""
    ) -> Answer:
        """To a person or into a conversation, with at most one file that the handle uploaded.

        X has no idempotency key: never repeat blindly.
        """
        return _answer(
            self.create_direct_message(
                text=text or None,
                media_id=media_id or None,
                participant_id=to or None,
                dm_conversation_id=conversation_id or None,
                user_auth=False,
            )
        )

    def delete_dm(self, event_id: str) -> Answer:
        """Of the handle's own messages, and for the handle: the other side may keep it."""
        return self.request("DELETE", f"/2/dm_events/{event_id}")

    def block_dms(self, x_user_id: str) -> Answer:
        """X carries messages between the handle and that person no more. Harmless twice."""
        return self.request("POST", f"/2/users/{x_user_id}/dm/block")

    def unblock_dms(self, x_user_id: str) -> Answer:
        return self.request("POST", f"/2/users/{x_user_id}/dm/unblock")

    # Posts

    def create_post(
        self, text: str, *, answering: str | None = None, media_ids: Sequence[str] = ()
    ) -> Answer:
        """With at most four pictures, or one film, that the handle uploaded."""
        return _answer(
            self.create_tweet(
                text=text or None,
                in_reply_to_tweet_id=answering,
                media_ids=list(media_ids) or None,
                user_auth=False,
            )
        )

    def delete_post(self, post_id: str) -> Answer:
        return _answer(self.delete_tweet(post_id, user_auth=False))

    def hide_post(self, post_id: str) -> Answer:
        """An answer in a conversation that the handle began; other answers X refuses (403)."""
        return _answer(self.hide_reply(post_id, user_auth=False))

    def unhide_post(self, post_id: str) -> Answer:
        return _answer(self.unhide_reply(post_id, user_auth=False))

    def posts(self, ids: Sequence[str]) -> Answer:
        """At most 100, by id. What can't be had is named in `errors`."""
        return _answer(self.get_tweets(list(ids), user_auth=False, **ASK_FOR_POSTS))

    def own_posts(
        self,
        *,
        since_id: str | None = None,
        until_id: str | None = None,
        page_token: str | None = None,
        max_results: int = MAX_PAGE,
    ) -> Answer:
        return self._timeline(self.get_users_tweets, since_id, until_id, page_token, max_results)

    def mentions(
        self,
        *,
        since_id: str | None = None,
        until_id: str | None = None,
        page_token: str | None = None,
        max_results: int = MAX_PAGE,
    ) -> Answer:
        return self._timeline(self.get_users_mentions, since_id, until_id, page_token, max_results)

    def _timeline(
        self,
        ask: Callable[..., Any],
        since_id: str | None,
        until_id: str | None,
        page_token: str | None,
        max_results: int,
    ) -> Answer:
        return _answer(
            ask(
                self.x_user_id,
                **ASK_FOR_POSTS,
                since_id=since_id,
                until_id=until_id,
                pagination_token=page_token,
                max_results=max_results,
                user_auth=False,
            )
        )

    def search(
        self,
        query: str,
        *,
        since_id: str | None = None,
        until_id: str | None = None,
        page_token: str | None = None,
        max_results: int = MAX_PAGE,
    ) -> Answer:
        """Posts of the last seven days, newest first, e.g. `conversation_id:ID`."""
        return _answer(
            self.search_recent_tweets(
                query,
                **ASK_FOR_POSTS,
                since_id=since_id,
                until_id=until_id,
                next_token=page_token,
                max_results=max_results,
                user_auth=False,
            )
        )


def _answer(answer: Any) -> Answer:
    """What tweepy handed on of `request`, typed."""
    typed: Answer = answer
    return typed
