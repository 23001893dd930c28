"""Webhooks of the app, with its bearer (reference: x-api §5)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from twitter_sync.answers import Answer
from twitter_sync.calls.base import Calls

ONE_MINUTE = timedelta(minutes=1)


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

    def replay_webhook(self, webhook_id: str, *, since: datetime, until: datetime) -> Answer:
        """Sends again what was sent in that span, which may begin 24 hours ago at most.

        X knows whole minutes: the span is widened to them. The last delivery says how it went.
        """
        body = {
            "webhook_id": webhook_id,
            "from_date": f"{since.astimezone(UTC):%Y%m%d%H%M}",
            "to_date": f"{_next_minute(until):%Y%m%d%H%M}",
        }
        return self.request("POST", "/2/webhooks/replay", json=body)


def _next_minute(moment: datetime) -> datetime:
    begun = moment.astimezone(UTC).replace(second=0, microsecond=0)
    return begun if begun == moment else begun + ONE_MINUTE
