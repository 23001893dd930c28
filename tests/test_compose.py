"""The deployment: what its files name exists, and every service of ours starts, works and ends."""

from __future__ import annotations

import os
import re
import shutil
import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import psycopg2
import pytest
from pytest_django import DjangoDbBlocker

from config.importmap import STATIC
from tests.compose import (
    ROOT,
    VARIABLE,
    Deployment,
    compose,
    deployed,
    free_port,
    instructions,
    make_image,
    ours,
    run_build_step,
    services,
)
from tests.stack import until
from tests.test_production import GOOD

SETTINGS = (ROOT / "docs" / "settings.md").read_text()
EXAMPLE = (ROOT / ".env.example").read_text()
KEPT_OUT = [".git", ".venv", ".handled", ".env", "tests", "node_modules", "staticfiles", "docs"]
OLGA = {"email": "olga@example.com", "password": "a-long-password-9"}


# What the files say


def test_every_service_of_the_architecture_is_there():
    assert set(services()) == {
        *("proxy", "web", "live", "beat", "migrate", "postgres", "valkey", "simulator"),
        *("worker-ingest", "worker-send", "worker-stream", "worker-default"),
    }
    assert services()["postgres"]["image"] == "postgres:18"
    assert services()["simulator"]["profiles"] == ["simulator"]


def test_a_worker_listens_to_every_queue_and_none_to_two():
    commands = [" ".join(services()[name]["command"]) for name in ours() if "worker-" in name]
    queues = [queue for line in commands for queue in re.findall(r"--queues=(\S+)", line)]
    assert sorted(queues) == ["default", "ingest", "send", "stream"]
    assert all("--pool=prefork" in line for line in commands)


def test_every_variable_is_documented():
    for service in services().values():
        if "build" in service:
            for name in service["environment"]:
                assert f"`{name}`" in SETTINGS, name
    for name, _ in VARIABLE.findall((ROOT / "docker-compose.yml").read_text()):
        assert f"`{name}`" in SETTINGS, name


def test_the_example_asks_for_what_the_file_has_no_value_for():
    text = (ROOT / "docker-compose.yml").read_text()
    without_value = {name for name, value in VARIABLE.findall(text) if not value}
    asked = set(re.findall(r"^([A-Z_]+)=", EXAMPLE, re.MULTILINE))
    assert without_value - asked == {"X_API_URL", "X_AUTHORIZE_URL"}  # a rehearsal's
    assert asked <= {name for name, _ in VARIABLE.findall(text)}
    for name in GOOD.keys() & asked:
        assert re.search(rf"^{name}=$", EXAMPLE, re.MULTILINE), f"{name} has a value in the example"


def test_what_a_service_needs_is_there():
    volumes, networks = compose()["volumes"], compose()["networks"]
    for service in services().values():
        for mounted in service.get("volumes", []):
            source = mounted.partition(":")[0]
            assert (ROOT / source).exists() if source.startswith(".") else source in volumes
        assert set(service["networks"]) <= set(networks)
        for needed, how in service.get("depends_on", {}).items():
            if how["condition"] == "service_healthy":
                assert "healthcheck" in services()[needed]
            else:
                assert (needed, how) == ("migrate", {"condition": "service_completed_successfully"})


def test_everything_that_stays_is_watched_and_comes_back():
    for name, service in services().items():
        assert service["read_only"] is True if name != "migrate" else True
        assert service["logging"]["options"]["max-size"]
        if name != "migrate":
            assert service["restart"] == "unless-stopped"
            assert service["healthcheck"]["test"][0] == "CMD"


def test_only_the_proxy_is_open_to_the_world():
    published = {name: s["ports"] for name, s in services().items() if "ports" in s}
    assert set(published) == {"proxy", "simulator"}
    assert all(port.startswith("127.0.0.1:") for port in published["simulator"])
    for name in ("postgres", "valkey"):
        assert services()[name]["networks"] == ["inside"]
    assert compose()["networks"]["inside"] == {"internal": True}


