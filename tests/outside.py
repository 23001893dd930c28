"""What stands around a deployment in the tests: the proxy's side, a mail server, Caddy itself."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socketserver
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from config.embedded.child import die_with
from tests.compose import ROOT, Deployment, free_port
from tests.stack import until

CADDY = shutil.which("caddy")


class Mailbox(socketserver.ThreadingTCPServer):
    """A mail server as far as it takes to receive."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Letters)
        self.letters: list[str] = []
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Letters(socketserver.StreamRequestHandler):
    server: Mailbox

    def handle(self) -> None:
        self.say("220 test")
        for line in iter(self.rfile.readline, b""):
            word = line[:4].upper()
            if word == b"DATA":
                self.say("354 go on")
                lines = iter(self.rfile.readline, b".\r\n")
                self.server.letters.append(b"".join(lines).decode())
            self.say("221 bye" if word == b"QUIT" else "250 fine")

    def say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


class Browser:
    """Speaks to the web process as the proxy does, for a client of this address."""

    def __init__(self, deployment: Deployment, address: str = "192.0.2.1") -> None:
        self.http = httpx.Client(base_url=deployment.web, trust_env=False, timeout=20)
        self.origin = deployment.dotenv["HANDLED_WEB_URL"]
        self.address = address
        self.kept: dict[str, str] = {}

    @property
    def cookie(self) -> str:
        """Carried by hand: they are for https, which only the proxy speaks."""
        return "; ".join(f"{name}={value}" for name, value in self.kept.items())

    def look(self, path: str, **headers: str) -> httpx.Response:
        return self.ask("GET", path, headers=headers)

    def submit(self, path: str, **fields: str) -> httpx.Response:
        """Fills in the form of a page."""
        token = token_of(self.look(path))
        return self.ask("POST", path, data=fields | {"csrfmiddlewaretoken": token})

    def ask(
        self, method: str, path: str, headers: dict[str, str] | None = None, **more: Any
    ) -> httpx.Response:
        of_proxy = {
            "Host": self.origin.removeprefix("https://"),
            "Origin": self.origin,
            "Cookie": self.cookie,
            "X-Forwarded-Proto": "https",
            "X-Forwarded-For": self.address,
        }
        answer = self.http.request(method, path, headers=of_proxy | (headers or {}), **more)
        for line in answer.headers.get_list("set-cookie"):
            assert "Secure" in line
            name, _, value = line.partition(";")[0].partition("=")
            self.kept[name] = value
        return answer


@contextmanager
def proxied(deployment: Deployment, folder: Path) -> Iterator[httpx.Client]:
    """A client of the proxy as its file has it, with a certificate of Caddy's own authority."""
    assert CADDY
    file = (ROOT / "deploy" / "Caddyfile").read_text()
    file = file.replace("web:8000", deployment.web.removeprefix("http://"))
    file = file.replace("live:8001", deployment.live.removeprefix("http://"))
    file = file.replace("127.0.0.1:2020", f"127.0.0.1:{free_port()}")
    file = file.replace("admin off", f"admin off\nskip_install_trust\nhttp_port {free_port()}")
    (folder / "Caddyfile").write_text(file)
    url = deployment.dotenv["HANDLED_WEB_URL"]
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [CADDY, "run", "--adapter=caddyfile", "--config", folder / "Caddyfile"],
            env={"HANDLED_WEB_URL": url, "XDG_DATA_HOME": str(folder), "HOME": str(folder)},
            stdout=output,
            stderr=output,
            preexec_fn=die_with(os.getpid(), signal.SIGKILL),
        )
    try:
        authority = folder / "caddy" / "pki" / "authorities" / "local" / "root.crt"
        certificate = folder / "caddy" / "certificates" / "local" / "localhost" / "localhost.crt"
        ended = lambda: "" if process.poll() is None else log.read_text()  # noqa: E731
        until(certificate.exists, within=20, unless=ended)
        trust = ssl.create_default_context(cafile=str(authority))
        with httpx.Client(base_url=url, verify=trust, trust_env=False, timeout=20) as client:
            client.headers["Origin"] = url
            yield client
    finally:
        process.terminate()
        process.wait(10)


def submit(client: httpx.Client, path: str, **fields: str) -> httpx.Response:
    return client.post(path, data=fields | {"csrfmiddlewaretoken": token_of(client.get(path))})


def token_of(page: httpx.Response) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
    assert found
    return found[1]
