"""The filtered stream: which posts come, how they look, and how it is opened."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import pytest

from tests.simulator.program import Json, Program
from x_simulator import clock
from x_simulator.pictures import png

PATH = "/2/tweets/search/stream"
RULES = f"{PATH}/rules"
SEARCH = "/2/tweets/search/recent"


@pytest.fixture(autouse=True)
def no_rules(program: Program, no_quotas: None) -> Iterator[None]:
    yield
    everything = {"delete_all": "true"}
    assert program.call("POST", RULES, program.bearer(), params=everything, json={}).is_success
    assert program.open_streams() == set()


def add(program: Program, *values: str) -> list[Json]:
    """Each is its own tag."""
    rules = [{"value": value, "tag": value} for value in values]
    told = program.call("POST", RULES, program.bearer(), json={"add": rules}).json()
    assert "errors" not in told, told["errors"]
    made: list[Json] = told["data"]
    return made


def tags(line: Json) -> set[str]:
    return {rule["tag"] for rule in line["matching_rules"]}


# Which posts


class Wall:
    """Posts of all kinds of two people, by short names."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.ann, self.bob = program.person(), program.person()
        self.ids: dict[str, str] = {}

    def write(self) -> None:
        ann, bob = self.ann, self.bob
        picture = {"media_type": "image/png", "content": base64.b64encode(png(1)).decode()}
        self.post("plain", ann, "My Zorble is broken")
        self.post("apart", bob, "broken is my zorble")
        self.post("part", bob, "the zorbles of summer")
        self.post("accent", bob, "a zörble, too")
        self.post("tag", ann, "again #ZorbleCo, see $ZRB")
        self.post("mention", bob, f"@{ann['username']} your zorble?")
        self.post("link", bob, "zorble https://zorble.example.com/help/hours")
        self.post("media", bob, "zorble", media=[picture])
        self.post("german", bob, "zorble kaputt", lang="de")
        self.post("reply", ann, "no wonder", in_reply_to_post_id=self.ids["mention"])
        self.post("quote", ann, "look at that", quoted_post_id=self.ids["apart"])
        spec = {"post_id": self.ids["link"], "author_id": ann["id"]}
        self.ids["repost"] = self.program.control("POST", "posts/repost", **spec)["id"]

    def post(self, name: str, author: Json, text: str, **facts: Any) -> None:
        self.ids[name] = self.program.post(author, text, **facts)

    def let_through(self) -> dict[str, set[str]]:
        """What each rule lets through."""
        a, b = f"from:{self.ann['username']}", f"from:{self.bob['username']}"
        own = f"({a} OR {b})"
        by_word = {"plain", "apart", "mention", "link", "media", "german", "quote", "repost"}
        return {
            f"zorble {own}": by_word,
            f"ZORBLE {a}": {"plain", "quote", "repost"},
            f'"zorble is broken" {own}': {"plain"},
            f"broken zorble {own}": {"plain", "apart", "quote"},
            f"zörble {own}": {"accent"},
            f"#zorbleco {own}": {"tag"},
            f"$zrb {own}": {"tag"},
            f"@{self.ann['username']} {own}": {"mention"},
            f"to:{self.bob['username']} {own}": {"reply"},
            f"{a} is:reply": {"reply"},
            f"{a} is:quote": {"quote"},
            f"{a} is:retweet": {"repost"},
            f"zorble {b} has:links": {"link", "media"},
            f"zorble {b} has:media": {"media"},
            f"zorble {b} -has:links lang:de": {"german"},
            f"url:zorble.example.com {own}": {"link", "repost"},
            f'url:"https://zorble.example.com/help" {own} -is:retweet': {"link"},
            f"conversation_id:{self.ids['mention']} {own}": {"mention", "reply"},
            f"in_reply_to_tweet_id:{self.ids['mention']}": {"reply"},
            f"(kaputt OR wonder) {own} -lang:en": {"german"},
            f"(kaputt OR (wonder is:reply)) {own}": {"german", "reply"},
            f"kaputt {own} OR wonder {own}": {"german", "reply"},
        }

    def found_otherwise(self) -> dict[str, set[str]]:
        """By a search, which takes accents or none for the same, and what is quoted or reposted
        for something else."""
        a, b = f"from:{self.ann['username']}", f"from:{self.bob['username']}"
        own = f"({a} OR {b})"
        by_word = {"plain", "apart", "accent", "mention", "link", "media", "german", "repost"}
        return {
            f"zorble {own}": by_word,
            f"zörble {own}": by_word,
            f"ZORBLE {a}": {"plain", "repost"},
            f"broken zorble {own}": {"plain", "apart"},
            f"url:zorble.example.com {own}": {"link"},
        }


