"""Dockerfile, compose file and health check: what they name exists, and what must hold does."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

from tests.compose import ROOT, VARIABLE, compose, free_port, instructions, ours, services
from tests.outside import CADDY
from tests.test_production import GOOD

SETTINGS = (ROOT / "docs" / "settings.md").read_text()
EXAMPLE = (ROOT / ".env.example").read_text()
KEPT_OUT = [".git", ".venv", ".handled", ".env", "tests", "node_modules", "staticfiles", "docs"]


# What the files say


def test_every_service_of_the_architecture_is_there():
    assert set(services()) == {
        *("proxy", "web", "live", "beat", "migrate", "postgres", "valkey", "simulator"),
        *("worker-ingest", "worker-send", "worker-stream", "worker-default"),
        "worker-media",
    }
    assert services()["postgres"]["image"] == "postgres:18"
    assert services()["simulator"]["profiles"] == ["simulator"]


def test_a_worker_listens_to_every_queue_and_none_to_two():
    commands = [" ".join(services()[name]["command"]) for name in ours() if "worker-" in name]
    queues = [queue for line in commands for queue in re.findall(r"--queues=(\S+)", line)]
    assert sorted(queues) == ["default", "ingest", "media", "send", "stream"]
    # Who reads a stream must hear at once that it is to end.
    pools = {line: "threads" if "--queues=stream" in line else "prefork" for line in commands}
    assert all(f"--pool={pool}" in line for line, pool in pools.items())


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


def test_what_customers_send_goes_out_through_the_pages_alone():
    """trust A8: a proxy that served the folder would ask nobody who they are."""
    mounted = {
        name: [volume for volume in service.get("volumes", []) if volume.startswith("media:")]
        for name, service in services().items()
    }
    assert {name for name, volumes in mounted.items() if volumes} == {"web", "worker-media"}
    assert set(mounted["web"] + mounted["worker-media"]) == {"media:/var/lib/handled/media"}
    served = (ROOT / "deploy" / "Caddyfile").read_text()
    assert "file_server" not in served
    assert "root" not in served


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


if CADDY:

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
