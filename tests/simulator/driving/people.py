"""Cases of people: looking them up, blocking their messages."""

from __future__ import annotations

from tests.simulator.driving.cases import drives
from tests.simulator.driving.stage import NOBODY, Stage


@drives("GET /2/users/me")
def me(stage: Stage) -> None:
    stage.read("/2/users/me")


@drives("GET /2/users")
def people(stage: Stage) -> None:
    ids = f"{stage.brand['id']},{stage.customer['id']},{NOBODY}"
    stage.read("/2/users", ids=ids)
    stage.read("/2/users", stage.bearer, ids=ids)
    assert stage.call("GET", f"/2/users?ids={NOBODY}").json().keys() == {"errors"}
    stage.refused(400, "GET", "/2/users")
    stage.refused(400, "GET", "/2/users?ids=x")
    stage.refused(400, "GET", "/2/users?ids=" + ",".join(["1"] * 101))


@drives("GET /2/users/by")
def people_by_name(stage: Stage) -> None:
    stage.read("/2/users/by", usernames=f"{stage.brand['username']},nobody_here")
    stage.refused(400, "GET", "/2/users/by")
    stage.refused(400, "GET", "/2/users/by?usernames=" + ",".join(["a"] * 101))
    stage.refused(400, "GET", "/2/users/by?usernames=a-b")


@drives("GET /2/users/by/username/{username}")
def person_by_name(stage: Stage) -> None:
    stage.read(f"/2/users/by/username/{stage.customer['username']}")
    assert stage.call("GET", "/2/users/by/username/nobody_here").json().keys() == {"errors"}
    stage.refused(400, "GET", "/2/users/by/username/a-b")


@drives("GET /2/users/{id}")
def person(stage: Stage) -> None:
    stage.read(f"/2/users/{stage.brand['id']}")
    assert stage.call("GET", f"/2/users/{NOBODY}").json().keys() == {"errors"}
    stage.refused(400, "GET", "/2/users/x")


@drives("POST /2/users/{id}/dm/block", "POST /2/users/{id}/dm/unblock")
def block(stage: Stage) -> None:
    for deed in ("block", "unblock"):
        answer = stage.call("POST", f"/2/users/{stage.closed['id']}/dm/{deed}")
        assert answer.json() == {"data": {"blocked": deed == "block"}}
        stage.refused(404, "POST", f"/2/users/{NOBODY}/dm/{deed}")
        stage.refused(403, "POST", f"/2/users/{stage.brand['id']}/dm/{deed}")