@pytest.fixture
def wall(program: Program) -> Wall:
    return Wall(program)


def test_rules_choose_posts(program: Program, wall: Wall) -> None:
    authors = {f"from:{wall.ann['username']}", f"from:{wall.bob['username']}"}
    add(program, *authors)
    with program.listen(PATH, program.bearer()) as stream:
        wall.write()
        told = stream.lines(len(wall.ids))
    assert [line["data"]["id"] for line in told] == list(wall.ids.values())
    expected = wall.let_through()
    add(program, *expected)
    names = {post_id: name for name, post_id in wall.ids.items()}
    chosen: dict[str, set[str]] = {rule: set() for rule in expected}
    with program.listen(PATH, program.bearer(), backfill_minutes=5) as stream:
        for line in stream.until(wall.ids["repost"]):
            for tag in tags(line) - authors:
                chosen[tag].add(names[line["data"]["id"]])
    assert chosen == expected


def test_a_search_finds_them_too(program: Program, wall: Wall) -> None:
    wall.write()
    names = {post_id: name for name, post_id in wall.ids.items()}
    expected = wall.let_through() | wall.found_otherwise()
    for query, posts in expected.items():
        told = program.get(SEARCH, program.bearer(), query=query, max_results=100)
        assert {names[post["id"]] for post in told.get("data", [])} == posts, query


def test_all_of_a_long_post_is_looked_into(program: Program) -> None:
    writer = program.person(long_posts=True)
    (rule,) = add(program, f"from:{writer['username']} nonagon #octopus url:acme has:links")
    with program.listen(PATH, program.bearer()) as stream:
        program.post(writer, "short")
        words = f"{'it broke and broke again, ' * 15} nonagon #octopus https://acme.example.com/a"
        post_id = program.post(writer, words)
        line = stream.line()
    assert (line["data"]["id"], tags(line)) == (post_id, {rule["tag"]})
    assert "nonagon" not in line["data"]["text"]


def test_protected_and_deleted_posts_do_not_come(program: Program) -> None:
    shy, loud = program.person(protected=True), program.person()
    add(program, f"from:{shy['username']} OR from:{loud['username']}")
    program.post(shy, "between us")
    program.control("POST", "posts/delete", id=program.post(loud, "never mind"))
    last = program.post(loud, "for all")
    with program.listen(PATH, program.bearer(), backfill_minutes=5) as stream:
        assert stream.line()["data"]["id"] == last


# How they look


def test_a_post_comes_once_with_all_rules_that_fit(program: Program) -> None:
    person = program.person()
    rules = add(program, f"from:{person['username']}", f"from:{person['username']} hello", "nobody")
    with program.listen(PATH, program.bearer()) as stream:
        program.post(person, "hello")
        program.post(person, "goodbye")
        both, one = stream.lines(2)
    assert both["matching_rules"] == [{"id": rule["id"], "tag": rule["tag"]} for rule in rules[:2]]
    assert tags(one) == {rules[0]["tag"]}


def test_a_rule_without_a_tag_has_an_empty_one(program: Program) -> None:
    person = program.person()
    rule = {"value": f"from:{person['username']}"}
    made = program.call("POST", RULES, program.bearer(), json={"add": [rule]}).json()["data"][0]
    with program.listen(PATH, program.bearer()) as stream:
        program.post(person, "hello")
        assert stream.line()["matching_rules"] == [{"id": made["id"], "tag": ""}]


