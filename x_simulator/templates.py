"""The simulator's own pages: Jinja templates, autoescaped, under a strict content policy."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

_PACKAGE = Path(__file__).parent
STATIC = _PACKAGE / "static"
_environment = Environment(
    loader=FileSystemLoader(_PACKAGE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def render(
    name: str,
    values: Mapping[str, Any],
    *,
    status_code: int = 200,
    form_targets: Sequence[str] = (),
) -> HTMLResponse:
    """`form_targets` are addresses that a form of the page may lead on to."""
    html = _environment.get_template(name).render(values)
    return HTMLResponse(html, status_code, {"content-security-policy": _policy(form_targets)})


def _policy(form_targets: Sequence[str]) -> str:
    origins = [f"{parts.scheme}://{parts.netloc}" for parts in map(urlsplit, form_targets)]
    targets = " ".join(["'self'", *origins])
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
        " connect-src 'self'; base-uri 'none'; frame-ancestors 'none';"
        f" form-action {targets}"
    )
