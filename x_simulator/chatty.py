"""The customer who writes by himself every so often, until he is switched off."""

import asyncio
import random
import tomllib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from x_simulator import deeds
from x_simulator.chat import chatting
from x_simulator.composing import Place, Told
from x_simulator.going_on import GoingOn
from x_simulator.people import Person

if TYPE_CHECKING:
    from x_simulator.world import World

USERNAME = "chatty_charlie"
EVERY_S = (20.0, 60.0)
OF_THE_DEMO = Path(__file__).parent / "demo" / "chatty.toml"
COMPLAINTS = (
    "My order still says 'being packed'. It has said so since Tuesday.",
    "I was charged twice for the same thing. Can you have a look, please?",
    "The app closes by itself as soon as I open my basket.",
    "Which of your shops near the station is open on Sunday?",
    "The courier left my parcel with a neighbour I don't have.",
    "Is there a way to change the delivery address after ordering?",
    "Your website asks me for a code that never arrives.",
    "I'd like to return the blue one. The label in the box is for someone else!",
    "The left half of the pair is a size 41, the right half a 43.",
    "Three weeks, no refund, no answer. What is going on?",
    "Could you send me the invoice for October again? The link has expired.",
    "How do I stop the newsletter? I clicked unsubscribe four times.",
    "The heating says error E4 and I have small children here.",
    "My card was declined but the money is gone. Help?",
    "Just wanted to say that the person on the phone was lovely. The product less so.",
    "Is the voucher still good? It says November but not which year.",
    "I've been on hold for 40 minutes. Is anyone there?",
    "The box was open when it came and one of the cups is broken.",
    "Can I pay on delivery?",
    "Your map shows a shop where there is now a bakery. A good one, but still.",
    "The tracking number you sent belongs to another country.",
    "I can't log in since the update. Password reset doesn't help.",
    "Do you ship to the islands?",
    "The colour is nothing like on the picture. Can I swap it?",
    "My subscription was renewed although I cancelled it in time.",
    "There is no internet in our whole street. Any idea how long?",
    "I ordered two and got one. I was charged for two.",
    "The screen has a line down the middle, out of the box.",
    "What happened to the old menu? I can't find my bookings.",
    "My flight was moved by five hours. Do I get anything back?",
    "Somebody used my account last night. I changed the password. What now?",
    "The manual is in a language that I don't read. Is there another?",
    "It makes a noise like an angry kettle. Is that normal?",
    "The gift card doesn't work in the app, only at the till. Why?",
    "You promised a call back on Monday. It's Thursday.",
    "Wrong size again :( third time now.",
    "Can you tell me whether the allergy information on your site is up to date?",
    "The door of bus 14 closed on my bag today. Where do I report that?",
    "Why do I need to give my birthday to buy a lamp?",
    "Thanks, it works now! But please fix the instructions, step 3 is wrong.",
)


@cache
def _of_the_demo() -> dict[str, list[str]]:
    return tomllib.loads(OF_THE_DEMO.read_text(encoding="utf-8"))


def complaints_to(username: str) -> Sequence[str]:
    """The demo's brands are asked about what they sell, others about what everyone sells."""
    return _of_the_demo().get(username, COMPLAINTS)


class Chatty(GoingOn):
    """On or off, and how often; both outlive the program."""

    def __init__(self, world: "World") -> None:
        super().__init__()
        self._world = world

    @property
    def on(self) -> bool:
        return bool(self._world.store.switch("chatty", default=False))

    def switch(self, on: bool, every_s: tuple[float, float] | None = None) -> None:
        self._world.store.set_switch("chatty", on)
        if every_s is not None:
            self._world.store.set_switch("chatty_every_s", list(every_s))
        self.cancel()
        self.start()
        self._world.feed.changed()

    def start(self) -> None:
        if self.on:
            super().start()

    async def go_on(self) -> None:
        while True:
            every = self._world.store.switch("chatty_every_s", default=list(EVERY_S))
            await asyncio.sleep(random.uniform(*every))  # noqa: S311 (a mood, not a secret)
            self.write_once()

    def write_once(self) -> None:
        """One complaint to one brand, in public or in private. Nothing when nobody is there."""
        customer, brands = self._customer(), self._brands()
        if customer is None or not brands:
            return
        brand = random.choice(brands)  # noqa: S311 (as above)
        words = random.choice(complaints_to(brand.username))  # noqa: S311 (as above)
        try:
            if random.random() < 0.5:  # noqa: S311 (as above)
                chatting.write(self._world, Told(words), sender=customer, recipient=brand)
            else:
                told = Told(f"@{brand.username} {words}")
                deeds.publish_post(self._world, told, Place(), author=customer, source="app")
        except deeds.NotAllowed:
            return  # a closed inbox, or the same words twice in a day: he tries again later

    def _brands(self) -> list[Person]:
        """The demo's, where they are: other brands may be there for a replay that is counted."""
        brands = self._world.people.brands()
        return [brand for brand in brands if brand.username in _of_the_demo()] or brands

    def _customer(self) -> Person | None:
        charlie = self._world.people.by_username(USERNAME)
        if charlie is not None:
            return charlie
        first = self._world.messages.first_customer()
        return None if first is None else self._world.people.get(first)
