"""What X answers when it will not: one function per documented refusal.

Bodies are those of X's documents and of answers seen live; see DIFFERENCES.md for those that are
neither.
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

TYPES = "https://api.x.com/2/problems/"
BAD_GATEWAY = (
    "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n"
    "<center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n"
)
Body = dict[str, Any]


class Refused(Exception):
    """An answer that is not a success: raised anywhere below a route, sent by it."""

    def __init__(
        self, status: int, body: Body | str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(status, body)
        self.status = status
        self.body = body
        self.headers = dict(headers or {})


def unauthorized() -> Refused:
    """Unknown, expired or revoked token."""
    return Refused(401, _plain("Unauthorized", 401, "Unauthorized"))


def unsupported_authentication(given: str, supported: Sequence[str]) -> Refused:
    """The wrong kind of token for the endpoint."""
    detail = (
        f"Authenticating with {given} is forbidden for this endpoint.  "
        f"Supported authentication types are [{', '.join(supported)}]."
    )
    title = "Unsupported Authentication"
    return Refused(403, _problem(title, detail, "unsupported-authentication", status=403))


def forbidden(detail: str = "Forbidden") -> Refused:
    """Also what a missing scope gets: X does not say which."""
    return Refused(403, _plain("Forbidden", 403, detail))


def not_found() -> Refused:
    return Refused(404, _plain("Not Found", 404, "Not Found"))


def plain(status: int) -> Refused:
    """What HTTP itself says of a status, in X's form."""
    phrase = HTTPStatus(status).phrase
    return Refused(status, _plain(phrase, status, phrase))


def too_many_requests(headers: Mapping[str, str], *, older: bool = False) -> Refused:
    """In one of the two forms that are seen live."""
    if older:
        return Refused(429, {"errors": [{"code": 88, "message": "Rate limit exceeded"}]}, headers)
    body = {
        "title": "Too Many Requests",
        "detail": "Too Many Requests",
        "type": "about:blank",
        "status": 429,
    }
    return Refused(429, body, headers)


def credits_depleted() -> Refused:
    """The developer's money is spent: whatever is called, for everybody."""
    return Refused(402, _problem("Payment Required", "credits depleted", "credits-depleted", 402))


def server_error(status: int) -> Refused:
    """500 is X's own; what stands in front of X's API speaks no JSON."""
    if status == 502:
        return Refused(502, BAD_GATEWAY, {"content-type": "text/html; charset=utf-8"})
    if status == 503:
        return Refused(503, "Service Unavailable")
    return plain(status)


def invalid(message: str, /, **parameters: str) -> Refused:
    """A query parameter or a part of the body that X does not take."""
    error: Body = {"message": message}
    if parameters:
        named = {name.rstrip("_"): [value] for name, value in parameters.items()}
        error = {"parameters": named, "message": message}
    detail = "One or more parameters to your request was invalid."
    return Refused(
        400, {"errors": [error], **_problem("Invalid Request", detail, "invalid-request")}
    )


def invalid_query(name: str, value: str, rule: str) -> Refused:
    """`rule` finishes the sentence: "is not between 1 and 100"."""
    message = f"The `{name}` query parameter value [{value}] {rule}"
    return invalid(message, **{name: value})


def too_many_connections() -> Refused:
    """As many streams of the app are open as may be. Says nothing of a quota."""
    detail = "This stream is currently at the maximum allowed connection limit."
    return Refused(429, _connection(detail, "TooManyConnections"))


def no_rules() -> Refused:
    detail = (
        "You must define rules using the POST /2/tweets/search/stream/rules endpoint before"
        " connecting to filtered stream."
    )
    return Refused(409, _connection(detail, "RuleConfigurationIssue"))


def rules_cap_exceeded(cap: int) -> Refused:
    detail = f"You can have at most {cap} rules."
    return Refused(400, _problem("RulesCapExceeded", detail, "rule-cap"))


def invalid_rule(value: str, details: Sequence[str]) -> Body:
    """A partial error: each sentence says one thing that is wrong with a rule."""
    problem = {"title": "UnprocessableEntity", "type": f"{TYPES}invalid-rules"}
    return {"value": value, "details": list(details), **problem}


