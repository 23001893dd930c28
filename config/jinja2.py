"""The Jinja2 environment of our own templates: what they may call, and how values are worded.

Undefined names are errors everywhere, so that what passes the tests is what runs.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

from django.conf import settings
from django.contrib.staticfiles import finders
from django.templatetags.static import static
from django.urls import reverse
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from accounts import clock
from config import importmap, wording
from inbox.text.render import render
from inbox.text.weight import DM_LIMIT, POST_LIMIT

SPRITE = "vendor/icons.svg"


def environment(**options: object) -> Environment:
    env = Environment(  # noqa: S701 - Django's backend passes autoescape=True
        **{"undefined": StrictUndefined, "trim_blocks": True, "lstrip_blocks": True, **options}  # type: ignore[arg-type]
    )
    env.globals |= {
        "static": static,
        "url": url,
        "icon": icon,
        "now": clock.now,
        "settings": settings,
        "importmap_json": lambda: Markup(importmap.importmap_json()),  # noqa: S704 - our own JSON
        "module_urls": importmap.module_urls,
        "render_text": render,
        "reply_limits": {"dm": DM_LIMIT, "public": POST_LIMIT},
    }
    env.filters |= wording.FILTERS | {"merged": merged}
    return env


@lru_cache(maxsize=4096)
def url(name: str, *args: object, **kwargs: object) -> str:
    return reverse(name, args=args, kwargs=kwargs)


def merged(attrs: dict[str, object], more: dict[str, object]) -> dict[str, object]:
    """Attributes of both; classes are joined."""
    classes = f"{attrs.get('class', '')} {more.get('class', '')}".strip()
    return {**attrs, **more, "class": classes}


@lru_cache(maxsize=1024)
def icon(name: str, label: str = "", classes: str = "") -> Markup:
    """A drawing from the sprite. Without a label it is decoration and hidden from screen readers.

    Raises LookupError for a name that scripts/vendor does not copy.
    """
    if name not in icon_names():
        raise LookupError(f"No icon {name!r}: add it to scripts/icons.txt, run `make vendor`")
    named = Markup('role="img" aria-label="{}"').format(label)
    says = named if label else Markup('aria-hidden="true"')
    return Markup('<svg class="icon {}" {}><use href="{}#{}"></use></svg>').format(
        classes, says, static(SPRITE), name
    )


@cache
def icon_names() -> frozenset[str]:
    path = finders.find(SPRITE)
    if path is None:
        raise LookupError(f"{SPRITE} is missing: run `make vendor`")
    with open(path) as sprite:
        return frozenset(re.findall(r'<symbol id="([^"]+)"', sprite.read()))
