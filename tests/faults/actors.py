"""Who acts during a trial: customers who write on X, agents who answer in the desk.

Each is a thread. What an agent can't do, because a page doesn't answer, it says and goes on.
"""

from __future__ import annotations

import json
import random
import re
import threading
import time
from contextlib import closing
from dataclasses import dataclass
from types import TracebackType
from typing import Any
from uuid import UUID, uuid4

import httpx

from tests.faults.lines import How, Lines
from tests.faults.town import PASSWORD, Town
from tests.stack import Stack
from twitter_sync.signatures import signature

PUBLIC_SHARE = 0.25
WITHIN_SECONDS = 15.0
# A trial may stop the simulator: whoever writes there waits, and writes late.
X_SLEEPS_AT_MOST = 180.0
# As a browser does that got no answer: the same key again.
TRIES = 5


class Actor(threading.Thread):
    """Acts until it is done or told to stop; what it raises is raised by `finish`."""

    def __init__(self, name: str) -> None:
        super().__init__(name=name, daemon=True)
        self.stopping = threading.Event()
        self.trouble: BaseException | None = None

    def run(self) -> None:
        try:
            self.act()
        except BaseException as error:
            self.trouble = error

    def act(self) -> None:
        raise NotImplementedError

    def finish(self, *, at_once: bool) -> None:
        if at_once:
            self.stopping.set()
        self.join()
        if self.trouble is not None:
            raise self.trouble


@dataclass(frozen=True)
class Load:
    """So many events from customers at so many a second; agents pause so long between replies, and
    so many empty pushes a second are timed.

    `told`: X pushes each event as it is written. Otherwise the trial has them delivered as it
    likes.
    """

    events: int
    per_second: float
    agents: int = 2
    pause: float = 0.3
    pushes: float = 5
    told: bool = True


class Customers(Actor):
    """Direct messages and public posts to random brands, at a steady rate."""

    def __init__(
        self, stack: Stack, town: Town, people: list[str], lines: Lines, load: Load, seed: str
    ) -> None:
        super().__init__("customers")
        self.stack, self.town, self.people, self.lines, self.load = stack, town, people, lines, load
        self.rng = random.Random(f"{seed} customers")

    def act(self) -> None:
        begun = time.monotonic()
        x = httpx.Client(base_url=self.stack.simulator, trust_env=False, timeout=X_SLEEPS_AT_MOST)
        with closing(x):
            for number in range(self.load.events):
                due = begun + number / self.load.per_second
                if self.stopping.wait(max(0, due - time.monotonic())):
                    return
                self.write(x, number)

    def write(self, x: httpx.Client, number: int) -> None:
        handle = self.rng.choice(sorted(self.town.brands))
        person, words = self.rng.choice(self.people), f"Question {number} of {self.rng.random()}"
        if is_public := self.rng.random() < PUBLIC_SHARE:
            body: dict[str, Any] = {"author_id": person, "text": f"@{handle} {words}"}
        else:
            body = {"sender_id": person, "recipient_id": self.town.brands[handle], "text": words}
        self.lines.say(self.name, How.INVOKE, "write", number=number)
        path = "/_sim/posts" if is_public else "/_sim/dms"
        answer = x.post(path, json=body | {"deliver": self.load.told})
        answer.raise_for_status()
        kind = "post" if is_public else "dm"
        self.lines.say(self.name, How.OK, "write", number=number, kind=kind, id=answer.json()["id"])


