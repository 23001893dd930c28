"""How a call to X is made: with whose token, within which quota, counted, ended by a named error.

`client.Client` makes itself from this and says what X can be asked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django.conf import settings

from accounts.models import BrandAccount
from twitter_sync import answers, arrivals, budgets, metering, oauth, spending, tokens, transport
from twitter_sync.answers import Answer
from twitter_sync.budgets import Purpose
from twitter_sync.endpoints import endpoint_of
from twitter_sync.errors import TokenRejected, Unconfirmed
from twitter_sync.streaming import PATIENCE_SECONDS, Stream
from twitter_sync.transport import Opened, Reply, Session

Made = TypeVar("Made")


class Calls:
    """`scope` is whose quota a call counts against; `brand` is the handle that calls, None for the
    app and for somebody who is none of ours yet."""

    session: Session
    bearer_token: str
    scope: str
    brand: BrandAccount | None
    purpose: Purpose

    @property
    def x_user_id(self) -> str:
        """Of the handle that this client speaks as."""
        if self.brand is None:
            raise TypeError("Only a client made by for_brand speaks as a known handle.")
        return self.brand.x_user_id

    def request(
        self,
        method: str,
        route: str,
        params: dict[str, Any] | None = None,
        json: dict[str, Any] | None = None,
        user_auth: bool = False,
    ) -> Answer:
        """One call and the JSON that X answers. Raises XError."""
        reply = self.exchange(method, route, params=params, json=json)
        endpoint = endpoint_of(method, route)
        answer = answers.read(reply, endpoint=endpoint)
        metering.count_answer(self.scope, endpoint, answer, sent=json)
        arrivals.check(endpoint, answer)
        return answer

    def exchange(self, method: str, route: str, **sent: Any) -> Reply:
        """One call of any other form, as `transport.exchange` takes it. Raises XError."""
        return self._with_a_good_token(lambda: self._exchange(method, route, sent))

    def open_stream(
        self, route: str, params: dict[str, Any], *, patience: float = PATIENCE_SECONDS
    ) -> Stream:
        """A call whose answer has no end. Raises XError."""
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