def test_a_post_has_the_fields_that_were_asked_for(program: Program) -> None:
    person = program.person()
    add(program, f"from:{person['username']}")
    asked = {"tweet.fields": "author_id,created_at", "expansions": "author_id"}
    with program.listen(PATH, program.bearer(), **asked, **{"user.fields": "verified"}) as stream:
        post_id = program.post(person, "hello")
        line = stream.line()
    assert line["data"].keys() == {
        *("id", "text", "edit_history_tweet_ids", "author_id", "created_at")
    }
    assert line["data"]["id"] == post_id
    (user,) = line["includes"]["users"]
    assert user.keys() == {"id", "name", "username", "verified"}


def test_a_changed_post_comes_again_with_its_history(program: Program) -> None:
    person = program.person()
    add(program, f"from:{person['username']}")
    with program.listen(PATH, program.bearer()) as stream:
        first = program.post(person, "helo")
        second = program.control("POST", "posts/edit", post_id=first, text="hello")["id"]
        told = [line["data"]["edit_history_tweet_ids"] for line in stream.lines(2)]
    assert told == [[first], [first, second]]


# Opening it


def test_without_rules_it_is_refused(program: Program) -> None:
    refused = program.call("GET", PATH, program.bearer())
    assert refused.status_code == 409
    assert refused.json()["connection_issue"] == "RuleConfigurationIssue"


def test_one_may_be_open(program: Program) -> None:
    add(program, "acme")
    with program.listen(PATH, program.bearer()) as stream:
        assert stream.answer.headers["x-rate-limit-limit"] == "50"
        refused = program.call("GET", PATH, program.bearer())
        assert refused.status_code == 429
        assert refused.json()["connection_issue"] == "TooManyConnections"
        with program.listen("/2/activity/stream", program.bearer()) as other:
            assert other.answer.is_success


def test_rules_may_change_while_it_is_open(program: Program) -> None:
    person = program.person()
    rule = f"from:{person['username']}"
    add(program, "nobody")
    with program.listen(PATH, program.bearer()) as stream:
        program.post(person, "too early")
        add(program, rule)
        heard = program.post(person, "in time")
        body = {"delete": {"values": [rule]}}
        assert program.call("POST", RULES, program.bearer(), json=body).is_success
        program.post(person, "too late")
        program.control("POST", "streams/end")
        assert [line["data"]["id"] for line in stream.rest()] == [heard]


def test_a_given_time_is_repeated_and_no_more(program: Program) -> None:
    person = program.person()
    post_id = program.post(person, "hello")
    add(program, f"from:{person['username']}")
    since = clock.iso_second(clock.now_ms() - clock.MINUTE_MS)
    with program.listen(PATH, program.bearer(), start_time=since) as stream:
        assert [line["data"]["id"] for line in stream.rest()] == [post_id]


def test_it_is_ended_by_its_name(program: Program) -> None:
    add(program, "acme")
    with program.listen(PATH, program.bearer()) as stream:
        path = "/2/connections/filtered_stream"
        told = program.call("DELETE", path, program.bearer()).json()["data"]
        assert told["successful_kills"] == 1
        (end,) = stream.rest()
    assert end["errors"][0]["disconnect_type"] == "ForceDisconnect"


@pytest.mark.parametrize("disconnect_type", ["InvalidRules", "OperationalDisconnect"])
def test_only_the_named_endpoint_is_ended(program: Program, disconnect_type: str) -> None:
    add(program, "acme")
    bearer = program.bearer()
    with program.listen(PATH, bearer) as stream, program.listen("/2/activity/stream", bearer):
        asked = {"disconnect_type": disconnect_type, "endpoint": "filtered_stream"}
        assert len(program.control("POST", "streams/end", **asked)["ended"]) == 1
        (end,) = stream.rest()
        assert end["errors"][0]["disconnect_type"] == disconnect_type
        assert len(program.open_streams()) == 1
