"""What the calls of this package are made with; `client.Client` does it."""

from __future__ import annotations

from typing import Any

from twitter_sync.answers import Answer
from twitter_sync.streaming import PATIENCE_SECONDS, Stream
from twitter_sync.transport import Reply


class Calls:
    def request(
        self,
        method: str,
        route: str,
        params: dict[str, Any] | None = None,
        json: dict[str, Any] | None = None,
        user_auth: bool = False,
    ) -> Answer:
        """One call and the JSON that X answers. Raises XError."""
        raise NotImplementedError

    def exchange(self, method: str, route: str, **sent: Any) -> Reply:
        """One call of any other form, as `transport.exchange` takes it. Raises XError."""
        raise NotImplementedError

    def open_stream(
        self, route: str, params: dict[str, Any], *, patience: float = PATIENCE_SECONDS
    ) -> Stream:
        """A call whose answer has no end. Raises XError."""
        raise NotImplementedError

    @property
    def x_user_id(self) -> str:
        raise NotImplementedError
