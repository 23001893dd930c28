"""Webhooks of the app, with its bearer (reference: x-api §5)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from accounts import clock
from twitter_sync.answers import Answer
from twitter_sync.calls.base import Calls

ONE_MINUTE = timedelta(minutes=1)
A_DAY = timedelta(hours=24)


class WebhookCalls(Calls):
    def webhooks(self) -> Answer:
        return self.request("GET", "/2/webhooks")

    def register_webhook(self, url: str) -> Answer:
        """X asks the address for its CRC answer before it answers us."""
        return self.request("POST", "/2/webhooks", json={"url": url})

    def check_webhook(self, webhook_id: str) -> Answer:
        """Makes X ask for the CRC answer now, which also switches a failed webhook on again."""
        return self.request("PUT", f"/2/webhooks/{webhook_id}")

    def remove_webhook(self, webhook_id: str) -> Answer:
        return self.request("DELETE", f"/2/webhooks/{webhook_id}")

    def replay_webhook(
        self, webhook_id: str, *, since: datetime, until: datetime, now: datetime | None = None
    ) -> Answer:
        """Sends again what was sent in that span, or could not be. X challenges our address first.

        X knows whole minutes: the span is widened to them, but not into the future nor beyond the
        past 24 hours, where X refuses it. The last delivery says how it went.
        """
        now = now or clock.now()
        ends = min(_minute_after(until), _minute(now))
        begins = min(max(_minute(since), _minute_after(now - A_DAY)), ends - ONE_MINUTE)
        body = {
            "webhook_id": webhook_id,
            "from_date": f"{begins:%Y%m%d%H%M}",
            "to_date": f"{ends:%Y%m%d%H%M}",
        }
        return self.request("POST", "/2/webhooks/replay", json=body)


def _minute(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(second=0, microsecond=0)


def _minute_after(moment: datetime) -> datetime:
    begun = _minute(moment)
    return begun if begun == moment else begun + ONE_MINUTE
