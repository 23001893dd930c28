"""The simulator as its own tests use it: the real program on a free port, spoken to over HTTP.

Nothing of the desk is imported here: the simulator is a program that stands alone.
"""

from __future__ import annotations

import base64
import hashlib
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from tests.simulator.contract import Contract
from tests.simulator.listening import Listening

CREDENTIALS = {
    "X_CONSUMER_KEY": "key-of-the-tests",
    "X_CONSUMER_SECRET": "consumer-secret-of-the-tests",
    "X_CLIENT_ID": "client-of-the-tests",
    "X_CLIENT_SECRET": "client-secret-of-the-tests",
}
# A proxy that is not there: webhooks of this machine are reached without one.
NOWHERE = {"HTTP_PROXY": "http://127.0.0.1:9", "http_proxy": "http://127.0.0.1:9"}
CALLBACK = "http://127.0.0.1:8000/handles/callback/"
VERIFIER = "a-verifier-that-is-long-enough-to-be-one-0123456789"
STARTS_WITHIN = 60.0
ENDS_WITHIN = 60.0
EVERYTHING = "dm.read dm.write tweet.read tweet.write users.read offline.access"
_numbers = count(1)

Json = dict[str, Any]


class Program:
    """One simulator with a folder of its own; may be killed and started again."""

    def __init__(self, folder: Path, contract: Contract | None = None) -> None:
        self.folder = folder
        self.url = ""
        self.http = httpx.Client(
            trust_env=False, timeout=20, event_hooks={"response": [self._check]}
        )
        self.contract = contract
        self.findings: list[str] | None = None  # None: what is found fails the call

    def start(self) -> None:
        log = self.folder / "simulator.log"
        with log.open("a") as output:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "x_simulator", "--data-dir", self.folder / "data"),
                    *("--callback-url", CALLBACK),
                    *("--callback-url", "https://desk.example.com/callback"),
                ],
                env=os.environ | CREDENTIALS | NOWHERE,
                stdout=output,
                stderr=output,
            )
        deadline = time.monotonic() + STARTS_WITHIN
        while "listening" not in self.log().rpartition("starting over")[2]:
            assert self.process.poll() is None, f"The simulator did not start:\n{self.log()}"
            assert time.monotonic() < deadline, f"The simulator did not start:\n{self.log()}"
            time.sleep(0.01)
        said = [line for line in self.log().splitlines() if line.startswith("x_simulator listen")]
        self.url = said[-1].split()[-1]
        assert self.control("GET", "health")["program"] == "x_simulator"

    def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        ended = self.process.wait(ENDS_WITHIN)
        with (self.folder / "simulator.log").open("a") as log:
            log.write("starting over\n")
        return ended

    def log(self) -> str:
        return (self.folder / "simulator.log").read_text()

    # Calls

    def _check(self, answer: httpx.Response) -> None:
        """Every answer to every test is one that X could have given."""
        if self.contract is None:
            return
        if not self.contract.goes_on(answer):
            answer.read()
        self._found(self.contract.findings(answer))

    def _check_line(self, answer: httpx.Response, body: Json) -> None:
        if self.contract is not None:
            self._found(self.contract.findings_of_line(answer.request, body))

    def _found(self, found: list[str]) -> None:
        if self.findings is None:
            assert not found, found
        else:
            self.findings += found

    def call(self, method: str, path: str, token: str = "", **options: Any) -> httpx.Response:
        headers = {"authorization": f"Bearer {token}"} if token else {}
        return self.http.request(method, f"{self.url}{path}", headers=headers, **options)

    def get(self, path: str, token: str = "", **params: Any) -> Json:
        """The body of an answer that must be 200."""
        answer = self.call("GET", path, token, params=params)
        assert answer.status_code == 200, f"{answer.status_code} {answer.text}"
        body: Json = answer.json()
        return body

    def control(self, method: str, path: str, **body: Any) -> Any:
        options = {"json": body} if method == "POST" else {}
        answer = self.http.request(method, f"{self.url}/_sim/{path}", **options)
        assert answer.status_code == 200, f"{answer.status_code} {answer.text}"
        return answer.json()

    @contextmanager
    def listen(self, path: str, token: str, **params: Any) -> Iterator[Listening]:
        """A stream, until it is left; then X knows that it is."""
        before = self.open_streams()
        headers = {"authorization": f"Bearer {token}"}
        with self.http.stream("GET", f"{self.url}{path}", headers=headers, params=params) as answer:
            assert answer.status_code == 200, answer.read()
            own = self.open_streams() - before
            yield Listening(answer, self._check_line)
        deadline = time.monotonic() + STARTS_WITHIN
        while own & self.open_streams():
            assert time.monotonic() < deadline, "The simulator did not notice that nobody reads."
            time.sleep(0.01)

    def open_streams(self) -> set[str]:
        return {one["id"] for one in self.control("GET", "streams")["open"]}

    # People and tokens

    def person(self, username: str = "", **facts: Any) -> Json:
        username = username or f"somebody{next(_numbers)}"
        spec = {"username": username, "name": username.title(), **facts}
        person: Json = self.control("POST", "users", users=[spec])["users"][0]
        return person

    def brand(self, **facts: Any) -> Json:
        """With a user token under "token"."""
        brand = self.person(f"brand{next(_numbers)}", brand=True, **facts)
        return {**brand, "token": self.token(brand)}

    def token(self, person: Json, scopes: str = EVERYTHING) -> str:
        answer = self.control("POST", "tokens", user_id=person["id"], scopes=scopes)
        token: str = answer["access_token"]
        return token

    def bearer(self) -> str:
        answer = self.http.post(
            f"{self.url}/oauth2/token",
            data={"grant_type": "client_credentials"},
            auth=(CREDENTIALS["X_CONSUMER_KEY"], CREDENTIALS["X_CONSUMER_SECRET"]),
        )
        token: str = answer.json()["access_token"]
        return token

    # What people do

    def dm(self, sender: Json, recipient: Json, text: str = "Hello!", **facts: Any) -> str:
        people = {"sender_id": sender["id"], "recipient_id": recipient["id"]}
        dm_id: str = self.control("POST", "dms", text=text, **people, **facts)["id"]
        return dm_id

    def chat(self, sender: Json, recipient: Json, text: str = "Hello!", **facts: Any) -> Json:
        people = {"sender_id": sender["id"], "recipient_id": recipient["id"]}
        said: Json = self.control("POST", "chat", text=text, **people, **facts)
        return said

    def post(self, author: Json, text: str, **facts: Any) -> str:
        told = self.control("POST", "posts", author_id=author["id"], text=text, **facts)
        post_id: str = told["id"]
        return post_id

    def subscribe(self, brand: Json, event_type: str, webhook_id: str, **facts: Any) -> Json:
        body = {"event_type": event_type, "filter": {"user_id": brand["id"]}, **facts}
        body["webhook_id"] = webhook_id
        answer = self.call("POST", "/2/activity/subscriptions", brand["token"], json=body)
        assert answer.status_code == 200, answer.text
        told: Json = answer.json()
        return told

    # Consent

    def ask(self, **changes: str) -> dict[str, str]:
        """The parameters of a request for consent."""
        digest = hashlib.sha256(VERIFIER.encode()).digest()
        asked = {
            "response_type": "code",
            "client_id": CREDENTIALS["X_CLIENT_ID"],
            "redirect_uri": CALLBACK,
            "scope": EVERYTHING,
            "state": "the state & all",
            "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
            "code_challenge_method": "S256",
        }
        return {**asked, **changes}

    def decide(self, person: Json, decision: str = "approve", **changes: str) -> dict[str, str]:
        """What the app is told after the person decided."""
        form = {**self.ask(**changes), "user_id": person["id"], "decision": decision}
        answer = self.http.post(f"{self.url}/i/oauth2/authorize", data=form)
        assert answer.status_code == 302, answer.text
        there = urlsplit(answer.headers["location"])
        assert f"{there.scheme}://{there.netloc}{there.path}" == form["redirect_uri"]
        return {name: values[0] for name, values in parse_qs(there.query).items()}

    def trade(self, **form: str) -> httpx.Response:
        """A call of the token endpoint by the app."""
        return self.http.post(f"{self.url}/2/oauth2/token", data=form, auth=self.client())

    def redeem(self, code: str, verifier: str = VERIFIER, uri: str = CALLBACK) -> httpx.Response:
        form = {"code": code, "redirect_uri": uri, "code_verifier": verifier}
        return self.trade(grant_type="authorization_code", **form)

    @staticmethod
    def client() -> tuple[str, str]:
        return CREDENTIALS["X_CLIENT_ID"], CREDENTIALS["X_CLIENT_SECRET"]

    # Time

    def wait_until_noted(self) -> None:
        """What was delivered is in the ledger too: the receiver has it a moment earlier."""
        deadline = time.monotonic() + STARTS_WITHIN
        while not all(one["done_at"] for one in self.control("GET", "deliveries")["deliveries"]):
            assert time.monotonic() < deadline, "The simulator did not note what it delivered."
            time.sleep(0.01)

    def pretend(self, sql: str, values: tuple[Any, ...] = ()) -> None:
        """Moves times in the program's own file, as if they had passed."""
        path = self.folder / "data" / "x_simulator.sqlite3"
        with closing(sqlite3.connect(path, timeout=5)) as database, database:
            database.execute(sql, values)


class Faults:
    """What a test has go wrong."""

    def __init__(self, program: Program) -> None:
        self.program = program

    def set(self, fault: str, **rule: Any) -> Json:
        told: Json = self.program.control("POST", "faults", fault=fault, **rule)
        return told

    def all(self) -> list[Json]:
        told: list[Json] = self.program.control("GET", "faults")["faults"]
        return told

    def clear(self) -> None:
        self.program.control("DELETE", "faults")


def texts(body: Mapping[str, Any]) -> list[str]:
    return [item["text"] for item in body.get("data", [])]
