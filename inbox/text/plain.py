"""Between what a person reads and X's form, in which `&`, `<` and `>` are escaped."""

from __future__ import annotations

import html

REFUSED = dict.fromkeys([0xFEFF, 0xFFFE, 0xFFFF])


def plain(text: str) -> str:
    """What a person reads: X's form unescaped once. X escapes these three and no others, so that
    `&copy=1` in an address stays what it is."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def escaped(text: str) -> str:
    """X's form of what a person wrote. Quotes stay as they are, as on X."""
    return html.escape(text, quote=False)


def writable(text: str) -> str:
    """What somebody typed, as we would send it: lines end in one way, and the letters are left out
    that nobody sees and for which X refuses a post (twitter-text: invalid characters)."""
    lines = storable(text).replace("\r\n", "\n").replace("\r", "\n")
    return lines.translate(REFUSED).strip()


def storable(text: str) -> str:
    """`text` without what Postgres and UTF-8 cannot hold: NUL and lone surrogates."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
