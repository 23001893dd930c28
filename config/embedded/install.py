"""Fill `.venv` with exactly what the lock file pins: fetch uv, then `uv pip sync`.

A script (`install.py VENV LOCK`) for a machine without pip: standard library only. uv's own
version and hashes stand in the lock file too, so the wheel that is fetched here is checked like
every other part. The package index is the one that uv or pip is set up for, else PyPI.
"""

from __future__ import annotations

import base64
import configparser
import hashlib
import html.parser
import io
import json
import os
import platform
import re
import ssl
import stat
import subprocess
import sys
import sysconfig
import tomllib
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit, urlunsplit

PYPI = "https://pypi.org/simple"
ACCEPT = "application/vnd.pypi.simple.v1+json, text/html;q=0.2"
# PEP 600: the old names of manylinux wheels, by the glibc that they need.
OLD_MANYLINUX = {"manylinux1": (2, 5), "manylinux2010": (2, 12), "manylinux2014": (2, 17)}


class InstallError(Exception):
    """What went wrong, in a sentence that says the way out."""


def main(venv: Path, lock: Path) -> None:
    uv = venv / "bin" / "uv"
    version, hashes = pin_of("uv", lock.read_text())
    if not is_version(uv, version):
        say(f"Fetching uv {version} from {without_password(index_url(os.environ))}")
        unpack(fetch_uv(version, hashes), venv)
    sync(uv, venv, lock)


def sync(uv: Path, venv: Path, lock: Path) -> None:
    say(f"Installing the parts that {lock.name} pins")
    command: list[str | Path] = [uv, "pip", "sync", "--python", venv / "bin" / "python", lock]
    if not sys.stderr.isatty():
        command.append("--quiet")
    result = subprocess.run(command, env=uv_environment(venv), check=False)
    if result.returncode:
        raise InstallError(f"uv could not install {lock.name}; its reason is above.")


def uv_environment(venv: Path) -> dict[str, str]:
    """uv doesn't read pip's settings: hand them on. Its cache stays inside `.venv`."""
    environment = dict(os.environ)
    environment.setdefault("UV_CACHE_DIR", str(venv / "cache" / "uv"))
    if not {"UV_DEFAULT_INDEX", "UV_INDEX_URL"} & environment.keys() and not uv_config_index():
        environment["UV_DEFAULT_INDEX"] = index_url(os.environ)
    if bundle := certificates(os.environ):
        environment.setdefault("SSL_CERT_FILE", bundle)
    return environment


# The lock file


def pin_of(name: str, lock: str) -> tuple[str, set[str]]:
    """The version and the sha256 hashes that the lock file allows for one package."""
    found = re.search(
        rf"^{re.escape(name)}==([^\s;]+)[^\n\\]*((?:\\\n\s+--hash=sha256:\w+ ?)+)", lock, re.M
    )
    if not found:
        raise InstallError(f"The lock file pins no {name} with hashes: run `make lock`.")
    return found[1], set(re.findall(r"sha256:(\w+)", found[2]))


def is_version(uv: Path, version: str) -> bool:
    if not uv.exists():
        return False
    answer = subprocess.run([uv, "--version"], capture_output=True, text=True, check=False)
    return answer.stdout.split()[1:2] == [version]


# Where packages come from


def index_url(environment: Mapping[str, str]) -> str:
    """The simple index that uv or pip is set up for, else PyPI."""
    return (
        environment.get("UV_DEFAULT_INDEX")
        or environment.get("UV_INDEX_URL")
        or uv_config_index()
        or environment.get("PIP_INDEX_URL")
        or pip_config("index-url", environment)
        or PYPI
    ).rstrip("/")


def certificates(environment: Mapping[str, str]) -> str | None:
    """The bundle of certificates that pip is set up for, where the system's doesn't do."""
    return environment.get("PIP_CERT") or pip_config("cert", environment)


def pip_config(key: str, environment: Mapping[str, str]) -> str | None:
    """One value of pip's configuration files; the user's wins over the system's."""
    files = [Path(environment["PIP_CONFIG_FILE"])] if "PIP_CONFIG_FILE" in environment else []
    home = Path.home()
    files += [
        home / ".config/pip/pip.conf",
        home / ".pip/pip.conf",
        home / "Library/Application Support/pip/pip.conf",
        Path("/etc/pip.conf"),
        Path("/etc/xdg/pip/pip.conf"),
    ]
    for file in files:
        config = configparser.RawConfigParser()
        config.read(file)
        for section in ("install", "global"):
            if value := config.get(section, key, fallback=""):
                return value.strip()
    return None


def uv_config_index() -> str | None:
    """The default index of uv's configuration files."""
    for file in (Path.home() / ".config/uv/uv.toml", Path("/etc/uv/uv.toml")):
        if file.is_file():
            config = tomllib.loads(file.read_text())
            default = [index["url"] for index in config.get("index", []) if index.get("default")]
            if url := next(iter(default), None) or config.get("index-url"):
                return str(url)
    return None


# Fetching uv's wheel


