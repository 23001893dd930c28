"""One invented conversation after another: who, when, what is said, and how it stands.

Most are resolved; of the newest tenth more than half are still in work. Five messages on average,
some with sixty. One in ten people comes back after more than a week.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count

from bench.invention import Inventor, Somebody, Text
from bench.town import Brand
from inbox.sequence import sequence_at

YEAR, LEAST_AGE = timedelta(days=365), timedelta(hours=3)
LONGEST, STAYS_PROBABILITY = 60, 0.8  # mean of a geometric row of messages: 1 / (1 - 0.8) = 5
COMES_BACK, COMES_BACK_AFTER = 0.15, timedelta(days=8)
STATUSES = ("open", "waiting", "snoozed", "spam", "resolved")
SHARES = {"newest": (30, 24, 4, 2, 40), "rest": (0.3, 0.3, 0.1, 0.8, 98.5)}
HAS_HOLDER = {"open": 0.55, "waiting": 0.95, "snoozed": 1.0, "resolved": 0.92, "spam": 0.0}


@dataclass(slots=True)
class Path:
    """A thread. `x_id` is what X calls it, `newest` the newest post of each side."""

    pk: int
    kind: str
    x_id: str = ""
    newest: dict[bool, str] = field(default_factory=dict)


@dataclass(slots=True)
class Utterance:
    pk: int
    path: Path
    sequence: int
    is_ours: bool
    at: datetime
    text: Text
    answers: str | None = None
    author: int | None = None  # null where somebody wrote in X itself
    is_deleted: bool = False

    @property
    def x_id(self) -> str:
        return str(self.sequence)


@dataclass(slots=True)
class Customer:
    pk: int
    on_x: Somebody
    is_new: bool = True
    had_dm: int | None = None  # the conversation that held the direct messages before
    free_at: datetime | None = None
    brand: Brand | None = None


@dataclass(slots=True)
class Story:
    pk: int
    brand: Brand
    customer: Customer
    status: str
    is_spam: bool
    began_at: datetime
    follows: int | None
    holder: int | None
    paths: list[Path] = field(default_factory=list)
    utterances: list[Utterance] = field(default_factory=list)

    @property
    def last(self) -> Utterance:
        return self.utterances[-1]


class Storyteller:
    def __init__(
        self, inventor: Inventor, brands: list[Brand], how_many: int, until: datetime
    ) -> None:
        self._inventor, self._random = inventor, inventor.random
        self._brands, self._weights = brands, [brand.weight for brand in brands]
        self._how_many, self._until = how_many, until
        self._customers: deque[Customer] = deque(maxlen=max(how_many // 4, 50))
        self._pks = {name: count(1) for name in ("customer", "path", "utterance")}

    def story(self, number: int) -> Story:
        """The `number`th of all, from 1; later ones began later."""
        place = (number - 1 + self._random.random()) / self._how_many
        began_at = self._until - YEAR + (YEAR - LEAST_AGE) * place
        told = self._random.choices(STATUSES, SHARES["newest" if place > 0.9 else "rest"])[0]
        customer = self._customer(began_at)
        brand = customer.brand or self._random.choices(self._brands, self._weights)[0]
        has_holder = self._random.random() < HAS_HOLDER[told]
        story = Story(
            pk=number,
            brand=brand,
            customer=customer,
            status="open" if told == "spam" else told,
            is_spam=told == "spam",
            began_at=began_at,
            follows=None,
            holder=self._random.choice(brand.agents) if has_holder else None,
        )
        self._tell(story)
        self._remember(story)
        return story

    def _customer(self, at: datetime) -> Customer:
        if self._customers and self._random.random() < COMES_BACK:
            oldest = self._customers[0]
            if oldest.free_at and at > oldest.free_at:
                return self._customers.popleft()
        pk = next(self._pks["customer"])
        return Customer(pk, self._inventor.somebody(pk))

    def _remember(self, story: Story) -> None:
        """Whose conversation is resolved may come back, once a new one would be begun."""
        private = [path for path in story.paths if path.kind == "dm"]
        customer = story.customer
        if story.status == "resolved":
            self._customers.append(
                Customer(
                    pk=customer.pk,
                    on_x=customer.on_x,
                    is_new=False,
                    had_dm=story.pk if private else customer.had_dm,
                    free_at=story.last.at + COMES_BACK_AFTER,
                    brand=story.brand,
                )
            )
        story.follows = customer.had_dm if private else None

    # What is said

    def _tell(self, story: Story) -> None:
        sides = self._sides(story)
        at = story.began_at
        for place, (is_ours, path) in enumerate(
            zip(sides, self._paths(story, len(sides)), strict=True)
        ):
            if place:
                at += self._pause(at, len(sides) - place)
            story.utterances.append(self._utterance(story, path, is_ours, at))
        for one in story.utterances[:-1]:
            takes_back = not one.is_ours and story.last.is_ours
            one.is_deleted = takes_back and self._random.random() < 0.004

    def _sides(self, story: Story) -> list[bool]:
        """Whose turn it is: the customer begins, and the status says who spoke last."""
        stays = math.log(STAYS_PROBABILITY)
        length = 1 + min(int(math.log(1 - self._random.random()) / stays), LONGEST - 1)
        if story.is_spam:
            return [False] * min(length, 3)
        if story.status == "waiting":
            length = max(length, 2)
        sides = [False]
        while len(sides) < length:
            sides.append(self._random.random() < (0.35 if sides[-1] else 0.6))
        if length > 1 and story.status != "snoozed":
            answered = story.status == "resolved" and self._random.random() < 0.85
            sides[-1] = story.status == "waiting" or answered
        return sides

    def _paths(self, story: Story, length: int) -> list[Path]:
        """The thread of each utterance: private, public, or first the one and then the other."""
        dice = self._random.random()
        if dice < 0.55:
            story.paths = [self._private(story)]
        elif dice < 0.9 or length == 1:
            story.paths = [Path(next(self._pks["path"]), "public")]
        else:
            story.paths = [Path(next(self._pks["path"]), "public"), self._private(story)]
        turn = self._random.randrange(1, length) if len(story.paths) == 2 else length
        return [story.paths[0] if place < turn else story.paths[-1] for place in range(length)]

    def _private(self, story: Story) -> Path:
        pair = sorted((story.brand.on_x.x_user_id, story.customer.on_x.x_user_id), key=int)
        return Path(next(self._pks["path"]), "dm", "-".join(pair))

    def _pause(self, at: datetime, left: int) -> timedelta:
        """Minutes mostly, hours sometimes, and all of it is over by `until`."""
        wished = timedelta(minutes=self._random.lognormvariate(2.6, 1.5))
        return min(max(wished, timedelta(seconds=2)), (self._until - at) / (left + 1))

    def _utterance(self, story: Story, path: Path, is_ours: bool, at: datetime) -> Utterance:
        pk = next(self._pks["utterance"])
        at = at.replace(microsecond=at.microsecond // 1000 * 1000)
        there = story.customer.on_x if is_ours else story.brand.on_x
        side = "out" if is_ours else "in"
        public = path.kind == "public"
        said = self._inventor.text(side, story.customer.on_x.language, to=there if public else None)
        found = Utterance(pk, path, sequence_at(at) + pk % (1 << 22), is_ours, at, said)
        if public:
            path.x_id = path.x_id or found.x_id
            found.answers = path.newest.get(not is_ours) or path.newest.get(is_ours)
            path.newest[is_ours] = found.x_id
        if is_ours and self._random.random() < 0.9:
            found.author = story.holder or self._random.choice(story.brand.agents)
        return found
