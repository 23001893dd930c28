"""The ways that lead a search to its posts lead to all of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from x_simulator import deeds
from x_simulator.composing import Place, Told
from x_simulator.matching import found_by
from x_simulator.outbound import Outbound
from x_simulator.pages import Slice
from x_simulator.people import Person
from x_simulator.query import parse
from x_simulator.settings import Settings
from x_simulator.ways import ways
from x_simulator.world import World

QUERIES = (
    "lamp",
    "LAMP broke",
    '"lamp broke"',
    "lamp OR kettle",
    "lamp -kettle",
    "(lamp OR kettle) from:ann",
    "from:ann",
    "from:ann OR from:bob",
    "from:7 lamp",
    "to:shop",
    "to:shop lamp",
    "@shop",
    "@shop @ann",
    "from:nobody",
    "from:nobody OR kettle",
    "nowhere",
    "#late",
    "#late OR $SHOP",
    'url:"example.com"',
    "café",
    "cafe",
    "猫",
    "😃",
    "lamp is:reply",
    "lamp has:links",
    "(from:ann (lamp OR @shop)) OR (to:shop -lamp)",
)
TEXTS = (
    "The lamp broke",
    "My lamp broke, and the kettle too #late",
    "Kettle! See https://example.com/kettles?a=1&b=2",
    "Café or CAFÉ? 猫 & 😃 $SHOP",
    "@shop the lamp",
    "@shop @ann lamp lamp",
    "nothing of all this",
)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Three people who say everything, as posts and as answers to what was said before."""
    world = World(Settings(tmp_path, (), "key", "secret", "client", "secret"), Outbound())
    people = [
        world.people.upsert({"username": name, "id": number})
        for number, name in enumerate(("shop", "ann", "bob"), start=6)
    ]
    for number, text in enumerate(TEXTS):
        for person in people:
            said = publish(world, person, text)
            publish(world, people[number % 3], f"{text} indeed {person.name}", said)
    yield world
    world.store.close()


def publish(world: World, author: Person, text: str, above: int | None = None) -> int:
    place = Place(in_reply_to_post_id=above)
    told = deeds.publish_post(world, Told(text), place, author=author, source="app", deliver=False)
    return told.id


def all_that_match(world: World, query: str) -> list[int]:
    """Without any way: everything is looked at."""
    _, (clause, values) = found_by(query)
    sql = f"SELECT id FROM posts WHERE deleted_ms IS NULL AND {clause} ORDER BY id DESC"  # noqa: S608 (our own)
    return [row["id"] for row in world.store.rows(sql, values)]


def found(world: World, query: str, window: Slice | None = None) -> list[int]:
    page = world.posts.search(found_by(query), window or Slice(100), None)
    return [post.id for post in page.items]


def test_every_search_finds_all_that_it_means(world: World) -> None:
    expected = {query: all_that_match(world, query) for query in QUERIES}
    assert {query: found(world, query) for query in QUERIES} == expected
    assert sum(map(bool, expected.values())) > len(QUERIES) - 4


def test_its_pages_are_those_of_all_that_it_means(world: World) -> None:
    for query in QUERIES:
        everything = all_that_match(world, query)
        page = world.posts.search(found_by(query), Slice(3), None)
        told = [post.id for post in page.items]
        while page.next_token:
            page = world.posts.search(found_by(query), Slice.of(page.next_token, 3), None)
            told += [post.id for post in page.items]
        assert told == everything


def test_an_older_file_is_searched_as_well(world: World) -> None:
    expected = found(world, "lamp")
    world.store.write("DELETE FROM post_words")
    assert found(world, "lamp") == []
    world.posts.index_all()
    assert found(world, "lamp") == expected != []


@pytest.mark.parametrize(
    ("query", "sources"),
    [
        ("lamp conversation_id:12", ["posts INDEXED BY posts_of_conversation"]),
        ("@shop lamp from:ann", ["post_words CROSS JOIN posts ON posts.id = post_words.post_id"]),
        ("from:ann @shop", ["posts INDEXED BY posts_there_of_author"]),
        ("(lamp OR to:shop) from:nobody", []),
        (
            "in_reply_to_tweet_id:1 OR to:shop",
            ["posts INDEXED BY replies_of_post", "posts INDEXED BY posts_to_user"],
        ),
    ],
)
def test_it_goes_by_what_is_rarest(query: str, sources: list[str]) -> None:
    found = ways(parse(query), lambda name: [] if name == "nobody" else [7])
    assert found is not None
    assert [way.source for way in found] == sources
