"""The import map: bare module names to the (hashed) addresses of files under static/.

It is the desk's one inline script, so the content security policy names it by hash (config/csp.py).
A module at static/js/lib/toast.js is imported as "lib/toast", a vendored one by its package's name.
"""

from __future__ import annotations

import base64
import hashlib
import json
from functools import cache
from pathlib import Path

from django.templatetags.static import static

STATIC = Path(__file__).resolve().parent.parent / "static"
VENDORED = {
    "htmx": "vendor/htmx.js",
    "stimulus": "vendor/stimulus.js",
    "idiomorph": "vendor/idiomorph.js",
}
# Workers cannot see an import map: theirs stand alone and are named by address.
WORKERS = STATIC / "js" / "workers"


@cache
def module_urls() -> dict[str, str]:
    """Bare name → address, in the order of names so that the hash is stable."""
    own = {
        path.relative_to(STATIC / "js").with_suffix("").as_posix(): path
        for path in (STATIC / "js").rglob("*.js")
        if WORKERS not in path.parents
    }
    urls = {name: static(path.relative_to(STATIC).as_posix()) for name, path in own.items()}
    return dict(sorted((urls | {name: static(path) for name, path in VENDORED.items()}).items()))


@cache
def importmap_json() -> str:
    """The exact text between the script tags; the hash is over these bytes."""
    text = json.dumps({"imports": module_urls()}, separators=(",", ":"))
    return text.replace("<", "\\u003c")


@cache
def importmap_hash() -> str:
    """The source expression for script-src, quotes included: 'sha256-…'."""
    digest = hashlib.sha256(importmap_json().encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
