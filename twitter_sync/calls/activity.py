"""The X Activity API: subscriptions, made with the handle's own token and listed and moved with the
app's, and the stream of all that they bring (reference: x-api §6)."""

from __future__ import annotations

from datetime import datetime, timedelta

from twitter_sync.answers import Answer
from twitter_sync.calls.base import Calls
from twitter_sync.fields import time_of
from twitter_sync.streaming import Stream

SUBSCRIPTIONS_PAGE = 1_000
MOST_BACKFILL_MINUTES = 5
ALMOST_A_SECOND = timedelta(microseconds=999_999)


class ActivityCalls(Calls):
    def subscriptions(self, *, page_token: str | None = None) -> Answer:
        """Of every handle of the app."""
        params = {"max_results": SUBSCRIPTIONS_PAGE, "pagination_token": page_token}
        return self.request("GET", "/2/activity/subscriptions", params=params)

    def subscribe(self, event_type: str, *, webhook_id: str = "", tag: str) -> Answer:
        """To a webhook and to whoever has the stream open; without one, to the stream alone."""
        body: dict[str, object] = {
            "event_type": event_type,
            "filter": {"user_id": self.x_user_id},
            "tag": tag,
        }
        if webhook_id:
            body["webhook_id"] = webhook_id
        return self.request("POST", "/2/activity/subscriptions", json=body)

    def move_subscription(self, subscription_id: str, *, webhook_id: str) -> Answer:
        route = f"/2/activity/subscriptions/{subscription_id}"
        return self.request("PUT", route, json={"webhook_id": webhook_id})

    def unsubscribe(self, subscription_id: str) -> Answer:
        return self.request("DELETE", f"/2/activity/subscriptions/{subscription_id}")

    def activity_stream(
        self,
        *,
        backfill_minutes: int = 0,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Stream:
        """Deliveries of every subscription of the app, a line each; X allows two such streams.

        `backfill_minutes`, five at most, repeats what was sent that long ago; `since` and `until`
        repeat a span, widened to the whole seconds that X knows, and then it ends. What a webhook
        gets as well comes here again, under the same `event_uuid`.
        """
        params: dict[str, object] = {}
        if backfill_minutes:
            params["backfill_minutes"] = min(backfill_minutes, MOST_BACKFILL_MINUTES)
        if since is not None:
            params["start_time"] = time_of(since)
        if until is not None:
            params["end_time"] = time_of(until + ALMOST_A_SECOND)
        return self.open_stream("/2/activity/stream", params)
