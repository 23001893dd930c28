"""The browser's parts are the ones that the lock pins, unchanged, and pages use no others."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path

import pytest

from config import importmap
from config.jinja2 import icon, icon_names

ROOT = Path(__file__).resolve().parent.parent
VENDOR = ROOT / "static" / "vendor"
MANIFEST = json.loads((VENDOR / "manifest.json").read_text())
LOCK = json.loads((ROOT / "package-lock.json").read_text())["packages"]


def test_the_manifest_names_every_file():
    files = {path.name for path in VENDOR.iterdir()} - {"manifest.json"}
    assert files == set(MANIFEST)


@pytest.mark.parametrize("name", MANIFEST)
def test_a_file_is_what_was_copied(name):
    digest = hashlib.sha384((VENDOR / name).read_bytes()).digest()
    assert MANIFEST[name]["sha384"] == base64.b64encode(digest).decode()


@pytest.mark.parametrize("name", MANIFEST)
def test_a_file_is_of_the_version_that_the_lock_pins(name):
    package, _, version = MANIFEST[name]["from"].rpartition("@")
    version = version.split("/")[0]
    assert LOCK[f"node_modules/{package}"]["version"] == version


def test_the_axe_of_the_browser_tests_is_the_pinned_one():
    banner = (ROOT / "tests" / "browser" / "axe.js").read_text()[:200]
    assert f"axe v{LOCK['node_modules/axe-core']['version']}" in banner


def test_every_icon_of_the_templates_is_in_the_sprite():
    asked = set()
    for template in (ROOT / "templates").rglob("*.html"):
        asked |= set(re.findall(r"""icon\("([a-z0-9-]+)\"""", template.read_text()))
    assert asked <= icon_names()
    assert len(asked) > 20


def test_every_icon_of_the_sprite_is_used():
    """Also where a name comes out of a table of the template, or of a page's code."""
    places = [*(ROOT / "templates").rglob("*.html")]
    for package in ("accounts", "inbox", "twitter_sync"):
        places += (ROOT / package).rglob("*.py")
    quoted = {word for path in places for word in re.findall(r'"([a-z0-9-]+)"', path.read_text())}
    assert icon_names() <= quoted


def test_an_icon_that_was_not_copied_is_an_error():
    with pytest.raises(LookupError, match="no-such-drawing"):
        icon("no-such-drawing")


def test_the_import_map_names_every_module_of_ours():
    scripts = ROOT / "static" / "js"
    ours = {path for path in scripts.rglob("*.js") if "workers" not in path.parts}
    named = set(importmap.module_urls()) - set(importmap.VENDORED)
    assert named == {path.relative_to(scripts).with_suffix("").as_posix() for path in ours}


def test_modules_import_only_what_the_map_names():
    known = set(importmap.module_urls())
    for script in (ROOT / "static" / "js").rglob("*.js"):
        imported = re.findall(r"""^import .*?["']([^"']+)["']""", script.read_text(), re.MULTILINE)
        assert set(imported) <= known, script.name


def test_the_policy_hash_is_over_the_exact_text_of_the_map():
    digest = base64.b64encode(hashlib.sha256(importmap.importmap_json().encode()).digest()).decode()
    assert importmap.importmap_hash() == f"'sha256-{digest}'"
    assert "<" not in importmap.importmap_json()


def test_no_script_or_template_writes_markup_out_of_strings():
    """Customer text is text (trust X5): nothing of ours parses strings into elements."""
    forbidden = re.compile(r"innerHTML|outerHTML\s*=|insertAdjacentHTML|document\.write|\beval\(")
    for script in (ROOT / "static" / "js").rglob("*.js"):
        assert not forbidden.search(script.read_text()), script.name
    inline = re.compile(r"""\|\s*safe\b|\sstyle=|\son[a-z]+=|hx-on""")
    for template in (ROOT / "templates").rglob("*.html"):
        assert not inline.search(template.read_text()), template.name
