"""How long X counts a public post: twitter-text's weighted length, 280 at most."""

from __future__ import annotations

import re

POST_LIMIT = 280
DM_LIMIT = 10_000

# The parser takes a plain symbol with its variation selector for two characters; X for one emoji.
LONE_SELECTOR = re.compile("(?<![0-9#*])\ufe0f(?!\u200d)")
LEADING_MENTIONS = re.compile(r"^(?:@\w{1,15}\s+)+")


def weighted_length(text: str) -> int:
    """The weight of `text` as a person wrote it: URLs 23, an emoji 2, most of CJK 2 each."""
    if not text:
        return 0
    # Its tables take half a second to build, which every process of a start would pay.
    from twitter_text import parse_tweet

    return int(parse_tweet(LONE_SELECTOR.sub("", text)).weightedLength)


def reply_weight(text: str) -> int:
    """The weight of a public reply, whose leading @mentions X does not count."""
    return weighted_length(LEADING_MENTIONS.sub("", text))
