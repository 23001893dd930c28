"""Which addresses become links, and under what name: nobody is led astray (trust X2)."""

from __future__ import annotations

import unicodedata
from urllib.parse import urlsplit

SCHEMES = ("http", "https")
# Browsers read it as "/", so that what seems to be a part of the host is none.
BACKSLASH = "\\"


def is_web_address(href: str) -> bool:
    """True for http and https alone, with a host and nothing in the way of a reader's eye."""
    if BACKSLASH in href or any(is_unseen(letter) for letter in href):
        return False
    try:
        parts = urlsplit(href)
        return parts.scheme in SCHEMES and "@" not in parts.netloc and bool(bare(host_of(href)))
    except ValueError:
        return False


def is_unseen(letter: str) -> bool:
    """Spaces, controls, and what turns or joins the letters around it."""
    return letter.isspace() or unicodedata.category(letter).startswith("C")


def undisguised(href: str) -> str:
    """A web address with its host in ASCII, where its letters would pass for others."""
    host = host_of(href)
    return href.replace(host, bare(host), 1) if passes_for_another(host) else href


def host_of(href: str) -> str:
    """In small letters. Raises ValueError where an address is none."""
    return urlsplit(href).hostname or ""


def bare(host: str) -> str:
    """As it goes over the wire. Raises UnicodeError, a ValueError, for what is no name."""
    return host.encode("idna").decode()


def passes_for_another(host: str) -> bool:
    """Letters that are not Latin below a name that is, as a Cyrillic “а” in “аpple.com”; or mixed
    with Latin ones in one label. Whole names in a country's own letters are as they should be."""
    *labels, top = host.split(".")
    if top.isascii():
        return not all(is_latin(letter) for label in labels for letter in label)
    return any(is_mixed(label) for label in labels)


def is_mixed(label: str) -> bool:
    return len({is_latin(letter) for letter in label if letter.isalpha()}) > 1


def is_latin(letter: str) -> bool:
    return letter.isascii() or unicodedata.name(letter, "").startswith("LATIN ")
