"""Looking people up."""

from __future__ import annotations

from tests.simulator.program import Program


def test_it_gives_the_default_fields_only(program: Program) -> None:
    brand = program.brand()
    expected = {"id": brand["id"], "name": brand["name"], "username": brand["username"]}
    assert program.get("/2/users/me", brand["token"]) == {"data": expected}
    assert program.get(f"/2/users/{brand['id']}", program.bearer()) == {"data": expected}
    username = brand["username"].upper()
    assert program.get(f"/2/users/by/username/{username}", brand["token"]) == {"data": expected}


def test_it_ignores_fields_that_x_does_not_have(program: Program) -> None:
    token = program.brand()["token"]
    person = program.get("/2/users/me", token, **{"user.fields": "created_at,shoe_size"})["data"]
    assert person.keys() == {"id", "name", "username", "created_at"}


def test_it_finds_several_and_tells_who_is_missing(program: Program) -> None:
    one, other = program.person(), program.person()
    ids = f"{one['id']},{other['id']},{one['id']},999"
    body = program.get("/2/users", program.bearer(), ids=ids)
    assert [person["id"] for person in body["data"]] == [one["id"], other["id"]]
    assert body["errors"] == [
        {
            "value": "999",
            "detail": "Could not find user with ids: [999].",
            "title": "Not Found Error",
            "resource_type": "user",
            "parameter": "ids",
            "resource_id": "999",
            "type": "https://api.x.com/2/problems/resource-not-found",
        }
    ]
    names = f"{other['username']},nobody_here"
    body = program.get("/2/users/by", program.bearer(), usernames=names)
    assert [person["id"] for person in body["data"]] == [other["id"]]
    assert body["errors"][0]["value"] == "nobody_here"


def test_nobody_found_is_200_without_data(program: Program) -> None:
    body = program.get("/2/users/12345", program.bearer())
    assert body.keys() == {"errors"}


def test_a_person_sees_whether_another_takes_messages(program: Program) -> None:
    closed, viewer = program.person(receives_your_dm=False), program.person()
    fields = {"user.fields": "receives_your_dm,connection_status"}
    token = program.token(viewer)
    assert program.get(f"/2/users/{closed['id']}", token, **fields)["data"] == {
        "id": closed["id"],
        "name": closed["name"],
        "username": closed["username"],
        "receives_your_dm": False,
        "connection_status": [],
    }
    follow = {"source_id": closed["id"], "target_id": viewer["id"], "kind": "following"}
    program.control("POST", "relations", **follow, on=True)
    seen = program.get(f"/2/users/{closed['id']}", token, **fields)["data"]
    assert (seen["receives_your_dm"], seen["connection_status"]) == (True, ["followed_by"])


def test_the_apps_bearer_is_told_nothing_of_relations(program: Program) -> None:
    fields = {"user.fields": "receives_your_dm,connection_status"}
    seen = program.get(f"/2/users/{program.person()['id']}", program.bearer(), **fields)["data"]
    assert not seen.keys() & {"receives_your_dm", "connection_status"}


def test_the_figures_speak_the_vocabulary_that_was_asked_for(program: Program) -> None:
    token = program.brand()["token"]
    older = program.get("/2/users/me", token, **{"user.fields": "public_metrics"})["data"]
    newer = program.get(
        "/2/users/me", token, **{"user.fields": "public_metrics", "post.fields": "id"}
    )["data"]
    assert "tweet_count" in older["public_metrics"]
    assert "post_count" in newer["public_metrics"]


def test_a_bad_parameter_is_named(program: Program) -> None:
    answer = program.call("GET", "/2/users/me?flavour=mint", program.brand()["token"])
    assert answer.status_code == 400
    body = answer.json()
    assert body["type"] == "https://api.x.com/2/problems/invalid-request"
    assert body["errors"][0]["parameters"] == {"flavour": ["mint"]}
    assert program.call("GET", "/2/users?ids=12,ab", program.bearer()).status_code == 400
    too_many = ",".join(["1"] * 101)
    assert program.call("GET", f"/2/users?ids={too_many}", program.bearer()).status_code == 400


def test_an_unknown_path_is_a_problem_too(program: Program) -> None:
    answer = program.call("GET", "/2/nothing/here", program.bearer())
    assert (answer.status_code, answer.json()["title"]) == (404, "Not Found")


def test_everybody_has_a_picture(program: Program) -> None:
    token = program.brand()["token"]
    person = program.get("/2/users/me", token, **{"user.fields": "profile_image_url"})["data"]
    picture = program.http.get(person["profile_image_url"])
    assert picture.headers["content-type"] == "image/png"
    assert picture.content.startswith(b"\x89PNG")