def test_the_image_runs_as_nobody_in_particular_and_holds_no_tools():
    last = (ROOT / "Dockerfile").read_text().rpartition("\nFROM ")[2]
    user = re.findall(r"^USER (\d+):(\d+)$", last, re.MULTILINE)
    assert user == [("10001", "10001")]
    assert last.index("RUN DJANGO_SETTINGS_MODULE") < last.index("USER ")
    assert "--require-hashes" in (ROOT / "Dockerfile").read_text()
    assert not re.search(r"apt-get|gcc|build-essential", last)
    for service in services().values():
        if "build" in service:
            assert service["cap_drop"] == ["ALL"]
            assert service["security_opt"] == ["no-new-privileges:true"]


def test_what_is_copied_exists_and_the_rest_stays_out():
    sources = re.findall(
        r"^COPY (?!--from)(\S+) ",
        "\n".join(f"COPY {i}" for i in instructions("COPY")),
        re.MULTILINE,
    )
    assert [name for name in sources if not (ROOT / name).exists()] == []
    kept_out = [line for line in (ROOT / ".dockerignore").read_text().split() if "*" not in line]
    for name in KEPT_OUT:
        assert name in kept_out or name.startswith(".")
    assert ".*" in (ROOT / ".dockerignore").read_text().splitlines()
    assert not {name.split("/")[0] for name in sources} & {*kept_out}
    assert not [name for name in sources if name.startswith(".")]


# The health check alone


def healthcheck(target: str, **environment: str) -> str:
    command = [sys.executable, ROOT / "deploy" / "healthcheck.py", target]
    answer = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (answer.returncode == 0) == (answer.stderr == "")
    return answer.stderr


