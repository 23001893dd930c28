"""Recorded conversations as files hold them, read into posts of X's v2 form.

`v2` has one post a line (fields that begin with `_` are notes). `dialogs` is a JSON list of dialogs
in order, each with an `agentURL` as its last word. `csv` has one complaint a row. The last two know
people by handle alone: their posts name an `author`, whose id is the simulator's to give.
"""

import csv
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Post = dict[str, Any]


class Unusable(Exception):
    """What about the files or the server makes playing impossible."""


@dataclass(slots=True)
class Recording:
    """Everyone in it, and what they said: each id once."""

    users: list[Post] = field(default_factory=list)
    posts: list[Post] = field(default_factory=list)

    def author_ids(self, told: Iterable[Post]) -> None:
        """Gives every post the id of its author, of the people as the simulator told them."""
        by_name = {user["username"].lower(): user["id"] for user in told}
        for post in self.posts:
            if "author" in post:
                post["author_id"] = by_name[post.pop("author").lower()]


def read_users(path: Path) -> list[Post]:
    """Raises Unusable."""
    try:
        users = json.loads(path.read_text(encoding="utf-8"))
        return [
            {key: user[key] for key in ("id", "username", "name")}
            | {"brand": bool(user.get("brand"))}
            for user in users
        ]
    except (ValueError, TypeError, KeyError) as error:
        raise Unusable(f"{path}: not a list of users ({error!r})") from error


def read_posts(path: Path) -> list[Post]:
    """Without notes. Raises Unusable, with the line."""
    posts = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            post = {key: value for key, value in json.loads(line).items() if key[0] != "_"}
            _ = [post[key] for key in ("id", "author_id", "conversation_id", "text", "created_at")]
        except (ValueError, AttributeError, KeyError) as error:
            raise Unusable(f"{path}, line {number}: not a post ({error!r})") from error
        posts.append(post)
    return posts


def read_v2(path: Path, users: Path | None) -> Recording:
    if users is None:
        raise Unusable(f"{path}: name the file with everyone in it by --users")
    return Recording(read_users(users), read_posts(path))


def read_dialogs(path: Path, users: Path | None = None) -> Recording:
    """Each message answers the one before it. Two dialogs that share one are one conversation."""
    try:
        return of_dialogs(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError, KeyError) as error:
        raise Unusable(f"{path}: not a list of dialogs ({error!r})") from error


def of_dialogs(dialogs: Iterable[Post]) -> Recording:
    brands: set[str] = set()
    said: dict[str, Post] = {}
    for dialog in dialogs:
        brand = dialog["dialogHeader"]["company"]
        brands.add(brand.lower())
        above: Post | None = None
        for turn in turns(dialog, brand):
            if above is not None:
                turn["referenced_tweets"] = [{"type": "replied_to", "id": above["id"]}]
                turn["conversation_id"] = above["conversation_id"]
            above = said.setdefault(turn["id"], turn)
    return Recording(people({post["author"] for post in said.values()}, brands), [*said.values()])


def turns(dialog: Post, brand: str) -> Iterable[Post]:
    """What was said, oldest first; whoever is no agent is a customer, under their own name."""
    for turn in dialog["dialogContent"]:
        author = next(turn[role] for role in ("agent", "client", "client1") if role in turn)
        yield a_post(turn["tweet_ID"], author, turn["message"])
    last = dialog["agentURL"]
    yield a_post(last["tweet_ID"], brand, last["url_utterance"])


def read_csv(path: Path, users: Path | None = None) -> Recording:
    """Rows of `tweet_id, airline, name, text`: a brand is called as the airline, without spaces."""
    said: dict[str, Post] = {}
    brands: set[str] = set()
    try:
        with path.open(encoding="utf-8", newline="") as rows:
            for row in csv.DictReader(rows):
                brands.add(row["airline"].replace(" ", ""))
                post = a_post(row["tweet_id"], row["name"], row["text"])
                said.setdefault(post["id"], post)
    except (ValueError, AttributeError, KeyError) as error:
        raise Unusable(f"{path}: not a table of complaints ({error!r})") from error
    if not said:
        raise Unusable(f"{path}: not a table of complaints (it has no rows)")
    names = {post["author"] for post in said.values()} | brands
    return Recording(people(names, {name.lower() for name in brands}), [*said.values()])


def a_post(post_id: str, author: str, text: str) -> Post:
    """A root, until it is told what it answers. Its time is the one in its id."""
    return {"id": str(int(post_id)), "author": author, "text": text, "conversation_id": post_id}


def people(names: Iterable[str], brands: set[str]) -> list[Post]:
    by_key = {name.lower(): name for name in sorted(names)}
    return [
        {"username": name, "name": name, "brand": key in brands} for key, name in by_key.items()
    ]


Reader = Callable[[Path, Path | None], Recording]
FORMATS: dict[str, Reader] = {"v2": read_v2, "dialogs": read_dialogs, "csv": read_csv}
