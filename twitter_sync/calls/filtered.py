"""Posts by rules of ours: the filtered stream, of which X allows the app one, and the streams that
X believes to be open (reference: x-api §12)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from twitter_sync.answers import Answer
from twitter_sync.calls.base import Calls
from twitter_sync.fields import ASK_FOR_POSTS, query
from twitter_sync.streaming import Stream

RULES = "/2/tweets/search/stream/rules"
RULES_PAGE = 1_000
CONNECTION_FIELDS = [
    "id",
    "endpoint_name",
    "connected_at",
    "disconnected_at",
    "disconnect_reason",
]


@dataclass(frozen=True, slots=True)
class Rule:
    """`value` is in X's query language, 1,024 characters at most; the tag comes back with posts."""

    value: str
    tag: str = ""


class FilteredCalls(Calls):
    def post_stream(self, *, backfill_minutes: int = 0) -> Stream:
        """Posts that fit a rule, with the fields that pages have. Only enterprises get a backfill:
        it is asked for only where one is given."""
        backfill = {"backfill_minutes": backfill_minutes} if backfill_minutes else {}
        return self.open_stream("/2/tweets/search/stream", query(ASK_FOR_POSTS) | backfill)

    def rules(self, *, page_token: str | None = None) -> Answer:
        params = {"max_results": RULES_PAGE, "pagination_token": page_token}
        return self.request("GET", RULES, params=params)

    def add_rules(self, rules: Sequence[Rule], *, dry_run: bool = False) -> Answer:
        """`meta.summary` counts them; `errors` names those that X did not take, the others hold."""
        added = [
            {"value": rule.value, "tag": rule.tag} if rule.tag else {"value": rule.value}
            for rule in rules
        ]
        return self._change_rules({"add": added}, dry_run)

    def delete_rules(self, ids: Sequence[str], *, dry_run: bool = False) -> Answer:
        return self._change_rules({"delete": {"ids": list(ids)}}, dry_run)

    def _change_rules(self, body: dict[str, object], dry_run: bool) -> Answer:
        params = {"dry_run": "true"} if dry_run else None
        return self.request("POST", RULES, params=params, json=body)

    def rule_counts(self) -> Answer:
        """How many rules there are, and how many there may be."""
        return self.request("GET", f"{RULES}/counts")

    def connections(self, *, status: str = "active", page_token: str | None = None) -> Answer:
        """Streams that X knows of; `status` is active, inactive or all."""
        params = {
            "status": status,
            "connection.fields": ",".join(CONNECTION_FIELDS),
            "max_results": 100,
            "pagination_token": page_token,
        }
        return self.request("GET", "/2/connections", params=params)

    def end_connections(self, ids: Sequence[str]) -> Answer:
        """At most 100, by the ids of the list."""
        return self.request("DELETE", "/2/connections", json={"uuids": list(ids)})

    def end_connections_of(self, stream: str = "filtered_stream") -> Answer:
        return self.request("DELETE", f"/2/connections/{stream}")

    def end_all_connections(self) -> Answer:
        return self.request("DELETE", "/2/connections/all")
