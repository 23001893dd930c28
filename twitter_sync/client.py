"""X's API as this product uses it: the one module that imports tweepy.

tweepy knows paths and parameters; the transport is ours (reference: x-api §14): our base URL, a
deadline, quotas counted before and corrected after each call, named errors, and no logging at all,
since tweepy's own prints tokens and message text at DEBUG.

Every method returns X's whole JSON body, a dict of `data`, `includes`, `errors` and `meta`, each
of which may be absent, and raises XError. No call may be made inside a database transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Self, TypeVar

import requests
import tweepy
from django.conf import settings

from accounts.models import BrandAccount
from twitter_sync import (
    answers,
    arrivals,
    budgets,
    metering,
    oauth,
    spending,
    tokens,
    transport,
)
from twitter_sync.answers import Answer
from twitter_sync.budgets import Purpose
from twitter_sync.calls.activity import ActivityCalls
from twitter_sync.calls.compliance import ComplianceCalls
from twitter_sync.calls.filtered import FilteredCalls
from twitter_sync.calls.media import MediaCalls
from twitter_sync.calls.webhooks import WebhookCalls
from twitter_sync.endpoints import endpoint_of
from twitter_sync.errors import TokenRejected, Unconfirmed
from twitter_sync.fields import ASK_FOR_DMS, ASK_FOR_POSTS, USER_FIELDS, VIEWER_FIELDS
from twitter_sync.oauth import TokenPair
from twitter_sync.streaming import PATIENCE_SECONDS, Stream
from twitter_sync.transport import Opened, Reply

MAX_PAGE = 100
Made = TypeVar("Made")


class Client(
    ActivityCalls,
    WebhookCalls,
    FilteredCalls,
    ComplianceCalls,
    MediaCalls,
    tweepy.Client,  # type: ignore[misc] # tweepy is untyped
):
    bearer_token: str

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
        """Speaks as the developer app: webhooks, lists of subscriptions."""
        return cls(oauth.app_bearer(), scope=budgets.APP, purpose=purpose)

    @classmethod
    def for_newcomer(cls, pair: TokenPair) -> Self:
        """Speaks as someone who has just consented and whose id we can't know before `me`."""
        return cls(pair.access_token, scope=budgets.UNCOUNTED)

    @property
    def x_user_id(self) -> str:
        """Of the handle that this client speaks as."""
        if self.brand is None:
            raise TypeError("Only a client made by for_brand speaks as a known handle.")
        return self.brand.x_user_id

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
                text=text,
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

    # Transport

    def request(
        self,
        method: str,
        route: str,
        params: dict[str, Any] | None = None,
        json: dict[str, Any] | None = None,
        user_auth: bool = False,
    ) -> Answer:
        reply = self.exchange(method, route, params=params, json=json)
        endpoint = endpoint_of(method, route)
        answer = answers.read(reply, endpoint=endpoint)
        metering.count_answer(self.scope, endpoint, answer, sent=json)
        arrivals.check(endpoint, answer)
        return answer

    def exchange(self, method: str, route: str, **sent: Any) -> Reply:
        return self._with_a_good_token(lambda: self._exchange(method, route, sent))

    def open_stream(
        self, route: str, params: dict[str, Any], *, patience: float = PATIENCE_SECONDS
    ) -> Stream:
        return self._with_a_good_token(lambda: self._open(route, params, patience))

    def _with_a_good_token(self, call: Callable[[], Made]) -> Made:
        """One call, and a second with a renewed token when X refuses the first one's (401).

        Refused twice, the brand needs a reconnect and makes no more calls (trust T3).
        """
        try:
            return call()
        except TokenRejected:
            if not self._renew():
                raise
        try:
            return call()
        except TokenRejected:
            if self.brand is not None:
                tokens.mark_for_reconnect(self.brand.pk)
            raise

    def _renew(self) -> bool:
        """Whether there is another token to try. Raises TokenRejected when X gives none."""
        if self.brand is not None:
            self.bearer_token = tokens.renewed(self.brand, rejected=self.bearer_token)
        elif self.scope == budgets.APP:
            self.bearer_token = oauth.app_bearer(rejected=self.bearer_token)
        else:
            return False
        return True

    def _exchange(self, method: str, route: str, sent: dict[str, Any]) -> Reply:
        endpoint = endpoint_of(method, route)
        spending.require_leave(endpoint, self.purpose)
        budgets.take(self.scope, endpoint, purpose=self.purpose)
        with metering.counted(self.scope, endpoint):
            reply = transport.exchange(
                self.session,
                method,
                _address(route),
                endpoint=endpoint,
                headers=self._headers(),
                **sent,
            )
            return self._accepted(reply, endpoint)

    def _open(self, route: str, params: dict[str, Any], patience: float) -> Stream:
        endpoint = endpoint_of("GET", route)
        spending.require_leave(endpoint, self.purpose)
        budgets.take(self.scope, endpoint, purpose=self.purpose)
        with metering.counted(self.scope, endpoint):
            opened = self._opened(route, params, patience, endpoint)
        budgets.note_headers(self.scope, endpoint, opened.response.headers)
        return Stream(opened, endpoint=endpoint, patience=patience)

    def _opened(self, route: str, params: dict[str, Any], patience: float, endpoint: str) -> Opened:
        opened = transport.opened(
            self.session,
            _address(route),
            endpoint=endpoint,
            patience=patience,
            params=params,
            # Compressed, a line would wait for its neighbours.
            headers=self._headers() | {"Accept-Encoding": "identity"},
        )
        if isinstance(opened, Reply):
            self._accepted(opened, endpoint)
            raise Unconfirmed(endpoint=endpoint, status=opened.status, problem="no stream")
        return opened

    def _accepted(self, reply: Reply, endpoint: str) -> Reply:
        """The reply, when it is a success; its quota is noted in any case."""
        resets_at = budgets.note(self.scope, endpoint, reply)
        if not 200 <= reply.status < 300:
            raise answers.error(reply, endpoint=endpoint, resets_at=resets_at)
        return reply

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.bearer_token}", "User-Agent": "Handled"}


def _address(route: str) -> str:
    return f"{settings.X_API_URL}{route}"


def _answer(answer: Any) -> Answer:
    """What tweepy handed on of `request`, typed."""
    typed: Answer = answer
    return typed
