"""Whether the product would keep the same of the messages that were filled in."""

from __future__ import annotations

from copy import copy
from random import Random

from bench import Refused
from inbox.actions.answering import SUMMARY, summarise
from inbox.models import Conversation, Message
from inbox.text.render import render

SAMPLE = 300
BEGINNINGS = {"mentions": "@", "hashtags": "#", "urls": "https://"}


class Inconsistent(Refused):
    """A filled row is not what the product computes from the messages."""


def check(how_many: int, seed: int) -> int:
    """Compares a sample of conversations and their texts. Returns how many; raises Inconsistent."""
    chosen = Random(seed).sample(range(1, how_many + 1), min(SAMPLE, how_many))
    rows = Conversation.objects.filter(pk__in=chosen)
    for conversation in rows:
        check_summary(conversation)
    for message in Message.objects.filter(conversation__in=chosen):
        check_entities(message)
    return len(rows)


def check_summary(filled: Conversation) -> None:
    computed = copy(filled)
    summarise(computed)
    for name in SUMMARY:
        ours, theirs = getattr(filled, name), getattr(computed, name)
        if ours != theirs:
            raise Inconsistent(f"#{filled.pk} has {name} {ours!r}; the product says {theirs!r}")


def check_entities(message: Message) -> None:
    """Every entity stands where it says, counted in code points, and is shown as what it is."""
    entities = [(kind, one) for kind, found in message.entities.items() for one in found]
    for kind, one in entities:
        words = message.text[one["start"] : one["end"]]
        if not words.startswith(BEGINNINGS[kind]) or " " in words:
            raise Inconsistent(f"message {message.pk} has {kind} at {words!r}")
    shown = [one for one in render(message.text, message.entities) if one.kind != "text"]
    if len(shown) != len(entities):
        raise Inconsistent(f"message {message.pk} shows {len(shown)} of {len(entities)} entities")
