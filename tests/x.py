"""The simulator of X as tests use it: a process of its own on a free port, spoken to over HTTP."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import httpx
from django.conf import settings

from twitter_sync import oauth

STARTS_WITHIN = 60.0
LISTENING = re.compile(r"^x_simulator listening on (\S+)$", re.MULTILINE)
_names = count(1)


class Simulator:
    """`url` is X's for our settings; `post` and `get` are the control calls under /_sim/. It keeps
    its state in `folder`."""

    def __init__(self, url: str, folder: Path | None = None) -> None:
        self.url, self.folder = url, folder
        self._http = httpx.Client(base_url=f"{url}/_sim", trust_env=False, timeout=60)

    def get(self, path: str, **params: Any) -> Any:
        return self._told(self._http.get(path, params=params))

    def post(self, path: str, **body: Any) -> Any:
        return self._told(self._http.post(path, json=body))

    def delete(self, path: str, **params: Any) -> Any:
        return self._told(self._http.delete(path, params=params))

    @staticmethod
    def _told(answer: httpx.Response) -> Any:
        assert answer.is_success, f"{answer.request.url}: {answer.status_code} {answer.text}"
        return answer.json()

    def person(self, username: str = "", **facts: Any) -> dict[str, Any]:
        """Somebody on X, with an id of their own."""
        username = username or f"person{next(_names)}"
        spec = {"username": username, "name": username.title(), **facts}
        person: dict[str, Any] = self.post("users", users=[spec])["users"][0]
        return person

    def brand(self, username: str = "", **facts: Any) -> dict[str, Any]:
        return self.person(username or f"brand{next(_names)}", brand=True, **facts)

    def consent(self, person: dict[str, Any]) -> dict[str, Any]:
        """X's answer with a token pair, as if the person had let our app in."""
        pair: dict[str, Any] = self.post("tokens", user_id=person["id"])
        return pair

    def forget_uploads(self) -> None:
        """Days go by for all that was ever uploaded or begun: X has none of it any more."""
        assert self.folder is not None, "A simulator that somebody else runs."
        path = self.folder / "data" / "x_simulator.sqlite3"
        with closing(sqlite3.connect(path, timeout=5)) as database, database:
            gone = "UPDATE media SET finalized_ms = finalized_ms - ?1, created_ms = created_ms - ?1"
            database.execute(gone, (15 * 86_400_000,))

    def forget_webhooks(self) -> None:
        """As the owner of the app would in X's console; their subscriptions go with them."""
        bearer = oauth.app_bearer()
        api = httpx.Client(
            base_url=self.url, headers={"Authorization": f"Bearer {bearer}"}, trust_env=False
        )
        for webhook in api.get("/2/webhooks").json()["data"]:
            assert api.delete(f"/2/webhooks/{webhook['id']}").is_success

    def calls(self, path: str = "") -> list[dict[str, Any]]:
        """What our side asked of X's API, oldest first; only of `path` when given."""
        made = self.get("calls", limit=20_000)["calls"]
        return [call for call in made if not path or call["path"] == path]


@contextmanager
def running(folder: Path, *callback_urls: str) -> Iterator[Simulator]:
    """A fresh simulator that keeps its state and its log in `folder`."""
    environment = os.environ | {
        name: getattr(settings, name)
        for name in ("X_CONSUMER_KEY", "X_CONSUMER_SECRET", "X_CLIENT_ID", "X_CLIENT_SECRET")
    }
    command = [sys.executable, "-m", "x_simulator", "--port", "0", "--data-dir", folder / "data"]
    for url in callback_urls:
        command += ["--callback-url", url]
    log = folder / "simulator.log"
    with log.open("w") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
    try:
        yield Simulator(_address(process, log), folder)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    """What the simulator prints once it listens."""
    deadline = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < deadline and process.poll() is None:
        told = LISTENING.search(log.read_text())
        if told:
            return told[1]
        time.sleep(0.01)
    raise AssertionError(f"The simulator did not start:\n{log.read_text()}")
