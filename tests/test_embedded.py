"""The pieces under `./run`: installing without pip, the data directory, addresses, supervising."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import os
import platform
import socket
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from config.embedded import install, manage, options, orphans, parts, supervisor
from config.embedded.addresses import LONGEST_SOCKET_PATH, Ports, PortTakenError, SocketFolder
from config.embedded.console import Console
from config.embedded.data_dir import DataDir, DataDirError
from config.embedded.identity import Identity
from config.embedded.install import InstallError
from config.embedded.options import OptionsError
from config.embedded.postgres import Cluster
from config.embedded.supervisor import StartError, Supervisor

ITSELF = Identity((), os.getuid(), Path("/usr/bin"))

# Installing


def wheel() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("uv-9.9.9.data/scripts/uv", "#!/bin/sh\necho uv 9.9.9\n")
        archive.writestr("uv/__init__.py", "")
        archive.writestr("uv-9.9.9.dist-info/METADATA", "Name: uv\n")
        archive.writestr("uv-9.9.9.dist-info/RECORD", "uv-9.9.9.data/scripts/uv,,\n")
    return content.getvalue()


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package index with one wheel of uv for this machine, set up as pip's."""
    folder = tmp_path / "index"
    (folder / "uv").mkdir(parents=True)
    name = f"uv-9.9.9-py3-none-{this_platform()}.whl"
    (folder / "uv" / name).write_bytes(wheel())
    (folder / "uv" / "index.html").write_text(
        f'<a href="uv-9.9.9-py3-none-win_amd64.whl">x</a><a href="{name}#sha256=ff">{name}</a>'
    )
    handler = partial(Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("PIP_INDEX_URL", f"http://me:secret@127.0.0.1:{server.server_port}/")
        yield folder
        server.shutdown()


class Quiet(SimpleHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.headers["Authorization"] != "Basic bWU6c2VjcmV0":
            self.send_error(401)
        else:
            super().do_GET()

    def log_message(self, format: str, *args: object) -> None:
        pass


def this_platform() -> str:
    machine = platform.machine()
    return f"manylinux_2_17_{machine}" if sys.platform == "linux" else f"macosx_11_0_{machine}"


def test_uv_is_fetched_with_the_standard_library_alone(index: Path, tmp_path: Path) -> None:
    venv = tmp_path / "venv"
    packages = venv / "lib" / "python3.11" / "site-packages"
    packages.mkdir(parents=True)

    found = install.fetch_uv("9.9.9", {hashlib.sha256(wheel()).hexdigest()})
    install.unpack(found, venv)

    assert install.is_version(venv / "bin" / "uv", "9.9.9")
    assert "../../../bin/uv" in (packages / "uv-9.9.9.dist-info" / "RECORD").read_text()


def test_a_wheel_with_another_hash_is_refused(index: Path) -> None:
    with pytest.raises(InstallError, match="isn't the file that was pinned") as refused:
        install.fetch_uv("9.9.9", {"0" * 64})

    assert "secret" not in str(refused.value)


def test_a_version_that_the_index_lacks_is_named(index: Path) -> None:
    with pytest.raises(InstallError, match=r"has no uv 1\.2\.3 for"):
        install.fetch_uv("1.2.3", set())


def test_an_index_that_does_not_answer_is_named_with_the_way_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:9/simple")

    with pytest.raises(InstallError, match="PIP_INDEX_URL"):
        install.fetch_uv("9.9.9", set())


def test_pages_are_read_by_their_content() -> None:
    page = json.dumps({"files": [{"url": "../files/uv-1-py3-none-any.whl#sha256=0"}]})
    found = [("uv-1-py3-none-any.whl", "https://a.test/files/uv-1-py3-none-any.whl")]

    assert list(install.links(page, "https://a.test/uv/")) == found
    html = "<!DOCTYPE html><a href='/files/uv-1-py3-none-any.whl#sha256=0'>uv</a>"
    assert list(install.links(html, "https://a.test/uv/")) == found


@pytest.mark.parametrize(
    ("tag", "fits"),
    [
        ("manylinux_2_17_x86_64", True),
        ("manylinux2014_x86_64", True),
        ("manylinux_2_36_x86_64", True),
        ("manylinux_2_37_x86_64", False),
        ("manylinux_2_17_aarch64", False),
        ("musllinux_1_1_x86_64", False),
        ("win_amd64", False),
        ("macosx_11_0_arm64", False),
    ],
)
def test_a_wheel_is_chosen_by_its_platform(
    monkeypatch: pytest.MonkeyPatch, tag: str, fits: bool
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(platform, "libc_ver", lambda: ("glibc", "2.36"))

    assert install.fits(tag) is fits


def test_a_mac_takes_what_its_system_is_new_enough_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(platform, "machine", lambda: "arm64")
    monkeypatch.setattr(platform, "mac_ver", lambda: ("14.5", ("", "", ""), "arm64"))

    assert install.fits("macosx_11_0_arm64")
    assert install.fits("macosx_14_0_universal2")
    assert not install.fits("macosx_15_0_arm64")
    assert not install.fits("macosx_10_12_x86_64")


def test_the_index_is_uvs_or_pips_or_else_pypi(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    pip = tmp_path / "pip.conf"
    pip.write_text("[global]\nindex-url = https://pip.test/simple/\n")

    assert install.index_url({"PIP_CONFIG_FILE": os.devnull}) == install.PYPI
    assert install.index_url({"PIP_CONFIG_FILE": str(pip)}) == "https://pip.test/simple"
    assert install.index_url({"PIP_INDEX_URL": "https://a.test"}) == "https://a.test"
    assert (
        install.index_url({"PIP_INDEX_URL": "https://a.test", "UV_INDEX_URL": "https://b.test/"})
        == "https://b.test"
    )


def test_the_lock_file_pins_uv_itself() -> None:
    lock = Path(__file__).resolve().parent.parent / "requirements-dev.txt"

    version, hashes = install.pin_of("uv", lock.read_text())

    assert version[0].isdigit()
    assert all(len(digest) == 64 for digest in hashes)


# The data directory


def test_secrets_are_made_once_and_are_the_owners_alone(tmp_path: Path) -> None:
    folder = DataDir(tmp_path / "data")
    with folder.claim():
        first = folder.secrets()

        assert folder.secrets() == first
    assert (folder.path / "secrets.json").stat().st_mode & 0o777 == 0o600
    assert folder.path.stat().st_mode & 0o777 == 0o700
    assert len(set(first.values())) == len(first)


def test_a_folder_of_somebody_else_is_never_touched(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")

    with pytest.raises(DataDirError, match="nothing was touched"):
        DataDir(tmp_path).claim()

    assert os.listdir(tmp_path) == ["thesis.txt"]


def test_fresh_removes_everything_but_what_marks_the_folder(tmp_path: Path) -> None:
    folder = DataDir(tmp_path)
    with folder.claim():
        folder.secrets()
        (folder.folder("postgres") / "PG_VERSION").write_text("18")

        folder.empty()

    assert sorted(os.listdir(tmp_path)) == ["handled.json", "lock"]


def test_a_folder_in_use_is_refused_and_its_user_named(tmp_path: Path) -> None:
    folder = DataDir(tmp_path)
    inside = pytest.raises(DataDirError, match=f"already running.*process {os.getpid()}")
    with folder.claim(), inside:
        DataDir(tmp_path).claim()

    with folder.claim():
        assert folder.marker.exists()


def test_manage_takes_over_from_a_running_one_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = DataDir(tmp_path)
    for name in manage.NOWHERE:
        monkeypatch.delenv(name, raising=False)
    with folder.claim():
        folder.run_file.write_text('{"environment": {"DATABASE_URL": "postgresql://here/x"}}')
        assert manage.take_over(DataDir(tmp_path))
        assert os.environ["DATABASE_URL"] == "postgresql://here/x"

    assert not manage.take_over(DataDir(tmp_path))


# Addresses


def test_sockets_stay_in_the_data_directory_where_the_path_is_short(tmp_path: Path) -> None:
    sockets = SocketFolder(Path("/tmp") / tmp_path.name)  # noqa: S108 - removed below
    try:
        assert not sockets.is_temporary
        assert sockets.path.stat().st_mode & 0o777 == 0o700
    finally:
        sockets.remove()


def test_a_deep_data_directory_gets_a_short_private_folder_for_sockets(tmp_path: Path) -> None:
    sockets = SocketFolder(tmp_path / ("deep" * 25) / "sockets")
    try:
        assert sockets.is_temporary
        assert sockets.path.stat().st_mode & 0o777 == 0o700
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(sockets.path / ".s.PGSQL.65535"))
        assert len(bytes(sockets.path)) < LONGEST_SOCKET_PATH
    finally:
        sockets.remove()
    assert not sockets.path.exists()


def test_a_reserved_port_is_given_to_nobody_else_but_its_server() -> None:
    port = Ports().reserve(None)
    ports = Ports()
    kept = ports.reserve(None)

    assert port != kept
    for _ in range(2):  # as often as its server is started again
        with socket.socket() as server:
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            server.bind(("127.0.0.1", kept))
            server.listen()
            with pytest.raises(PortTakenError, match=str(kept)):
                Ports().reserve_exactly(kept)


def test_another_port_is_taken_when_the_last_one_is_in_use() -> None:
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        taken = stranger.getsockname()[1]

        assert Ports().reserve(taken) != taken


def test_the_addresses_of_the_database_survive_odd_characters(tmp_path: Path) -> None:
    cluster = Cluster(tmp_path / "files", tmp_path / "so ck", 5433, "p@ss/w:rd?%", ITSELF)

    outer, inner = urlsplit(cluster.tcp_url), urlsplit(cluster.socket_url)

    assert unquote(outer.password or "") == unquote(inner.password or "") == "p@ss/w:rd?%"
    assert (outer.hostname, outer.port, outer.path) == ("127.0.0.1", 5433, "/handled")
    assert parse_qs(inner.query) == {"host": [str(tmp_path / "so ck")], "port": ["5433"]}


# Options


def test_half_of_xs_settings_are_refused_by_name() -> None:
    with pytest.raises(OptionsError, match="X_CLIENT_ID, X_CLIENT_SECRET"):
        options.outside({"X_CONSUMER_KEY": "k", "X_CONSUMER_SECRET": "s"})


def test_xs_keys_alone_mean_x_itself() -> None:
    found = options.outside(dict.fromkeys(options.X_SECRETS, "given"))

    assert found.x
    assert found.x["X_API_URL"] == "https://api.x.com"
    assert found.is_real_x


@pytest.mark.parametrize("port", ["0", "65536", "-1", "web"])
def test_a_port_that_is_none_is_refused(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        options.parse([f"--port={port}"], {})

    assert "is not a port" in capsys.readouterr().err


# Postgres and the parts


def test_a_pid_file_of_a_stranger_is_cleared(tmp_path: Path) -> None:
    cluster = Cluster(tmp_path, tmp_path, 5432, "", ITSELF)
    (tmp_path / "postmaster.pid").write_text(f"{os.getpid()}\n{tmp_path}\n")

    cluster.clear_stale_lock()

    assert not (tmp_path / "postmaster.pid").exists()


def test_an_orphan_is_known_by_the_data_directory_that_it_was_part_of(tmp_path: Path) -> None:
    environment = {**os.environ, orphans.MARK: str(tmp_path)}
    with subprocess.Popen(["sleep", "60"], env=environment) as orphan:
        assert orphans.find(tmp_path) == [orphan.pid]
        assert orphans.find(tmp_path.parent) == []

        orphans.end(tmp_path)

        assert orphan.wait(timeout=10) == -9


def part(*command: str) -> parts.Part:
    return parts.Part(
        "web", parts.PAGES, list(command), dict(os.environ), says_ready="ready", stop_within=0.5
    )


def supervise(*command: str, console: Console) -> None:
    async def start_and_stop() -> None:
        minder = Supervisor(console, lambda: None)
        try:
            await minder.start(part(*command))
        finally:
            await minder.stop()

    asyncio.run(start_and_stop())


@pytest.mark.parametrize("command", ["exit 3", "kill -SEGV $$"])
def test_a_part_that_never_starts_is_given_up(
    command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "PAUSES", (0.01,))
    said = io.StringIO()

    with pytest.raises(StartError, match="web does not start"):
        supervise("sh", "-c", f"echo no luck; {command}", console=Console(said))

    assert said.getvalue().count("no luck") == supervisor.QUICK_ENDS


def test_a_program_that_is_not_there_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "PAUSES", (0.01,))

    with pytest.raises(StartError, match="No such file"):
        supervise("/no/such/program", console=Console(io.StringIO()))


def test_a_part_that_ignores_the_wish_to_stop_is_killed_in_time() -> None:
    said = io.StringIO()

    supervise("sh", "-c", "trap '' TERM; echo ready; sleep 60", console=Console(said))

    assert "ready" in said.getvalue()


def test_a_line_cannot_drive_the_terminal() -> None:
    said = io.StringIO()

    Console(said).say("text \x1b[2Jof\x07 a customer\x9b", "web")

    assert said.getvalue().split() == ["[web]", "text", "[2Jof", "a", "customer"]
