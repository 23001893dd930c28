"""Where X finds links in what a person wrote: with https:// or without, as twitter-text does."""

import re
from collections.abc import Iterator
from functools import cache

from x_simulator import weight_rules

SHORT_LINK = re.compile(weight_rules.SHORT_LINK)
LONGEST_TEXT = 12_500  # far beyond any post of 280; looking for links takes its time
LONGEST_LINK = 4096
LONGEST_LABEL = 63
LONGEST_SHORT_LINK = 40
PROTOCOL = "https://"
# A link has a dot and no space. Without a look at this first, every letter of a long text without
# spaces, as Chinese is written, would be tried as the beginning of a name.
STRETCH = re.compile(r"(?:^|[ \t\n\r])[^ \t\n\r]*\.[^ \t\n\r]*")
NOT_BEFORE_A_BARE_LINK = ("-", "_", ".", "/")
DOTS = re.compile("[\u3002\uff0e\uff61]")  # what other scripts write between the labels of a name


def find_links(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of each link, in code points, in order. A text beyond all limits has none."""
    if len(text) > LONGEST_TEXT:
        return
    for stretch in STRETCH.finditer(text):
        yield from links_in(text, *stretch.span())


def links_in(text: str, first: int, last: int) -> Iterator[tuple[int, int]]:
    for found in link_pattern().finditer(text, first, last):
        before, link, protocol, domain, path = found.groups()
        start = found.start(2)
        if not is_domain(domain) or len(link) + len(protocol or PROTOCOL) > LONGEST_LINK:
            continue
        if protocol:
            yield from with_protocol(link, start)
        elif before not in NOT_BEFORE_A_BARE_LINK:
            yield from bare(domain, len(link) - len(domain) if path else 0, start)


@cache
def link_pattern() -> re.Pattern[str]:
    """Built when first asked for: it takes a twentieth of a second, and few processes need it."""
    return re.compile(weight_rules.LINK)


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
    if domain.startswith("xn--") and not ascii_domain_pattern().search(domain):
        return False
    return all(0 < ascii_length(label) <= LONGEST_LABEL for label in domain.split("."))


def ascii_length(label: str) -> int:
    """How long the label is in DNS, where letters other than ASCII are written in Punycode."""
    parts = DOTS.split(label)
    lengths = (
        len(part) if part.isascii() else len("xn--") + len(part.encode("punycode"))
        for part in parts
    )
    return sum(lengths) + len(parts) - 1