class Agent(Actor):
    """Takes a conversation that needs an answer and answers it, over the pages of the desk."""

    def __init__(self, stack: Stack, email: str, lines: Lines, load: Load, seed: str) -> None:
        super().__init__(email.partition("@")[0])
        self.email, self.lines, self.load = email, lines, load
        self.rng = random.Random(f"{seed} {email}")
        self.desk = httpx.Client(
            base_url=stack.web, trust_env=False, timeout=WITHIN_SECONDS, follow_redirects=True
        )

    def act(self) -> None:
        with closing(self.desk):
            while not self.stopping.wait(self.load.pause):
                try:
                    self.answer_one()
                except httpx.HTTPError as error:
                    self.lines.say(self.name, How.FAIL, "look", why=type(error).__name__)

    def sign_in(self) -> None:
        page = self.desk.get("/sign-in/").raise_for_status()
        told = {"email": self.email, "password": PASSWORD, "csrfmiddlewaretoken": token(page.text)}
        answer = self.desk.post("/sign-in/", data=told).raise_for_status()
        assert answer.url.path == "/desk/", answer.url

    def answer_one(self) -> None:
        listed = self.desk.get("/desk/list/", params={"view": "needs-answer"})
        numbers = re.findall(r'data-number="(\d+)"', listed.raise_for_status().text)
        if not numbers:
            return
        shown = self.desk.get(f"/conversations/{self.rng.choice(numbers)}/").raise_for_status()
        paths = re.findall(r'hx-post="(/threads/\d+/replies/)', shown.text)
        seen = re.search(r'name="seen_through" value="(\d+)"', shown.text)
        if paths and seen:
            self.reply(self.rng.choice(paths), seen[1], token(shown.text))

    def reply(self, path: str, seen_through: str, csrf: str) -> None:
        """With the same key until somebody has answered, as a browser does."""
        key = str(UUID(int=self.rng.getrandbits(128), version=4))
        words = {"text": f"Answer {key}", "client_key": key, "seen_through": seen_through}
        self.lines.say(self.name, How.INVOKE, "reply", key=key)
        for _ in range(TRIES):
            how, why = self.post(path, words, csrf)
            self.lines.say(self.name, how, "reply", key=key, why=why)
            if how != How.INFO or self.stopping.wait(self.load.pause):
                return

    def post(self, path: str, words: dict[str, str], csrf: str) -> tuple[How, str]:
        try:
            headers = {"X-CSRFToken": csrf, "HX-Request": "true"}
            answer = self.desk.post(path, data=words, headers=headers)
        except httpx.HTTPError as error:
            return How.INFO, type(error).__name__
        if answer.is_success:
            return How.OK, ""
        return How.INFO if answer.is_server_error else How.FAIL, str(answer.status_code)


def token(page: str) -> str:
    """Of a form, or of the page for what its scripts ask."""
    found = re.search(r'csrfmiddlewaretoken" value="([^"]+)"|"X-CSRFToken": "([^"]+)"', page)
    assert found, "the page has no CSRF token"
    return found[1] or found[2]


class Pusher(Actor):
    """Signs as X does and pushes what means nothing, to see how soon it is answered and whether
    what was answered with 200 is kept."""

    def __init__(self, stack: Stack, lines: Lines, load: Load, secret: str) -> None:
        super().__init__("pusher")
        self.lines, self.load, self.secret = lines, load, secret
        # Each over a connection of its own, as the proxy does.
        self.web = httpx.Client(
            base_url=stack.web,
            trust_env=False,
            timeout=WITHIN_SECONDS,
            limits=httpx.Limits(max_keepalive_connections=0),
        )

    def act(self) -> None:
        with closing(self.web):
            while not self.stopping.wait(1 / self.load.pushes):
                self.push()

    def push(self) -> None:
        key = str(uuid4())
        event = {"event_uuid": f"trial-{key}", "event_type": "dm.read", "payload": {}, "filter": {}}
        self.lines.say(self.name, How.INVOKE, "push", key=key)
        began = time.monotonic()
        how, why = self.post(json.dumps({"data": event}).encode())
        took = round(time.monotonic() - began, 4)
        self.lines.say(self.name, how, "push", key=key, seconds=took, why=why)

    def post(self, body: bytes) -> tuple[How, str]:
        headers = {"x-twitter-webhooks-signature": signature(body, secret=self.secret)}
        try:
            answer = self.web.post("/webhooks/x/", content=body, headers=headers)
        except httpx.HTTPError as error:
            return How.INFO, type(error).__name__
        return (How.OK, "") if answer.status_code == 200 else (How.FAIL, str(answer.status_code))


class Everybody:
    """The actors of a trial. Agents are signed in before anything breaks; they answer until the
    customers have said their last word."""

    def __init__(self, customers: Customers, agents: list[Agent], pusher: Pusher) -> None:
        self.customers, self.agents, self.pusher = customers, agents, pusher

    def __enter__(self) -> Everybody:
        for agent in self.agents:
            agent.sign_in()
        for actor in (self.customers, *self.agents, self.pusher):
            actor.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.customers.finish(at_once=error is not None)
        for actor in (*self.agents, self.pusher):
            actor.finish(at_once=True)
