"""Installing without pip: uv is fetched with the standard library, the rest with uv."""

from __future__ import annotations

import hashlib
import io
import json
import os
import platform
import sys
import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from config.embedded import install
from config.embedded.install import InstallError


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
    lock = Path(__file__).resolve().parents[2] / "requirements-dev.txt"

    version, hashes = install.pin_of("uv", lock.read_text())

    assert version[0].isdigit()
    assert all(len(digest) == 64 for digest in hashes)
