"""Cases of tokens."""

from __future__ import annotations

from tests.simulator.driving.cases import drives
from tests.simulator.driving.stage import Stage
from tests.simulator.program import CREDENTIALS


@drives("POST /2/oauth2/token", "POST /2/oauth2/revoke")
def tokens(stage: Stage) -> None:
    program = stage.program
    code = program.decide(stage.customer)["code"]
    assert program.redeem(code, verifier="x" * 43).status_code == 400
    assert program.redeem(code, uri="https://desk.example.com/callback").status_code == 400
    pair = program.redeem(code).json()
    assert program.redeem(code).status_code == 400
    newer = program.trade(grant_type="refresh_token", refresh_token=pair["refresh_token"]).json()
    assert program.trade(grant_type="refresh_token", refresh_token="nonsense").status_code == 400
    assert program.trade(grant_type="refresh_token").status_code == 400
    assert program.trade(grant_type="password").status_code == 400
    url = f"{program.url}/2/oauth2/revoke"
    form = {"token": newer["access_token"]}
    assert program.http.post(url, data=form, auth=program.client()).json() == {"revoked": True}
    assert program.http.post(url, data=form).status_code == 401


@drives("POST /oauth2/token")
def bearer(stage: Stage) -> None:
    url, form = f"{stage.program.url}/oauth2/token", {"grant_type": "client_credentials"}
    key, secret = CREDENTIALS["X_CONSUMER_KEY"], CREDENTIALS["X_CONSUMER_SECRET"]
    assert stage.program.http.post(url, data=form, auth=(key, secret)).status_code == 200
    assert stage.program.http.post(url, data=form, auth=(key, "nonsense")).status_code == 403
