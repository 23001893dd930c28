"""A crowd of customers that writes so much a second, and says what it wrote."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from argparse import Namespace
from collections import Counter
from typing import Any

import pytest

from tests.simulator.program import Json, Program
from x_simulator import load
from x_simulator.crowd import Crowd, Saying
from x_simulator.text import weighted_length


def crowd(seed: str = "1", dms: float = 0.5) -> Crowd:
    return Crowd(["larkwing", "other_co"], dms, random.Random(seed))


def by_visit(sayings: list[Saying]) -> dict[int, list[Saying]]:
    visits: dict[int, list[Saying]] = {}
    for saying in sayings:
        visits.setdefault(saying.visit, []).append(saying)
    return visits


# Who says what


def test_the_same_seed_makes_the_same_people_say_the_same() -> None:
    assert crowd("1").sayings(300) == crowd("1").sayings(300) != crowd("2").sayings(300)


def test_people_come_back_and_say_several_things_in_a_row() -> None:
    sayings = crowd().sayings(2_000)
    visits = by_visit(sayings)
    lengths = Counter(map(len, visits.values()))
    assert lengths[1] > 100
    assert sum(number for length, number in lengths.items() if length > 1) > 100
    visitors = Counter(said[0].customer for said in visits.values())
    assert max(visitors.values()) > 3
    assert sum(saying.returning for saying in sayings) == len(visits) - len(visitors)
    assert all(len({one.customer for one in said}) == 1 for said in visits.values())


def test_a_visit_begins_in_public_or_in_private_and_may_change_to_private() -> None:
    visits = by_visit(crowd(dms=0.3).sayings(2_000)).values()
    begun = Counter(said[0].way for said in visits)
    assert 0.25 < begun["dm"] / len(visits) < 0.35
    assert begun["reply"] == 0
    public = [[one.way for one in said[1:]] for said in visits if said[0].way == "mention"]
    assert Counter(way for ways in public for way in ways).keys() == {"reply", "dm"}
    assert all({one.way for one in said} == {"dm"} for said in visits if said[0].way == "dm")


def test_nobody_says_the_same_twice_or_more_than_a_post_holds() -> None:
    sayings = crowd().sayings(3_000)
    assert len({(one.customer, one.text) for one in sayings}) == len(sayings)
    assert max(weighted_length(one.text) for one in sayings) <= 280
    assert 0.02 < sum(one.with_picture for one in sayings) / len(sayings) < 0.06


# Writing it


def options(program: Program, **changes: Any) -> Namespace:
    usual = {"server": program.url, "per_second": 300, "seconds": 0.5, "dms": 0.5, "ids": True}
    return Namespace(**{**usual, "brands": [], **changes})


def test_what_it_says_it_wrote_is_what_is_there(program: Program) -> None:
    brands = [program.brand() for _ in range(2)]
    names = [brand["username"] for brand in brands]
    told = load.write(options(program, seed="what is there", brands=names))
    assert (told["written"], told["refused"]) == (150, 0)
    assert told["dms"] + told["mentions"] + told["replies"] == 150
    assert set(told["brands"]) == set(names)
    ledger = program.control("GET", "ledger")
    wrote = {one["id"]: one for one in (*ledger["dms"], *ledger["posts"])}
    mine = [wrote[one] for one in (*told["ids"]["dms"], *told["ids"]["posts"])]
    assert len({one["id"] for one in mine}) == 150
    assert {one["recipient_id"] for one in mine if "recipient_id" in one} <= {
        brand["id"] for brand in brands
    }
    answers = [one for one in mine if one.get("in_reply_to_post_id")]
    assert len(answers) == told["replies"] > 0
    assert all(
        wrote[one["in_reply_to_post_id"]]["author_id"] == one["author_id"] for one in answers
    )
    assert told["with_picture"] > 0


def test_the_share_of_private_visits_can_be_all(program: Program) -> None:
    name = program.brand()["username"]
    told = load.write(options(program, seed="private", brands=[name], dms=1, seconds=0.1))
    assert (told["dms"], told["posts"]) == (30, 0)


def test_it_prints_one_object(program: Program) -> None:
    name = program.brand()["username"]
    command = [sys.executable, "-m", "x_simulator.load", "--server", program.url]
    command += ["--per-second", "100", "--seconds", "0.1", "--seed", "printed", "--brands", name]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    told: Json = json.loads(ended.stdout)
    assert (told["seed"], told["written"], "ids" in told) == ("printed", 10, False)


def test_it_says_which_brand_is_not_there(program: Program) -> None:
    with pytest.raises(load.Unusable, match="no brand is called nobody_at_all"):
        load.write(options(program, seed="0", brands=["nobody_at_all"]))


def test_it_says_that_nobody_answers() -> None:
    with pytest.raises(load.Unusable, match="does not answer"):
        load.write(Namespace(server="http://127.0.0.1:9", brands=[], seed="0", dms=1))
