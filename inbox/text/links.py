"""Where X finds links in what a person wrote: with https:// or without, as twitter-text does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from inbox.text import weight_rules

SHORT_LINK = re.compile(weight_rules.SHORT_LINK)
LONGEST_TEXT = 12_500  # far beyond any post of 280; looking for links takes its time
LONGEST_LINK = 4096
LONGEST_LABEL = 63
MOST_LABELS = 126  # that the pattern of a link takes before the top level
LONGEST_SHORT_LINK = 40
PROTOCOL = "https://"
BEFORE_A_NAME = len(PROTOCOL) + 1  # with the letter that stands before the link
NOT_BEFORE_A_BARE_LINK = ("-", "_", ".", "/")
DOT = re.compile(r"\.")
DOTS = re.compile("[\u3002\uff0e\uff61]")  # what other scripts write between the labels of a name


def find_links(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of each link, in code points, in order. A text beyond all limits has none."""
    if len(text) > LONGEST_TEXT:
        return
    for found in matches(text):
        before, link, protocol, domain, path = found.groups()
        start = found.start(2)
        if not is_domain(domain) or len(link) + len(protocol or PROTOCOL) > LONGEST_LINK:
            continue
        if protocol:
            yield from with_protocol(link, start)
        elif before not in NOT_BEFORE_A_BARE_LINK:
            yield from bare(domain, len(link) - len(domain) if path else 0, start)


def matches(text: str) -> Iterator[re.Match[str]]:
    """What `link_pattern().finditer` finds. That tries every letter as the beginning of a link, and
    reads on to the end of each name, which costs a long text without spaces its length squared:
    here it is tried where there can be one."""
    at = 0
    for begin, end in beginnings(text):
        at = max(at, begin - BEFORE_A_NAME)
        while at < end:
            found = link_pattern().match(text, at)
            at = found.end() if found else at + 1
            if found:
                yield found


def beginnings(text: str) -> Iterator[tuple[int, int]]:
    """Where each name that ends in a top level may begin: from where, and to the dot before that.
    Of names in a row the first beginning comes first, whichever it is of."""
    for names in names_pattern().finditer(text):
        yield from sorted(beginnings_in(text, *names.span()))


def beginnings_in(text: str, first: int, last: int) -> Iterator[tuple[int, int]]:
    dots = [first - 1]
    for dot in DOT.finditer(text, first, last):
        if top_level_pattern().match(text, dot.end()):
            # The label right before the top level has no low line.
            low_line = text.rfind("_", dots[-1] + 1, dot.start())
            yield max(dots[-MOST_LABELS:][0], low_line) + 1, dot.start()
        dots.append(dot.start())


@cache
def link_pattern() -> re.Pattern[str]:
    """Built when first asked for: it takes a twentieth of a second, and few processes need it."""
    return re.compile(weight_rules.LINK)


@cache
def names_pattern() -> re.Pattern[str]:
    return re.compile(weight_rules.NAMES)


@cache
def top_level_pattern() -> re.Pattern[str]:
    return re.compile(weight_rules.TOP_LEVEL)


@cache
def ascii_domain_pattern() -> re.Pattern[str]:
    return re.compile(weight_rules.ASCII_DOMAIN)


def with_protocol(link: str, start: int) -> Iterator[tuple[int, int]]:
    """A link of X's own shortener ends with its code."""
    short = SHORT_LINK.match(link)
    if short is None:
        yield start, start + len(link)
    elif len(short[1]) <= LONGEST_SHORT_LINK:
        yield start, start + short.end()


def bare(domain: str, path_length: int, start: int) -> Iterator[tuple[int, int]]:
    """Only names of Latin letters are links without a protocol; the last takes the path along."""
    found = ascii_domain_pattern().finditer(domain)
    names = [(start + name.start(), start + name.end()) for name in found]
    for begin, end in names[:-1]:
        yield begin, end
    for begin, end in names[-1:]:
        yield begin, end + path_length


def is_domain(domain: str) -> bool:
    if not all(is_label(label) for label in domain.split(".")):
        return False
    return not domain.startswith("xn--") or bool(ascii_domain_pattern().search(domain))


def is_label(label: str) -> bool:
    """Punycode makes none shorter, and takes the square of a length to write."""
    return 0 < len(label) <= LONGEST_LABEL and ascii_length(label) <= LONGEST_LABEL


def ascii_length(label: str) -> int:
    """How long the label is in DNS, where letters other than ASCII are written in Punycode."""
    parts = DOTS.split(label)
    lengths = (
        len(part) if part.isascii() else len("xn--") + len(part.encode("punycode"))
        for part in parts
    )
    return sum(lengths) + len(parts) - 1
