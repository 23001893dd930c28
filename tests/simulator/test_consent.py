"""OAuth 2.0 with PKCE: the consent page, codes, rotating refresh tokens, the app's bearer."""

from __future__ import annotations

import httpx
import pytest

from tests.simulator.program import CREDENTIALS, EVERYTHING, Program

INVALID_TOKEN = {
    "error": "invalid_request",
    "error_description": "Value passed for the token was invalid.",
}


def refused(answer: httpx.Response, description: str) -> None:
    assert answer.status_code == 400
    expected = {"error": "invalid_request", "error_description": description}
    assert answer.json() == expected


def test_it_shows_the_brands_and_what_the_app_asks_for(program: Program) -> None:
    brand, customer = program.brand(), program.person()
    page = program.http.get(f"{program.url}/i/oauth2/authorize", params=program.ask())
    assert page.status_code == 200
    assert f"@{brand['username']}" in page.text
    assert f"@{customer['username']}" not in page.text
    assert "dm.write" in page.text
    policy = page.headers["content-security-policy"]
    assert "form-action 'self' http://127.0.0.1:8000" in policy


def test_it_trades_a_code_for_tokens_that_work(program: Program) -> None:
    brand = program.brand()
    told = program.decide(brand)
    assert told["state"] == "the state & all"
    pair = program.redeem(told["code"]).json()
    assert pair.keys() == {"token_type", "expires_in", "access_token", "scope", "refresh_token"}
    assert (pair["token_type"], pair["expires_in"], pair["scope"]) == ("bearer", 7200, EVERYTHING)
    assert program.get("/2/users/me", pair["access_token"])["data"]["id"] == brand["id"]


def test_whoever_lets_the_app_in_can_be_written_to_as_a_brand(program: Program) -> None:
    person = program.person()
    program.decide(person)
    users = program.http.get(f"{program.url}/_sim/users").json()["users"]
    assert [one["brand"] for one in users if one["id"] == person["id"]] == [True]


def test_it_tells_the_app_that_the_person_said_no(program: Program) -> None:
    told = program.decide(program.brand(), "deny")
    assert told == {"state": "the state & all", "error": "access_denied"}