class Sick(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        host = self.headers["Host"].encode()
        self.send_response(503)
        self.end_headers()
        self.wfile.write(b"not ready for " + host)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


def test_a_health_check_says_what_is_wrong(tmp_path):
    with HTTPServer(("127.0.0.1", 0), Sick) as server:
        threading.Thread(target=server.serve_forever).start()
        told = healthcheck(
            f"http://127.0.0.1:{server.server_port}/ready", HANDLED_WEB_URL="https://desk.test"
        )
        server.shutdown()
    assert "503 b'not ready for desk.test'" in told
    assert "refused" in healthcheck(f"http://127.0.0.1:{free_port()}/ready")
    beating = tmp_path / "heartbeat"
    assert "No such file" in healthcheck(str(beating))
    beating.touch()
    assert healthcheck(str(beating)) == ""
    os.utime(beating, (0, 0))
    assert "no sign of life" in healthcheck(str(beating))


# The services


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


@pytest.fixture(scope="module")
def mailbox() -> Iterator[Mailbox]:
    with Mailbox() as mailbox:
        yield mailbox
        mailbox.shutdown()


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    image = make_image(tmp_path_factory.mktemp("image"))
    answer = run_build_step(image, "collectstatic")
    assert answer.returncode == 0, answer.stderr
    return image


@pytest.fixture(scope="module")
def deployment(
    image: Path,
    mailbox: Mailbox,
    tmp_path_factory: pytest.TempPathFactory,
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[Deployment]:
    dotenv = GOOD | {
        "POSTGRES_PASSWORD": "f3b19c7e0a5d4826",
        "HANDLED_WEB_URL": f"https://localhost:{free_port()}",
        "EMAIL_HOST": "127.0.0.1",
        "EMAIL_PORT": str(mailbox.server_address[1]),
        "EMAIL_USE_TLS": "no",
    }
    with django_db_blocker.unblock():
        where = tmp_path_factory.mktemp("deployed")
        with deployed(where, image, **dotenv) as deployment:
            owner = ["--email", OLGA["email"], "--password", OLGA["password"]]
            answer = deployment.run("migrate", "python", "manage.py", "create_owner", *owner)
            assert answer.returncode == 0, answer.stderr
            yield deployment


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
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', self.look(path).text)
        assert token
        return self.ask("POST", path, data=fields | {"csrfmiddlewaretoken": token[1]})

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


def everything(session: Any) -> dict[str, int]:
    """How many rows each table has."""
    cursor = session.cursor()
    cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    counted = {}
    for (name,) in cursor.fetchall():
        cursor.execute(f'SELECT count(*) FROM "{name}"')  # noqa: S608 - a name of the catalogue
        counted[name] = cursor.fetchone()[0]
    assert counted["accounts_user"] == 1
    return counted


@pytest.mark.processes
class TestServices:
    """In this order: the last one ends them."""

    def test_all_of_ours_are_healthy(self, deployment):
        assert set(deployment.running) == set(ours())
        assert all(deployment.is_healthy(name) for name in ours())

    def test_pages_name_packed_files_that_are_there_for_ever(self, deployment):
        browser = Browser(deployment)
        page = browser.look("/sign-in/")
        assert page.status_code == 200
        assert "max-age=31536000" in page.headers["Strict-Transport-Security"]
        files = set(re.findall(r'"(/static/[^"]+)"', page.text))
        assert len(files) > 10
        for file in files:
            answer = browser.look(file)
            assert answer.status_code == 200, file
            assert "immutable" in answer.headers["Cache-Control"], file

    def test_every_static_file_is_in_the_image(self, deployment, image):
        sources = [path for path in STATIC.rglob("*") if path.is_file()]
        assert all((image / "staticfiles" / path.relative_to(STATIC)).exists() for path in sources)

    def test_plain_http_is_led_to_https(self, deployment):
        answer = Browser(deployment).look("/sign-in/", **{"X-Forwarded-Proto": "http"})
        assert answer.status_code == 301
        assert answer.headers["Location"].startswith("https://localhost")

    def test_addresses_that_a_client_makes_up_give_no_new_tries(self, deployment):
        browser = Browser(deployment)
        answers = []
        for number in range(11):
            browser.address = f"198.51.100.{number}, 192.0.2.66"
            answers.append(browser.submit("/sign-in/", email=OLGA["email"], password="wrong"))
        assert [answer.status_code for answer in answers] == [422] * 9 + [429] * 2

    def test_a_letter_goes_from_a_page_by_a_forked_worker_to_the_mail_server(
        self, deployment, mailbox
    ):
        Browser(deployment).submit("/password/", email=OLGA["email"])
        until(lambda: mailbox.letters, within=20)
        assert deployment.dotenv["HANDLED_WEB_URL"] + "/password/" in mailbox.letters[0]

    def test_an_open_stream_ends_with_its_process_and_without_a_traceback(self, deployment):
        browser = Browser(deployment)
        assert browser.submit("/sign-in/", **OLGA).status_code == 302
        address = f"{deployment.live}/live/stream"
        headers = {"Cookie": browser.cookie}
        with httpx.stream("GET", address, headers=headers, timeout=20) as stream:
            lines = stream.iter_lines()
            assert next(lines).startswith("id: ")
            assert deployment.stop("live") == {"live": 0}
            assert "event: hello" in list(lines)
        assert "Traceback" not in deployment.log("live")

    def test_each_ends_well_when_it_is_asked_to(self, deployment):
        names = list(deployment.running)
        assert deployment.stop(*names) == dict.fromkeys(names, 0)
        assert not [name for name in names if "Traceback" in deployment.log(name)]

    def test_a_backup_is_restored_as_the_guide_says(self, deployment, tmp_path):
        """Everything has stopped by now, as the guide asks for."""
        guide = (ROOT / "docs" / "deployment.md").read_text()
        part = guide.partition("## Backup and restore")[2].partition("\n## ")[0]
        lines = re.findall(r"^docker compose exec -T postgres (.*)$", part, re.MULTILINE)
        assert len(lines) == 8
        with closing(psycopg2.connect(deployment.database_url)) as session:
            before = everything(session)
        for line in lines:
            deployment.tell_postgres(line, tmp_path)
        with closing(psycopg2.connect(deployment.database_url)) as session:
            assert everything(session) == before


if CADDY := shutil.which("caddy"):

    def test_the_proxy_understands_its_file():
        """Where Caddy is installed; docs/deployment.md has the command for everywhere else."""
        answer = subprocess.run(
            [CADDY, "validate", "--adapter=caddyfile", "--config", ROOT / "deploy" / "Caddyfile"],
            env={"HANDLED_WEB_URL": "https://desk.test"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert answer.returncode == 0, answer.stderr
