"""The first words to a customer, as a person would say them."""

from __future__ import annotations

from inbox.text.names import safe_name


def greeting(customer_name: str, agent_name: str, team: str) -> str:
    """`Hi Carla, Ana from Acme here. `; who has no name that one can say is not called by it."""
    called = first_name(customer_name)
    hello = f"Hi {called}" if called else "Hello"
    return f"{hello}, {agent_name} from {safe_name(team)} here. "


def first_name(name: str) -> str:
    first = next(iter(safe_name(name).split()), "")
    return first if any(letter.isalpha() for letter in first) else ""