def duplicate_rule(value: str, rule_id: int) -> Body:
    problem = {"title": "DuplicateRule", "type": f"{TYPES}duplicate-rules"}
    return {"value": value, "id": str(rule_id), **problem}


def no_such_rule() -> Body:
    detail = "One or more parameters to your request was invalid."
    problem = _problem("Invalid Request", detail, "invalid-request")
    return {"errors": [{"parameters": {}, "message": "Rule does not exist"}], **problem}


# X documents these names, and the words of the second; those of the first and of SlowReader are
# of its older API.
DISCONNECTIONS = {
    "OperationalDisconnect": "for operational reasons",
    "UpstreamOperationalDisconnect": "upstream for operational reasons",
    "ForceDisconnect": "because its termination was asked for",
    "UpstreamUncleanDisconnect": "upstream without a clean end",
    "SlowReader": "because your client was unable to keep up with us",
    "InternalError": "because of an internal error",
    "ClientApplicationStateDegraded": "because of the state of the client application",
    "InvalidRules": "because its rules are not valid",
}


def disconnection(disconnect_type: str) -> Body:
    """The last line of a stream."""
    problem = _problem(
        "operational-disconnect",
        f"This stream has been disconnected {DISCONNECTIONS[disconnect_type]}.",
        "operational-disconnect",
    )
    return {"errors": [{**problem, "disconnect_type": disconnect_type}]}


def text_too_long() -> Refused:
    detail = (
        "Your Tweet text is too long. For more information on how Twitter determines text length"
        " see https://github.com/twitter/twitter-text."
    )
    return Refused(400, _plain("Bad Request", 400, detail))


def oauth(status: int, error: str, description: str) -> Refused:
    return Refused(status, {"error": error, "error_description": description})


def bad_app_credentials() -> Refused:
    """Of the older endpoint for app bearers, which answers in v1.1's form."""
    error = {
        "code": 99,
        "message": "Unable to verify your credentials",
        "label": "authenticity_token_error",
    }
    return Refused(403, {"errors": [error]})


def not_signed() -> Refused:
    """Of the older addresses that want OAuth 1.0a."""
    return Refused(401, {"errors": [{"code": 32, "message": "Could not authenticate you."}]})


def missing(kind: str, value: str, parameter: str, *, of: str = "") -> Body:
    """A partial error: what was asked for is not there. `of` names an expansion."""
    return {
        "value": value,
        "detail": f"Could not find {kind} with {of or parameter}: [{value}].",
        "title": "Not Found Error",
        "resource_type": kind,
        "parameter": of or parameter,
        "resource_id": value,
        "type": f"{TYPES}resource-not-found",
    }


def suspended(value: str, parameter: str) -> Body:
    """A partial error: X took the account away from its owner."""
    lost = missing("user", value, parameter)
    return lost | {"title": "Forbidden", "detail": f"User has been suspended: [{value}]."}


def not_authorized(kind: str, value: str, parameter: str, *, of: str = "") -> Body:
    """A partial error: it is there, but not for the one who asks. `of` names an expansion."""
    name = {"tweet": "Tweet"}.get(kind, kind)
    return {
        "value": value,
        "detail": f"Sorry, you are not authorized to see the {name} with {of or parameter}:"
        f" [{value}].",
        "title": "Authorization Error",
        "resource_type": kind,
        "parameter": of or parameter,
        "resource_id": value,
        "type": f"{TYPES}not-authorized-for-resource",
    }


def _connection(detail: str, issue: str) -> Body:
    problem = _problem("ConnectionException", detail, "streaming-connection")
    return {**problem, "connection_issue": issue}


def _plain(title: str, status: int, detail: str) -> Body:
    return {"title": title, "type": "about:blank", "status": status, "detail": detail}


def _problem(title: str, detail: str, name: str, status: int | None = None) -> Body:
    body: Body = {"title": title, "detail": detail, "type": f"{TYPES}{name}"}
    return body if status is None else {**body, "status": status}
