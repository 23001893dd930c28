"""Handing in ids, and reading which of them X wants deleted."""

from __future__ import annotations

import json
import time
from typing import Any

import httpx

from tests.simulator.program import Json, Program

PATH = "/2/compliance/jobs"


def begun(program: Program, kind: str = "tweets") -> Json:
    made = program.call("POST", PATH, program.bearer(), json={"type": kind})
    job: Json = made.json()["data"]
    return job


def told(program: Program, job: Json) -> Json:
    found: Json = program.get(f"{PATH}/{job['id']}", program.bearer())["data"]
    return found


def hand_in(job: Json, *ids: str) -> int:
    lines = "".join(f"{one}\n" for one in ids)
    kind = {"Content-Type": "text/plain"}
    return httpx.put(job["upload_url"], content=lines, headers=kind).status_code


def results(program: Program, job: Json) -> list[Any]:
    deadline = time.monotonic() + 20
    while told(program, job)["status"] != "complete":
        assert time.monotonic() < deadline, told(program, job)
        time.sleep(0.05)
    return [json.loads(line) for line in httpx.get(job["download_url"]).text.splitlines()]


def test_it_tells_what_is_gone_or_protected_and_leaves_out_the_rest(program: Program) -> None:
    customer, shy = program.person(), program.person(protected=True)
    there, gone = program.post(customer, "here"), program.post(customer, "gone")
    veiled = program.post(shy, "for friends")
    program.control("POST", "posts/delete", id=gone)
    job = begun(program)
    assert (job["type"], job["status"]) == ("tweets", "created")
    assert hand_in(job, there, gone, "no id", veiled) == 200
    found = results(program, job)
    assert [(one["id"], one["reason"]) for one in found] == [
        (gone, "deleted"),
        (veiled, "protected"),
    ]
    assert {one["action"] for one in found} == {"delete"}


def test_people_are_told_of_likewise(program: Program) -> None:
    open_one, shy = program.person(), program.person(protected=True)
    job = begun(program, "users")
    hand_in(job, open_one["id"], shy["id"], "999")
    reasons = {one["id"]: one["reason"] for one in results(program, job)}
    assert reasons == {shy["id"]: "protected", "999": "deactivated"}


def test_ids_are_handed_in_once_and_in_time(program: Program) -> None:
    job, late = begun(program), begun(program)
    assert (hand_in(job, "1"), hand_in(job, "2")) == (200, 403)
    program.pretend("UPDATE compliance_jobs SET created_ms = 0 WHERE id = ?", (int(late["id"]),))
    assert hand_in(late, "1") == 403
    assert told(program, late)["status"] == "expired"


def test_results_are_there_when_they_are_made_and_at_their_secret_address_alone(
    program: Program,
) -> None:
    job = begun(program)
    assert httpx.get(job["download_url"]).status_code == 404
    assert httpx.get(job["download_url"].replace("compliance/", "compliance/x")).status_code == 404
    assert httpx.get(job["upload_url"]).status_code == 405
    hand_in(job, "1")
    results(program, job)
    program.pretend("UPDATE compliance_jobs SET created_ms = 0 WHERE id = ?", (int(job["id"]),))
    assert httpx.get(job["download_url"]).status_code == 404


def test_jobs_are_listed_by_type_and_status(program: Program) -> None:
    first, second = begun(program), begun(program)
    begun(program, "users")
    hand_in(first, "1")
    results(program, first)

    def listed(**query: str) -> list[str]:
        found = program.get(PATH, program.bearer(), type="tweets", **query)
        return [one["id"] for one in found.get("data", [])]

    assert listed()[:2] == [second["id"], first["id"]]
    assert first["id"] in listed(status="complete")
    assert first["id"] not in listed(status="created")
