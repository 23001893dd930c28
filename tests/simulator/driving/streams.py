"""Cases of streams, their rules and their connections."""

from __future__ import annotations

from tests.simulator import sayings
from tests.simulator.driving.cases import drives
from tests.simulator.driving.stage import NOBODY, SCOPES, Stage, only


@drives("GET /2/activity/stream")
def activity_stream(stage: Stage) -> None:
    path, program = "/2/activity/stream", stage.program
    listener = program.person("stagelistener", brand=True)
    token = program.token(listener, SCOPES)
    for kind in ("dm.received", "post.create", "post.mention.create", "post.delete"):
        body = {"event_type": kind, "filter": {"user_id": listener["id"]}, "tag": "t"}
        assert stage.call("POST", "/2/activity/subscriptions", token, json=body).status_code == 200
    with program.listen(path, stage.bearer) as stream, program.listen(path, stage.bearer):
        stage.refused(429, "GET", path, token=stage.bearer)
        for number in range(20):  # some of their numbers are below zero
            program.dm(stage.customer, listener, f"number {number}")
        program.post(stage.customer, f"@{listener['username']} hello")
        own = program.post(listener, "Hello")
        program.control("POST", "posts/delete", id=own)
        assert len({told["data"]["event_uuid"] for told in stream.lines(23)}) == 23
        program.control("POST", "streams/end")
    with program.listen(path, stage.bearer, start_time="2020-01-01T00:00:00Z") as stream:
        assert {one["data"]["event_type"] for one in stream.rest()} >= {"dm.received"}
    for row in sayings.ENDINGS:
        with program.listen(path, stage.bearer, backfill_minutes=5) as stream:
            program.control("POST", "streams/end", disconnect_type=row.name)
            assert stream.rest()[-1]["errors"]
    stage.refused(400, "GET", f"{path}?backfill_minutes=6", token=stage.bearer)
    stage.refused(400, "GET", f"{path}?start_time=yesterday", token=stage.bearer)


@drives(
    "GET /2/tweets/search/stream/rules",
    "POST /2/tweets/search/stream/rules",
    "GET /2/tweets/search/stream/rules/counts",
)
def rules(stage: Stage) -> None:
    path, bearer = "/2/tweets/search/stream/rules", stage.bearer
    assert stage.call("GET", path, bearer).json() == {"meta": {"result_count": 0}}
    wanted = [{"value": f"from:{stage.customer['username']}", "tag": "t"}, {"value": "acme"}]
    bad = [{"value": "-acme"}, {"value": "has:media"}, {"value": "colour:red"}, {"value": "acme"}]
    told = stage.call("POST", path, bearer, json={"add": [*wanted, *bad]}).json()
    assert (len(told["data"]), len(told["errors"])) == (2, 4)
    dry = stage.call("POST", path, bearer, params={"dry_run": "true"}, json={"add": wanted}).json()
    assert dry["meta"]["summary"]["not_created"] == 2
    first = stage.call("GET", f"{path}?max_results=1", bearer).json()
    token = first["meta"]["next_token"]
    stage.call("GET", f"{path}?pagination_token={token}", bearer)
    stage.call("GET", f"{path}?ids={told['data'][0]['id']}", bearer)
    for query in ("", "?rules_count.fields=all_project_client_apps"):
        assert stage.call("GET", f"{path}/counts{query}", bearer).json()["data"]
    gone = {"delete": {"values": ["acme"], "ids": [NOBODY]}}
    summary = stage.call("POST", path, bearer, json=gone).json()["meta"]["summary"]
    assert summary == {"deleted": 1, "not_deleted": 1}
    many = [{"value": f"word{number}"} for number in range(1_001)]
    stage.refused(400, "POST", path, token=bearer, json={"add": many})
    for query in ("ids=x", "max_results=1001", "pagination_token=x"):
        stage.refused(400, "GET", f"{path}?{query}", token=bearer)
    for body in ({}, {"add": [5]}, {"add": [{}]}, {"delete": {}}, {"delete": {"ids": ["x"]}}):
        stage.refused(400, "POST", path, token=bearer, json=body)
    for query in ("dry_run=yes", "delete_all=yes"):
        stage.refused(400, "POST", f"{path}?{query}", token=bearer, json={"add": wanted})


@drives("GET /2/tweets/search/stream")
def filtered_stream(stage: Stage) -> None:
    path, rules, bearer = "/2/tweets/search/stream", "/2/tweets/search/stream/rules", stage.bearer
    asked = only(stage.document.parameters(f"GET {path}"), stage.everything_in_tweets())
    body = {"add": [{"value": f"from:{stage.customer['username']} OR from:stagewriter"}]}
    stage.call("POST", rules, bearer, params={"delete_all": "true"}, json={})
    stage.refused(409, "GET", path, token=bearer)
    assert stage.call("POST", rules, bearer, json=body).status_code == 200
    with stage.program.listen(path, bearer, backfill_minutes=5) as stream:
        stage.refused(429, "GET", path, token=bearer)
        assert {"data", "matching_rules"} == stream.line().keys()
    with stage.program.listen(path, bearer, start_time="2020-01-01T00:00:00Z", **asked) as stream:
        told = stream.rest()
        assert {stage.mention, stage.long, stage.quote} <= {line["data"]["id"] for line in told}
    stage.refused(400, "GET", f"{path}?backfill_minutes=6", token=bearer)
    stage.call("POST", rules, bearer, params={"delete_all": "true"}, json={})


@drives(
    "GET /2/connections",
    "DELETE /2/connections",
    "DELETE /2/connections/all",
    "DELETE /2/connections/{endpoint_id}",
)
def connections(stage: Stage) -> None:
    path, stream, bearer = "/2/connections", "/2/activity/stream", stage.bearer
    asked = {"connection.fields": ",".join(stage.document.choices("ConnectionFieldsParameter"))}
    with stage.program.listen(stream, bearer), stage.program.listen(stream, bearer):
        for query in ({}, asked):
            both = stage.call("GET", path, bearer, params=query).json()["data"]
            assert len(both) == 2
        uuids = {"uuids": [both[0]["id"], "nobody"]}
        told = stage.call("DELETE", path, bearer, json=uuids).json()["data"]
        assert (told["successful_kills"], told["failed_kills"]) == (1, 1)
        told = stage.call("DELETE", f"{path}/all", bearer).json()["data"]
        assert (told["successful_kills"], told["failed_kills"]) == (1, 0)
    ended = stage.call("GET", path, bearer, params={**asked, "status": "inactive"}).json()
    assert ended["data"][0]["disconnect_reason"] == "ForceDisconnect"
    assert stage.call("GET", path, bearer).json() == {"meta": {"result_count": 0}}
    one = stage.call("GET", f"{path}?status=all&max_results=1", bearer).json()
    token = one["meta"]["next_token"]
    stage.call("GET", f"{path}?status=all&pagination_token={token}", bearer)
    stage.call("DELETE", f"{path}/filtered_stream", bearer)
    wrong = ("status=open", "endpoints=activity", "endpoints=", "max_results=101")
    for query in (*wrong, "pagination_token=x"):
        stage.refused(400, "GET", f"{path}?{query}", token=bearer)
    for body in ({}, {"uuids": "all"}, {"uuids": []}, {"uuids": [5]}):
        stage.refused(400, "DELETE", path, token=bearer, json=body)
    stage.refused(400, "DELETE", f"{path}/brook_stream", token=bearer)
