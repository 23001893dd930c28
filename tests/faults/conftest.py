"""One stack for all trials of a run, and how much each of them does."""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.faults import town as making
from tests.faults.actors import Load
from tests.faults.insider import Insider, inside
from tests.faults.town import Town
from tests.faults.trial import Trial
from tests.stack import Stack, running

CUSTOMERS = 150
CLEARS_WITHIN = 120.0


@dataclass(frozen=True)
class Size:
    """How many brands, how many events at how many a second, how often each thing is broken and how
    often a new token is lost, how many strangers knock a second, for how many seconds everything
    is broken in any order, and how many times slower than asked for this machine may be."""

    brands: int
    events: int
    per_second: float
    times: int
    deaths: int
    flood: float
    storm: float
    slack: float

    @property
    def load(self) -> Load:
        return Load(self.events, self.per_second)

    def within(self, seconds: float) -> float:
        return self.slack * seconds


SHORT, LONG = Size(8, 200, 25, 2, 1, 200, 20, 5), Size(20, 10_000, 50, 10, 50, 500, 600, 1)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--seed", type=int, help="of the trials: what is random is random again")


@pytest.fixture(scope="session")
def seed(request: pytest.FixtureRequest) -> int:
    given: int | None = request.config.getoption("--seed", default=None)
    return random.randrange(1_000_000) if given is None else given


@pytest.fixture(scope="session")
def size() -> Size:
    return LONG if os.environ.get("HANDLED_FAULTS") == "long" else SHORT


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory, seed: int) -> Iterator[Stack]:
    program = (sys.executable, "-m", "tests.faults.run")
    folder = tmp_path_factory.mktemp("faults")
    with running(folder, program, FAULTS_SEED=str(seed)) as stack:
        stack.tell_x("quotas", lifted=True)
        yield stack


@pytest.fixture(scope="session")
def insider(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Insider]:
    with inside(stack, tmp_path_factory.mktemp("insider")) as insider:
        yield insider


@pytest.fixture(scope="session")
def town(stack: Stack, size: Size) -> Town:
    return making.read(stack.manage("-m", "tests.faults.town", str(size.brands), "2"))


@pytest.fixture(scope="session")
def people(stack: Stack) -> list[str]:
    """Ids on X of those who write."""
    users = [{"username": f"customer_{n:03}", "name": f"Customer {n}"} for n in range(CUSTOMERS)]
    return [str(one["id"]) for one in stack.tell_x("users", users=users)["users"]]


@pytest.fixture
def trial(
    stack: Stack,
    insider: Insider,
    town: Town,
    people: list[str],
    tmp_path: Path,
    seed: int,
    size: Size,
) -> Callable[[str], Trial]:
    """`trial("C1")`: a trial of that check, with the seed of the run."""

    def trial(check: str) -> Trial:
        clears_within = size.within(CLEARS_WITHIN)
        return Trial(check, stack, insider, town, people, tmp_path, seed, clears_within)

    return trial