def fetch_uv(version: str, hashes: set[str]) -> bytes:
    page_url = f"{index_url(os.environ)}/uv/"
    files = list(links(get(page_url).decode(), page_url))
    name, url = best_wheel(files, version, page_url)
    wheel = get(url)
    if hashlib.sha256(wheel).hexdigest() not in hashes:
        raise InstallError(f"{name} from {without_password(url)} isn't the file that was pinned.")
    return wheel


def links(page: str, page_url: str) -> Iterator[tuple[str, str]]:
    """(file name, address) of an index page in JSON (PEP 691) or HTML (PEP 503).

    Judged by its content: some mirrors name one type and send the other.
    """
    if page.lstrip().startswith("{"):
        hrefs = [file["url"] for file in json.loads(page)["files"]]
    else:
        anchors = Anchors()
        anchors.feed(page)
        hrefs = anchors.hrefs
    for href in hrefs:
        url = urljoin(page_url, href).partition("#")[0]
        yield unquote(url.rsplit("/", 1)[-1]), url


class Anchors(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.hrefs: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.hrefs += [value for name, value in attrs if name == "href" and value]


def best_wheel(files: list[tuple[str, str]], version: str, page_url: str) -> tuple[str, str]:
    prefix = f"uv-{version}-py3-none-"
    for name, url in files:
        tags = name.removeprefix(prefix).removesuffix(".whl").split(".")
        if name.startswith(prefix) and any(fits(tag) for tag in tags):
            return name, url
    raise InstallError(
        f"{without_password(page_url)} has no uv {version} for {sysconfig.get_platform()}."
    )


def fits(tag: str) -> bool:
    """Whether a wheel's platform tag names this machine."""
    machine = platform.machine()
    if sys.platform == "darwin":
        found = re.fullmatch(r"macosx_(\d+)_(\d+)_(\w+)", tag)
        return bool(found) and found[3] in (machine, "universal2") and (
            numbers(found[1], found[2]) <= numbers(*platform.mac_ver()[0].split(".")[:2])
        )  # fmt: skip
    library, release = platform.libc_ver()
    if library != "glibc":
        return bool(re.fullmatch(rf"musllinux_1_\d+_{machine}", tag))
    if found := re.fullmatch(rf"manylinux_(\d+)_(\d+)_{machine}", tag):
        return numbers(found[1], found[2]) <= numbers(*release.split(".")[:2])
    return OLD_MANYLINUX.get(tag.removesuffix(f"_{machine}"), (99, 0)) <= numbers(
        *release.split(".")[:2]
    )


def numbers(*parts: str) -> tuple[int, ...]:
    return tuple(int(part) for part in parts)


def get(url: str) -> bytes:
    parts = urlsplit(url)
    request = urllib.request.Request(url, headers={"Accept": ACCEPT})  # noqa: S310
    if "@" in parts.netloc:
        login, host = parts.netloc.rsplit("@", 1)
        request.full_url = urlunsplit(parts._replace(netloc=host))
        token = base64.b64encode(unquote(login).encode()).decode()
        request.add_header("Authorization", f"Basic {token}")
    context = ssl.create_default_context()
    if bundle := certificates(os.environ):
        context.load_verify_locations(bundle)
    try:
        with urllib.request.urlopen(request, timeout=60, context=context) as answer:  # noqa: S310
            return bytes(answer.read())
    except (urllib.error.URLError, TimeoutError) as error:
        raise InstallError(unreachable(without_password(url), error)) from error


def unreachable(url: str, error: Exception) -> str:
    lines = [f"The package index did not give {url}: {error}."]
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        lines.append("Install the ca-certificates package, or name a bundle in SSL_CERT_FILE.")
    else:
        lines.append("Name another index in PIP_INDEX_URL, or a proxy in HTTPS_PROXY.")
    return " ".join(lines)


def without_password(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rsplit("@", 1)[-1]))


# Installing it


def unpack(wheel: bytes, venv: Path) -> None:
    """Install a wheel of programs as pip would, so that uv finds itself installed and pinned."""
    packages = next((venv / "lib").glob("python3*/site-packages"))
    with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
        for member in archive.namelist():
            if member.endswith("/"):
                continue
            target = place(member, packages, venv / "bin")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.unlink(missing_ok=True)
            target.write_bytes(archive.read(member))
            if target.parent == venv / "bin":
                target.chmod(target.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
            elif target.name == "RECORD":
                target.write_text(re.sub(r"^[\w.]+-[\w.]+\.data/scripts/", "../../../bin/",
                                         target.read_text(), flags=re.M))  # fmt: skip
            elif target.name == "METADATA":
                target.with_name("INSTALLER").write_text("handled\n")


def place(member: str, packages: Path, programs: Path) -> Path:
    script = re.fullmatch(r"[^/]+\.data/scripts/([^/]+)", member)
    target = (programs / script[1] if script else packages / member).resolve()
    if not target.is_relative_to(packages.resolve()) and target.parent != programs.resolve():
        raise InstallError(f"The wheel wants to write outside .venv: {member}")
    return target


def say(line: str) -> None:
    print(f"[setup] {line}", flush=True)


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]), Path(sys.argv[2]))
    except InstallError as error:
        sys.exit(f"[setup] {error}")
