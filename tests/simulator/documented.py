"""What X says when it will not: documented, seen live or, where the source says so, neither.

The document's own error schemas are not what X sends, so errors are held against this table: one
row each, word for word, where `<…>` stands for what was asked.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

import httpx

from x_simulator.errors import BAD_GATEWAY

Json = dict[str, Any]
PROBLEMS = "https://api.x.com/2/problems/"
ABOUT_ERRORS = "X's page on response codes and errors"
LIVE = "seen live"
LIKE = "in the form of documented ones; these words are not documented"
OURS = "no document tells; see x_simulator/DIFFERENCES.md"


@dataclass(frozen=True, slots=True)
class Refusal:
    name: str
    status: int
    body: Json | str
    source: str

    def says(self, answer: httpx.Response) -> bool:
        if answer.status_code != self.status:
            return False
        if isinstance(self.body, str):
            return answer.text == self.body
        if "json" not in answer.headers["content-type"]:
            return False
        return same(self.body, answer.json())


def same(row: Any, told: Any) -> bool:
    if isinstance(row, dict) and isinstance(told, dict):
        return row.keys() == told.keys() and all(same(row[key], told[key]) for key in row)
    if isinstance(row, list) and isinstance(told, list):
        return len(row) == len(told) and all(map(same, row, told))
    if isinstance(row, str) and isinstance(told, str):
        parts = re.split(r"<[^>]+>", row)
        return re.fullmatch(".*".join(map(re.escape, parts)), told, re.DOTALL) is not None
    return type(row) is type(told) and bool(row == told)


def _plain(title: str, status: int, detail: str) -> Json:
    return {"title": title, "detail": detail, "type": "about:blank", "status": status}


def _forbidden(name: str, detail: str, source: str) -> Refusal:
    return Refusal(name, 403, _plain("Forbidden", 403, detail), source)


def _invalid(name: str, message: str, source: str, *parameters: str) -> list[Refusal]:
    """With the parameter that is wrong, one row for each it may be, or with none (a body's)."""
    whole = {
        "title": "Invalid Request",
        "detail": "One or more parameters to your request was invalid.",
        "type": f"{PROBLEMS}invalid-request",
    }
    rows: list[Json] = [{"parameters": {given: ["<value>"]}} for given in parameters] or [{}]
    return [
        Refusal(
            f"{name} {parameter}".strip(),
            400,
            {"errors": [row | {"message": message}], **whole},
            source,
        )
        for row, parameter in zip(rows, parameters or ("",), strict=True)
    ]


def _oauth(name: str, status: int, error: str, description: str, source: str) -> Refusal:
    return Refusal(name, status, {"error": error, "error_description": description}, source)


# The names at their head are documented, what follows is not.
WEBHOOKS = "X's pages on webhooks"
REPLAYS = "X's page on the replays of its older product; the form is not documented"
BAD_QUERY = "The `<name>` query parameter value [<value>] "
REFUSALS: tuple[Refusal, ...] = (
    # Who calls
    Refusal("no token", 401, _plain("Unauthorized", 401, "Unauthorized"), ABOUT_ERRORS),
    Refusal(
        "wrong kind of token",
        403,
        {
            "title": "Unsupported Authentication",
            "detail": "Authenticating with <kind> is forbidden for this endpoint.  "
            "Supported authentication types are [<kinds>].",
            "type": f"{PROBLEMS}unsupported-authentication",
            "status": 403,
        },
        ABOUT_ERRORS,
    ),
    _forbidden("missing scope, or not yours", "Forbidden", LIVE),
    # How often, and whether at all
    Refusal("too often", 429, _plain("Too Many Requests", 429, "Too Many Requests"), ABOUT_ERRORS),
    Refusal(
        "too often, older form",
        429,
        {"errors": [{"code": 88, "message": "Rate limit exceeded"}]},
        ABOUT_ERRORS,
    ),
    Refusal(
        "credits spent",
        402,
        {
            "title": "Payment Required",
            "status": 402,
            "detail": "credits depleted",
            "type": f"{PROBLEMS}credits-depleted",
        },
        LIVE,
    ),
    Refusal("outage", 503, "Service Unavailable", LIKE),
    Refusal(
        "a fault of X", 500, _plain("Internal Server Error", 500, "Internal Server Error"), LIKE
    ),
    Refusal("bad gateway", 502, BAD_GATEWAY, OURS),
    # Where
    Refusal("no such path or thing", 404, _plain("Not Found", 404, "Not Found"), LIKE),
    Refusal(
        "no such method",
        405,
        _plain("Method Not Allowed", 405, "Method Not Allowed"),
        LIKE,
    ),
    # What
    *_invalid(
        "number out of bounds",
        BAD_QUERY + "is not between <low> and <high>",
        ABOUT_ERRORS,
        *("max_results", "backfill_minutes"),
    ),
    *_invalid(
        "not valid",
        BAD_QUERY + "is not valid",
        LIKE,
        *("pagination_token", "next_token", "since_id", "until_id", "ids", "id"),
        *("event_id", "participant_id", "subscription_id", "dm_id", "media_id"),
    ),
    *_invalid(
        "not a time",
        BAD_QUERY + "is not a valid RFC3339 date",
        LIKE,
        "start_time",
        "end_time",
    ),
    *_invalid(
        "not one of",
        BAD_QUERY + "is not one of [<names>]",
        LIKE,
        *("event_types", "exclude", "sort_order", "command"),
        *("status", "endpoints", "endpoint_id", "dry_run", "delete_all"),
        *("type", "compliance_job.fields"),
    ),
    *_invalid("no match", BAD_QUERY + "does not match <pattern>", LIKE, "id", "username"),
    *_invalid("too long", BAD_QUERY + "is not between 1 and 512 characters", LIKE, "query"),
    *_invalid(
        "empty",
        "The `<name>` query parameter can not be empty",
        LIKE,
        *("ids", "usernames", "media_id", "endpoints", "type"),
    ),
    *_invalid(
        "too many values",
        "The number of values in the `<name>` query parameter list [<count>] "
        "is not between 1 and 100",
        LIKE,
        *("ids", "usernames"),
    ),
    *_invalid(
        "query not understood",
        "There were errors processing your request: <part>",
        LIKE,
        "query",
    ),
    *_invalid(
        "unknown parameter",
        "The query parameter [<name>] is not one of [<names>]",
        LIKE,
        "flavour",
        "message",
    ),
    *_invalid("body not JSON", "The request body is not valid JSON", OURS),
    *_invalid("body not an object", "The request body is not a JSON object", OURS),
    *_invalid(
        "unknown part of a body",
        "$.<name>: is not defined, and no other properties are allowed",
        OURS,
    ),
    *_invalid("wrong type in a body", "$.<name>: has the wrong type", OURS),
    *_invalid("part of a body missing", "$.<name>: is missing but it is required", OURS),
    *_invalid("nothing to send", "$: required fields missing: one of <names>", OURS),
    *_invalid("id in a body", "$: [<value>] does not match ^[0-9]{1,19}$", OURS),
    *_invalid("part of a body not valid", "$.<name>: is not valid", OURS),
    # Messages
    _forbidden("closed to us", "You do not have permission to DM one or more participants.", LIVE),
    _forbidden("sender locked", "This operation is not permitted.", LIVE),
    _forbidden(
        "attachment not ours", "You are not permitted to attach this media to a DM event.", LIVE
    ),
    _forbidden("message not ours", "You can only delete your own DM events.", OURS),
    _forbidden("ourselves blocked", "You cannot block yourself.", OURS),
    *_invalid(
        "message too long", "$.text: The text of a message has at most 10000 characters.", OURS
    ),
    # Posts
    _forbidden(
        "reply gate",
        "Reply to this conversation is not allowed because you have not been mentioned or"
        " otherwise engaged by the author of the post you are replying to.",
        "X's changelog, 2026-02-23",
    ),
    _forbidden("same words", "You are not allowed to create a Tweet with duplicate content.", LIVE),
    _forbidden(
        "parent gone",
        "You attempted to reply to a Tweet that is deleted or not visible to you.",
        LIKE,
    ),
    _forbidden("post not ours to change", "You are not permitted to edit this Tweet.", OURS),
    _forbidden("post not ours to delete", "You are not authorized to delete this Tweet.", OURS),
    Refusal(
        "post too long",
        400,
        _plain(
            "Bad Request",
            400,
            "Your Tweet text is too long. For more information on how Twitter determines text"
            " length see https://github.com/twitter/twitter-text.",
        ),
        LIKE,
    ),
    # Activity and webhooks
    *_invalid("event type", "$.event_type: [<value>] is not a known event type", OURS),
    *_invalid("filter", "$.filter: has a key that is not one of [user_id,direction,keyword]", OURS),
    *_invalid("filter's user", "$.filter.user_id: is missing or is not a user id", OURS),
    *_invalid("filter's nobody", "$.filter.user_id: no user with id [<id>]", OURS),
    *_invalid("filter's direction", "$.filter.direction: is not one of [inbound,outbound]", OURS),
    *_invalid("tag", "$.tag: must be 1 to 200 characters long", OURS),
    *_invalid(
        "subscribed already",
        "DuplicateSubscriptionFailed: a subscription for this event type and filter exists",
        OURS,
    ),
    _forbidden(
        "subscriptions too many", "SubscriptionLimitExceeded: at most 1500 subscriptions", OURS
    ),
    *_invalid("no such webhook for it", "WebhookIdInvalid: no webhook with id [<id>]", OURS),
    *_invalid("no such webhook", "WebhookIdInvalid: no webhook with id [<id>]", OURS, "webhook_id"),
    *_invalid("webhook's address", "UrlValidationFailed: <why>", WEBHOOKS),
    *_invalid("webhook's proof", "CrcValidationFailed: <why>", WEBHOOKS),
    *_invalid("webhook twice", "DuplicateUrlFailed: <why>", WEBHOOKS),
    *_invalid("webhooks too many", "WebhookLimitExceeded: <why>", WEBHOOKS),
    *_invalid("replay's span", "QueryParamInvalid: <which> <why>.", REPLAYS),
    *_invalid(
        "replay under way",
        "ReplayConflictError: A replay job is already in progress for the specified webhook.",
        REPLAYS,
    ),
    *_invalid("compliance job's type", "$.type: is not one of [tweets,users]", OURS),
    *_invalid("compliance job's name", "$.name: must be at most 64 characters long", OURS),
    _forbidden(
        "events of somebody else", "You are not permitted to subscribe to this user's events.", OURS
    ),
    # Streams
    Refusal(
        "streams too many",
        429,
        {
            "title": "ConnectionException",
            "detail": "This stream is currently at the maximum allowed connection limit.",
            "connection_issue": "TooManyConnections",
            "type": f"{PROBLEMS}streaming-connection",
        },
        "X's page on handling disconnections",
    ),
    Refusal(
        "stream without rules",
        409,
        {
            "title": "ConnectionException",
            "detail": "You must define rules using the POST /2/tweets/search/stream/rules endpoint"
            " before connecting to filtered stream.",
            "connection_issue": "RuleConfigurationIssue",
            "type": f"{PROBLEMS}streaming-connection",
        },
        LIVE,
    ),
    Refusal(
        "rules too many",
        400,
        {
            "title": "RulesCapExceeded",
            "detail": "You can have at most <count> rules.",
            "type": f"{PROBLEMS}rule-cap",
        },
        "title and type are seen live; the words and the status are not documented",
    ),
    *_invalid(
        "rules neither added nor deleted",
        "$: exactly one of add, delete and delete_all must be specified",
        OURS,
    ),
    # Media
    *_invalid("media of a post", "Your media IDs are invalid.", LIKE, "media.media_ids"),
    *_invalid("part of a body not one of", "$.<name>: is not one of [<names>]", OURS),
    *_invalid("part of a body out of bounds", "$.<name>: is not between <low> and <high>", OURS),
    *_invalid("pieces don't add up", "Segments do not add up to provided total file size.", OURS),
    *_invalid("finished", "The upload is finalized already.", OURS),
    *_invalid("base64", "$.media: is not valid base64", OURS),
    *_invalid("picture that is none", "$.media: is not a picture that can be read", OURS),
    # Access
    _oauth(
        "spent token",
        400,
        "invalid_request",
        "Value passed for the token was invalid.",
        LIVE,
    ),
    _oauth(
        "spent code",
        400,
        "invalid_request",
        "Value passed for the authorization code was invalid.",
        LIKE,
    ),
    _oauth(
        "other redirect",
        400,
        "invalid_request",
        "Value passed for the redirect uri did not match the uri of the authorization code.",
        LIKE,
    ),
    _oauth(
        "other verifier",
        400,
        "invalid_request",
        "Value passed for the code verifier did not match the code challenge.",
        LIKE,
    ),
    _oauth(
        "part of a form missing",
        400,
        "invalid_request",
        "Missing required parameter [<name>].",
        LIKE,
    ),
    _oauth(
        "grant type",
        400,
        "unsupported_grant_type",
        "Value passed for the grant type was invalid.",
        LIKE,
    ),
    _oauth(
        "no client",
        401,
        "unauthorized_client",
        "Missing valid authorization header",
        LIVE,
    ),
    Refusal(
        "not the app's key",
        403,
        {
            "errors": [
                {
                    "code": 99,
                    "message": "Unable to verify your credentials",
                    "label": "authenticity_token_error",
                }
            ]
        },
        LIKE,
    ),
)


def refusal(answer: httpx.Response) -> Refusal | None:
    """The row that says exactly this."""
    return next((row for row in REFUSALS if row.says(answer)), None)


def described(answer: httpx.Response) -> str:
    try:
        return json.dumps(answer.json())
    except ValueError:
        return repr(answer.text)