@pytest.mark.parametrize(
    "changes",
    [
        {"redirect_uri": "http://127.0.0.1:8000/handles/callback"},
        {"redirect_uri": "https://evil.example.com/"},
        {"client_id": "somebody-else"},
        {"code_challenge": ""},
        {"code_challenge_method": "plain"},
        {"response_type": "token"},
        {"scope": "dm.read everything"},
        {"state": "s" * 501},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_it_never_redirects_when_the_request_is_wrong(
    program: Program, changes: dict[str, str]
) -> None:
    asked = program.ask(**changes)
    for answer in (
        program.http.get(f"{program.url}/i/oauth2/authorize", params=asked),
        program.http.post(f"{program.url}/i/oauth2/authorize", data={**asked, "user_id": "1"}),
    ):
        assert answer.status_code == 400
        assert "Something went wrong" in answer.text


def test_it_names_the_scope_that_x_does_not_have(program: Program) -> None:
    asked = program.ask(scope="dm.read dm.raed <b>")
    answer = program.http.get(f"{program.url}/i/oauth2/authorize", params=asked)
    assert "X has no scope called dm.raed, &lt;b&gt;." in answer.text


def test_it_knows_every_callback_url_it_was_given(program: Program) -> None:
    other = "https://desk.example.com/callback"
    code = program.decide(program.brand(), redirect_uri=other)["code"]
    assert program.redeem(code, uri=other).status_code == 200


def test_a_code_works_once(program: Program) -> None:
    code = program.decide(program.brand())["code"]
    assert program.redeem(code).status_code == 200
    refused(program.redeem(code), "Value passed for the authorization code was invalid.")


def test_a_code_lasts_thirty_seconds(program: Program) -> None:
    code = program.decide(program.brand())["code"]
    program.pretend("UPDATE authorization_codes SET expires_ms = expires_ms - 30000")
    refused(program.redeem(code), "Value passed for the authorization code was invalid.")


def test_a_wrong_verifier_is_refused_and_costs_nothing(program: Program) -> None:
    code = program.decide(program.brand())["code"]
    description = "Value passed for the code verifier did not match the code challenge."
    refused(program.redeem(code, verifier="x" * 50), description)
    assert program.redeem(code).status_code == 200


def test_another_redirect_uri_is_refused(program: Program) -> None:
    code = program.decide(program.brand())["code"]
    description = (
        "Value passed for the redirect uri did not match the uri of the authorization code."
    )
    refused(program.redeem(code, uri="https://desk.example.com/callback"), description)


def test_it_wants_the_apps_own_credentials(program: Program) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": "r"}
    for auth in (None, ("client-of-the-tests", "wrong")):
        answer = program.http.post(f"{program.url}/2/oauth2/token", data=form, auth=auth)
        assert answer.status_code == 401
        assert answer.json() == {
            "error": "unauthorized_client",
            "error_description": "Missing valid authorization header",
        }


def test_no_refresh_token_without_offline_access(program: Program) -> None:
    code = program.decide(program.brand(), scope="tweet.read users.read")["code"]
    assert "refresh_token" not in program.redeem(code).json()


def test_a_refresh_rotates_both_tokens(program: Program) -> None:
    brand = program.brand()
    first = program.redeem(program.decide(brand)["code"]).json()
    second = program.trade(grant_type="refresh_token", refresh_token=first["refresh_token"]).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert program.call("GET", "/2/users/me", first["access_token"]).status_code == 401
    assert program.get("/2/users/me", second["access_token"])["data"]["id"] == brand["id"]


def test_a_spent_refresh_token_kills_its_family(program: Program) -> None:
    brand = program.brand()
    first = program.redeem(program.decide(brand)["code"]).json()
    second = program.trade(grant_type="refresh_token", refresh_token=first["refresh_token"]).json()
    again = program.trade(grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert (again.status_code, again.json()) == (400, INVALID_TOKEN)
    assert program.call("GET", "/2/users/me", second["access_token"]).status_code == 401
    last = program.trade(grant_type="refresh_token", refresh_token=second["refresh_token"])
    assert (last.status_code, last.json()) == (400, INVALID_TOKEN)


def test_an_access_token_lasts_two_hours(program: Program) -> None:
    token = program.brand()["token"]
    assert program.call("GET", "/2/users/me", token).status_code == 200
    program.pretend("UPDATE access_tokens SET expires_ms = expires_ms - 7200000")
    answer = program.call("GET", "/2/users/me", token)
    assert answer.status_code == 401
    expected = {"title": "Unauthorized", "type": "about:blank", "status": 401}
    assert answer.json() == {**expected, "detail": "Unauthorized"}


def test_a_revoked_token_is_dead(program: Program) -> None:
    pair = program.redeem(program.decide(program.brand())["code"]).json()
    answer = program.http.post(
        f"{program.url}/2/oauth2/revoke",
        data={"token": pair["access_token"]},
        auth=program.client(),
    )
    assert (answer.status_code, answer.json()) == (200, {"revoked": True})
    assert program.call("GET", "/2/users/me", pair["access_token"]).status_code == 401


def test_the_apps_bearer_is_for_the_apps_own_key(program: Program) -> None:
    assert program.bearer() == program.bearer()
    answer = program.http.post(
        f"{program.url}/oauth2/token",
        data={"grant_type": "client_credentials"},
        auth=(CREDENTIALS["X_CONSUMER_KEY"], "wrong"),
    )
    assert answer.status_code == 403
    assert answer.json()["errors"][0]["code"] == 99


def test_the_wrong_kind_of_token_is_named(program: Program) -> None:
    for path, token in (
        ("/2/users/me", program.bearer()),
        ("/2/dm_events", program.bearer()),
        ("/2/webhooks", program.brand()["token"]),
    ):
        answer = program.call("GET", path, token)
        assert answer.status_code == 403
        assert answer.json()["type"] == "https://api.x.com/2/problems/unsupported-authentication"
        assert answer.json()["title"] == "Unsupported Authentication"


def test_a_missing_scope_is_a_bare_403(program: Program) -> None:
    token = program.token(program.person(), "tweet.read users.read")
    answer = program.call("GET", "/2/dm_events", token)
    assert answer.status_code == 403
    expected = {"title": "Forbidden", "type": "about:blank", "status": 403, "detail": "Forbidden"}
    assert answer.json() == expected
    assert answer.headers["content-type"] == "application/problem+json"


def test_nothing_secret_is_logged(program: Program) -> None:
    pair = program.redeem(program.decide(program.brand())["code"]).json()
    program.get("/2/users/me", pair["access_token"])
    log = program.log()
    assert "GET /2/users/me 200" in log
    secrets = (pair["access_token"], pair["refresh_token"], *CREDENTIALS.values())
    assert not [secret for secret in secrets if secret in log]
