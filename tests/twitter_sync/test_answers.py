"""The bodies are X's own, of its documents and as seen live (reference: x-api §3.2, §9, §11)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from twitter_sync import answers
from twitter_sync.errors import (
    Forbidden,
    NotFound,
    OutOfCredits,
    RateLimited,
    Refused,
    TokenRejected,
    TooManyConnections,
    Unconfirmed,
    XError,
)
from twitter_sync.transport import Reply

LATER = datetime(2030, 1, 1, tzinfo=UTC)
PROBLEM = "https://api.twitter.com/2/problems/"


def error(status: int, body: str, content_type: str = "application/problem+json") -> XError:
    reply = Reply(status, {"content-type": content_type}, body.encode())
    return answers.error(reply, endpoint="dm_send", resets_at=LATER)


@pytest.mark.parametrize(
    ("status", "body", "kind", "reason"),
    [
        (
            400,
            '{"errors":[{"parameters":{"max_results":["500"]},"message":"The `max_results` query'
            ' parameter value [500] is not between 1 and 100"}],"title":"Invalid Request","detail":'
            '"One or more parameters to your request was invalid.","type":"'
            + PROBLEM
            + 'invalid-request"}',
            Refused,
            "The `max_results` query parameter value [500] is not between 1 and 100",
        ),
        (
            401,
            '{"title":"Unauthorized","type":"about:blank","status":401,"detail":"Unauthorized"}',
            TokenRejected,
            TokenRejected.default_reason,
        ),
        (
            402,
            '{"title":"Payment Required","status":402,"detail":"credits depleted","type":"'
            + PROBLEM
            + 'credits-depleted"}',
            OutOfCredits,
            "credits depleted",
        ),
        (
            403,
            '{"detail":"You do not have permission to DM one or more participants.","type":'
            '"about:blank","title":"Forbidden","status":403}',
            Forbidden,
            "You do not have permission to DM one or more participants.",
        ),
        (
            400,
            '{"error":"invalid_request",'
            '"error_description":"Value passed for the token was invalid."}',
            Refused,
            "Value passed for the token was invalid.",
        ),
        (404, '{"title":"Not Found","status":404}', NotFound, "Not Found"),
        (
            429,
            '{"title":"Too Many Requests","detail":"Too Many Requests","type":"about:blank",'
            '"status":429}',
            RateLimited,
            RateLimited.default_reason,
        ),
        (
            429,
            '{"errors":[{"code":88,"message":"Rate limit exceeded"}]}',
            RateLimited,
            RateLimited.default_reason,
        ),
        (
            403,
            '{"errors":[{"code":99,"message":"Unable to verify your credentials"}]}',
            Forbidden,
            "Unable to verify your credentials",
        ),
        (
            403,
            '{"errors":[{"code":187,"message":"Status is a duplicate."}]}',
            Forbidden,
            "Status is a duplicate.",
        ),
        (
            403,
            '{"errors":[{"code":326,"message":"This account is temporarily locked."}]}',
            Forbidden,
            "This account is temporarily locked.",
        ),
        (
            401,
            '{"errors":[{"code":89,"message":"Invalid or expired token."}]}',
            TokenRejected,
            "Invalid or expired token.",
        ),
        (
            404,
            '{"errors":[{"code":34,"message":"Sorry, that page does not exist."}]}',
            NotFound,
            "Sorry, that page does not exist.",
        ),
        (503, '{"errors":[{"code":130,"message":"Over capacity"}]}', Unconfirmed, "Over capacity"),
        (
            500,
            '{"errors":[{"code":131,"message":"Internal error"}]}',
            Unconfirmed,
            "Internal error",
        ),
        (
            402,
            '{"title":"CreditsDepleted","detail":"Your enrolled account does not have any credits'
            ' to fulfill this request.","type":"' + PROBLEM + 'credits"}',
            OutOfCredits,
            "Your enrolled account does not have any credits to fulfill this request.",
        ),
        (
            403,
            '{"title":"Unsupported Authentication","detail":"Authenticating with OAuth 2.0 User'
            ' Context is forbidden for this endpoint.","type":"'
            + PROBLEM
            + 'unsupported-authentication","status":403}',
            Forbidden,
            "Authenticating with OAuth 2.0 User Context is forbidden for this endpoint.",
        ),
        (
            400,
            '{"errors":[{"message":"CrcValidationFailed: the address did not answer"}],'
            '"title":"Invalid Request"}',
            Refused,
            "CrcValidationFailed: the address did not answer",
        ),
        (
            429,
            '{"title":"ConnectionException","detail":"This stream is currently at the maximum'
            ' allowed connection limit.","connection_issue":"TooManyConnections","type":"'
            + PROBLEM
            + 'streaming-connection"}',
            TooManyConnections,
            "This stream is currently at the maximum allowed connection limit.",
        ),
        (503, '{"title":"Service Unavailable"}', Unconfirmed, "Service Unavailable"),
        (307, "", Unconfirmed, Unconfirmed.default_reason),
    ],
)
def test_an_answer_gets_its_name_and_x_words(
    status: int, body: str, kind: type[XError], reason: str
) -> None:
    found = error(status, body)
    assert type(found) is kind
    assert found.reason == reason
    assert found.status == status
    assert found.endpoint == "dm_send"


def test_plain_text_from_the_edge_is_read_too() -> None:
    found = error(503, "upstream connect error\nor reset", "text/plain; charset=utf-8")
    assert found.reason == "upstream connect error or reset"


def test_a_page_of_html_is_no_reason() -> None:
    found = error(502, "<html><body>Bad gateway</body></html>", "text/html")
    assert found.reason == Unconfirmed.default_reason


def test_only_a_doubtful_answer_may_have_taken_effect() -> None:
    doubts = {status: error(status, "{}").may_have_taken_effect for status in range(300, 600)}
    assert [status for status, doubt in doubts.items() if not doubt] == list(range(400, 500))


def test_too_many_carries_the_moment_to_come_back() -> None:
    found = error(429, "{}")
    assert isinstance(found, RateLimited)
    assert found.resets_at == LATER


def test_the_problem_of_x_is_kept_by_name() -> None:
    assert error(403, f'{{"type":"{PROBLEM}client-forbidden"}}').problem == "client-forbidden"


def test_a_problem_of_a_list_is_kept_by_name_too() -> None:
    body = f'{{"errors":[{{"type":"{PROBLEM}duplicate-rules","title":"DuplicateRule"}}]}}'
    assert error(400, body).problem == "duplicate-rules"


@pytest.mark.parametrize("name", ["canary", "credits depleted", "1", ""])
def test_a_name_that_x_does_not_document_is_not_kept(name: str) -> None:
    assert error(403, f'{{"type":"{PROBLEM}{name}"}}').problem == ""


@pytest.mark.parametrize(
    "body", ["[]", "null", "3", '{"errors": 5}', '{"errors": [5, {}]}', '{"detail": {"a": 1}}', "{"]
)
def test_odd_bodies_leave_our_own_words(body: str) -> None:
    assert error(400, body).reason == Refused.default_reason


def test_the_words_of_x_are_cut_and_on_one_line() -> None:
    found = error(400, '{"detail": "' + "a\\u0000 b\\r\\n\\u001b[31m" * 400 + '"}')
    assert len(found.reason) <= answers.MAX_REASON
    assert found.reason.isprintable()


def test_an_error_may_be_logged_whole() -> None:
    found = error(400, '{"detail":"canary"}')
    assert "canary" not in str(found) + repr(found)
    assert str(found) == "Refused dm_send 400"


def test_a_success_that_can_not_be_read_may_have_happened() -> None:
    for body in (b"<html>", b'{"data": ', b"[1]", b"\xff", b"[" * 100_000):
        with pytest.raises(Unconfirmed):
            answers.read(Reply(201, {}, body), endpoint="dm_send")


def test_a_success_without_a_body_is_an_empty_answer() -> None:
    assert answers.read(Reply(204, {}, b""), endpoint="post_delete") == {}
