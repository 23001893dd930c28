"""Invented customers by the hundred, and what they say one after the other.

Somebody visits a brand with something on their mind, in public or in private, says it in one
message or several, and comes back another day. Many visits go on at once. The same seed makes the
same people say the same.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from x_simulator.chatty import complaints_to

Way = Literal["dm", "mention", "reply"]

FIRST = (
    *("Amina", "Bo", "Carmen", "Dilek", "Edda", "Femi", "Gwen", "Hamid", "Ines", "Jonas", "Kaori"),
    *("Liam", "Mira", "Nils", "Oana", "Pavel", "Quinn", "Rosa", "Sunil", "Tess", "Uma", "Viktor"),
    *("Wanda", "Xenia", "Yusuf", "Zofia", "Alma", "Bilal", "Chloé", "Dov", "Elif", "Franka"),
)
LAST = (
    *("Abara", "Berg", "Costa", "Dumas", "Ekwall", "Faro", "Grimm", "Hale", "Ito", "Jansen"),
    *("Kovač", "Lund", "Moreau", "Nowak", "Osei", "Pike", "Quist", "Reyes", "Silva", "Tran"),
    *("Ueda", "Vogt", "Weiss", "Yıldız", "Zeller", "Okafor", "Petit", "Rossi", "Sato", "Turner"),
)
MORE = (
    "The number is {number}, if that helps.",
    "Any news about {number}?",
    "Hello? Is anybody there? {number}",
    "I just looked again: still the same on {number} 😕",
    "Sorry, I meant {number}, not the other one.",
    "Here is what the page says: error {number}.",
    "It's been {small} days now.",
    "My neighbour has the same since {small} o'clock.",
    "Forgot to say: it is about order {number}.",
    "Das ist jetzt die {small}. Nachricht. Vorgang {number} 🙏",
    "Otra vez lo mismo con el pedido {number}…",
    "And by the way: who is {first} who signed {number}?",
    "OK, tried that. Now it shows {number} & nothing else.",
    "Thanks! I'll have a look and come back with {number} if not.",
)
# How often a visit goes on before another begins, and how often somebody comes who was here before.
GOES_ON, RETURNS = 0.55, 0.6
WITH_PICTURE = 0.04
# Of what follows in public: said in private after all; with the brand's name in it once more.
TO_PRIVATE, NAMES_AGAIN = 0.15, 0.5
MOST_OPEN = 40
LONGEST_VISIT = 5


@dataclass(frozen=True, slots=True)
class Customer:
    username: str
    name: str


@dataclass(slots=True)
class Visit:
    number: int
    customer: Customer
    brand: str
    way: Way
    left: int
    said: int = 0


@dataclass(frozen=True, slots=True)
class Saying:
    """A reply answers what the same visit said in public before."""

    visit: int
    customer: Customer
    brand: str
    way: Way
    text: str
    with_picture: bool
    returning: bool = False  # a visit begins, and not the customer's first


@dataclass(slots=True)
class Crowd:
    """`dms` is the share of visits that begin in private."""

    brands: Sequence[str]
    dms: float
    lot: random.Random
    people: list[Customer] = field(default_factory=list)
    _open: list[Visit] = field(default_factory=list)
    _visits: int = 0
    _said: set[tuple[Customer, str]] = field(default_factory=set)

    def sayings(self, number: int) -> list[Saying]:
        return [self._next() for _ in range(number)]

    def _next(self) -> Saying:
        goes_on = self.lot.random() < GOES_ON or len(self._open) >= MOST_OPEN
        known = len(self.people)
        visit = self.lot.choice(self._open) if self._open and goes_on else self._begin()
        returning = visit.said == 0 and len(self.people) == known
        way = self._way(visit)
        saying = Saying(
            visit.number,
            visit.customer,
            visit.brand,
            way,
            self._words(visit, way),
            self.lot.random() < WITH_PICTURE,
            returning,
        )
        visit.said += 1
        if visit.said > visit.left:
            self._open.remove(visit)
        return saying

    def _begin(self) -> Visit:
        self._visits += 1
        way: Way = "dm" if self.lot.random() < self.dms else "mention"
        left = min(int(self.lot.expovariate(0.7)), LONGEST_VISIT - 1)
        brand = self.lot.choice(self.brands)
        visit = Visit(self._visits, self._customer(), brand, way, left)
        self._open.append(visit)
        return visit

    def _customer(self) -> Customer:
        """Whoever came lately comes again sooner than others."""
        if self.people and self.lot.random() < RETURNS:
            back = min(int(self.lot.expovariate(1 / 60)), len(self.people) - 1)
            return self.people[-1 - back]
        first, last = self.lot.choice(FIRST), self.lot.choice(LAST)
        username = f"{_plain(first)}_{_plain(last)}"[:9] + f"{self.lot.randrange(10**6):06d}"
        customer = Customer(username, f"{first} {last}")
        self.people.append(customer)
        return customer

    def _way(self, visit: Visit) -> Way:
        if visit.said == 0 or visit.way == "dm":
            return visit.way
        return "dm" if self.lot.random() < TO_PRIVATE else "reply"

    def _words(self, visit: Visit, way: Way) -> str:
        """X refuses the same words twice in a day; people hardly ever say them twice either."""
        if visit.said == 0:
            words = self.lot.choice(complaints_to(visit.brand))
        else:
            words = self._filled(self.lot.choice(MORE))
        if (visit.customer, words) in self._said:
            words = f"{words} ({self.lot.randrange(10**6)})"
        self._said.add((visit.customer, words))
        names = way == "mention" or (way == "reply" and self.lot.random() < NAMES_AGAIN)
        return f"@{visit.brand} {words}" if names else words

    def _filled(self, words: str) -> str:
        return words.format(
            number=self.lot.randrange(10_000, 10**6),
            small=self.lot.randrange(2, 9),
            first=self.lot.choice(FIRST),
        )


def _plain(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isascii() and letter.isalpha())
