"""A Chromium for the browser tests: the system's, or the one that npm packs.

The one without windows comes first: a page costs it half of what it costs the whole browser.

Playwright drives it by its path (HANDLED_CHROMIUM), so no browser is downloaded by playwright.
"""

from __future__ import annotations

import base64
import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

CACHE = Path(__file__).resolve().parent.parent / ".venv" / "cache"
NAMES = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
)
MAC = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")

# For machines where no browser can be installed: Chromium with the libraries that it needs.
PACKAGE = "@sparticuz/chromium@153.0.0"
SHA512 = "jiGWqSvPMdu4+P9TilYqAR7yEGPEHINx+lCvE/NqNO/EHYzF/x1hUiI5T6ioVIt7dEy7n88byyT0vk+dnsgQwA=="
# Python has no brotli; node has.
UNBROTLI = (
    "const {createBrotliDecompress} = require('zlib');"
    "process.stdin.pipe(createBrotliDecompress()).pipe(process.stdout)"
)
STARTER = """\
#!/bin/sh
here=$(dirname -- "$0")
export LD_LIBRARY_PATH="$here/al2023/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
[ -d /etc/fonts ] || export FONTCONFIG_PATH="$here/fonts"
exec "$here/chromium" "$@"
"""


class NoBrowserError(Exception):
    """No browser can be had here; the text says what was tried and the way out."""


def find() -> Path | None:
    """A browser that is here already, without fetching anything."""
    if named := os.environ.get("HANDLED_CHROMIUM"):
        return Path(named)
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found:
        return Path(found)
    return next((place for place in (MAC, packed()) if place.exists()), None)


def packed() -> Path:
    return CACHE / PACKAGE.replace("/", "-").lstrip("@") / "start"


def fetch() -> Path:
    """Get the npm-packed one into .venv (70 MB, a quarter of a minute). Raises NoBrowserError."""
    if platform.machine() != "x86_64" or platform.system() != "Linux":
        raise NoBrowserError("install Chromium or Chrome: the packed one is for Linux on x86_64.")
    if not (shutil.which("npm") and shutil.which("node")):
        raise NoBrowserError("install chromium-headless-shell or Chromium, or node with npm.")
    CACHE.mkdir(parents=True, exist_ok=True)
    # Two that miss it at once take turns; the second finds it there.
    with (CACHE / "chromium.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not packed().exists():
            with tempfile.TemporaryDirectory(dir=CACHE) as folder:
                draft = Path(folder) / "chromium"
                draft.mkdir()
                unpack(download(Path(folder)), draft)
                draft.rename(packed().parent)
    return packed()


def download(folder: Path) -> Path:
    command = ["npm", "pack", PACKAGE, "--silent", "--ignore-scripts"]
    command += ["--pack-destination", str(folder)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    archives = list(folder.glob("*.tgz"))
    if answer.returncode or not archives:
        raise NoBrowserError(f"install Chromium; npm did not give {PACKAGE}: {answer.stderr}")
    digest = hashlib.sha512(archives[0].read_bytes()).digest()
    if base64.b64encode(digest).decode() != SHA512:
        raise NoBrowserError(f"npm gave another {PACKAGE} than the one that was pinned.")
    return archives[0]


def unpack(archive: Path, target: Path) -> None:
    with tarfile.open(archive) as package:
        extract(package, archive.parent)
    bin_folder = archive.parent / "package" / "bin"
    with (target / "chromium").open("wb") as browser:
        decompress(bin_folder / "chromium.br", browser.fileno())
    for name in ("al2023", "fonts", "swiftshader"):
        with tempfile.TemporaryFile(dir=archive.parent) as plain:
            decompress(bin_folder / f"{name}.tar.br", plain.fileno())
            plain.seek(0)
            with tarfile.open(fileobj=plain) as tree:
                # Swiftshader's libraries belong beside the program.
                extract(tree, target if name == "swiftshader" else target / name)
    (target / "start").write_text(STARTER)
    for program in ("chromium", "start"):
        (target / program).chmod(0o755)


def extract(archive: tarfile.TarFile, folder: Path) -> None:
    if hasattr(tarfile, "data_filter"):
        archive.extractall(folder, filter="data")
    else:  # Python before 3.11.4; the archive is the one whose hash was compared
        archive.extractall(folder)  # noqa: S202


def decompress(source: Path, target: int) -> None:
    with source.open("rb") as stream:
        subprocess.run(["node", "-e", UNBROTLI], stdin=stream, stdout=target, check=True)
