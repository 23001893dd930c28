"""What no client means to send is refused like anything else that is wrong, by name."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest

from tests.simulator.program import CALLBACK, Json, Program

JSON = {"content-type": "application/json"}
HALF = rb"\ud83d"  # of a surrogate pair: no text
DEEP = b"[" * 100_000


@pytest.fixture
def brand(program: Program) -> Json:
    brand = program.brand()
    return brand | {"token": program.token(brand, "dm.write tweet.read tweet.write users.read")}


@pytest.mark.parametrize("raw", [b'{"text": "' + HALF + b'"}', b'{"' + HALF + b'": 1}', DEEP])
@pytest.mark.parametrize("path", ["/2/tweets", "/_sim/posts"])
def test_what_is_no_text_or_endlessly_nested_is_no_json(
    program: Program, brand: Json, path: str, raw: bytes
) -> None:
    headers = JSON | {"authorization": f"Bearer {brand['token']}"}
    answer = program.http.post(f"{program.url}{path}", content=raw, headers=headers)
    assert answer.status_code == 400
    assert "JSON" in answer.text


def test_an_emoji_of_two_halves_is_a_text(program: Program, brand: Json) -> None:
    headers = JSON | {"authorization": f"Bearer {brand['token']}"}
    raw = b'{"text": "thanks ' + HALF + rb"\ude00" + b'"}'
    answer = program.http.post(f"{program.url}/2/tweets", content=raw, headers=headers)
    assert answer.json()["data"]["text"] == "thanks 😀"


@pytest.mark.parametrize("query", ["message=x", "max_results=" + "1" * 5_000])
def test_a_parameter_of_any_name_and_length_is_refused(
    program: Program, brand: Json, query: str
) -> None:
    answer = program.call("GET", f"/2/users/{brand['id']}/mentions?{query}", brand["token"])
    assert answer.status_code == 400
    assert query.partition("=")[0] in answer.json()["errors"][0]["parameters"]


def test_consent_in_no_encoding_is_a_page_that_says_so(program: Program) -> None:
    url = f"{program.url}/i/oauth2/authorize"
    answer = program.http.post(url, content=b"client_id=\xff\xfe")
    assert (answer.status_code, "client_id" in answer.text) == (400, True)


@pytest.mark.parametrize("coded", [b"\xff\xfe", b64encode(b"\xff:\xfe"), b"no base64"])
def test_credentials_in_no_encoding_are_not_the_app_s(program: Program, coded: bytes) -> None:
    answer = program.http.post(
        f"{program.url}/2/oauth2/token",
        data={"grant_type": "authorization_code", "redirect_uri": CALLBACK},
        headers={b"authorization": b"Basic " + coded},
    )
    assert (answer.status_code, answer.json()["error"]) == (401, "unauthorized_client")


@pytest.mark.parametrize("host", ["xn--", "a..b", "a" * 64 + ".com", "a\x01b"])
def test_a_webhook_at_no_possible_host_is_refused(program: Program, host: str) -> None:
    body = {"url": f"https://{host}/hook"}
    answer = program.call("POST", "/2/webhooks", program.bearer(), json=body)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["message"].startswith("UrlValidationFailed")


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("tokens", {"scopes": 5}),
        ("tokens", {"scopes": [["dm.read"]]}),
        ("tokens", {"scopes": ["dm.raed"]}),
        ("posts", {"text": ["x"]}),
        ("posts", {"id": 10**300}),
        ("posts", {"created_at": "yesterday"}),
        ("posts", {"entities": "none"}),
        ("posts", {"entities": {"mentions": [{"id": "1"}]}}),
        ("posts", {"in_reply_to_post_id": 1e308}),
        ("posts", {"referenced_tweets": 5}),
        ("deliver", {"seed": [1]}),
        ("chatty", {"every_seconds": [1, 10**400]}),
        ("chatty", {"every_seconds": [1, "1e999"]}),
        ("webhooks", {"signed_with": [["client"]]}),
    ],
)
def test_a_control_call_names_the_field_of_the_wrong_kind(
    program: Program, brand: Json, path: str, field: dict[str, Any]
) -> None:
    right = {
        "tokens": {"user_id": brand["id"]},
        "posts": {"author_id": brand["id"], "text": "x"},
        "chatty": {"on": False},
    }
    answer = program.http.post(f"{program.url}/_sim/{path}", json=right.get(path, {}) | field)
    assert answer.status_code == 400
    (name,) = field
    assert answer.json()["error"].startswith(name)
