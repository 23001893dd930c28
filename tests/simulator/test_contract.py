"""Every route, every answer, beside X's own OpenAPI document and its documented refusals."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.simulator import document, documented, sayings
from tests.simulator.contract import OPTIONAL, Contract, never, routes
from tests.simulator.driving import drive
from tests.simulator.driving.cases import CASES
from tests.simulator.driving.stage import Stage
from tests.simulator.program import CREDENTIALS, Program
from tests.simulator.receiver import Receiver

pytestmark = pytest.mark.shared_data
KINDS = ("Post", "User", "DmEvent", "Media", "Connection")
# Refusals that only one who waits, or who writes very much, would meet: their own tests drive them.
ELSEWHERE = {
    "too often": "test_quotas.py",
    "too often, older form": "test_quotas.py",
    "credits spent": "test_faults.py",
    "outage": "test_faults.py",
    "a fault of X": "test_faults.py",
    "bad gateway": "test_faults.py",
    "subscriptions too many": "test_subscriptions.py",
}


@dataclass
class Driven:
    contract: Contract
    findings: list[str]
    failures: dict[str, str]


@pytest.fixture(scope="module")
def driven(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driven]:
    contract = Contract(document.document())
    program = Program(tmp_path_factory.mktemp("contract"), contract)
    program.start()
    program.findings = []
    program.control("POST", "quotas", lifted=True)
    receiver = Receiver(CREDENTIALS["X_CONSUMER_SECRET"])
    failures = drive(Stage(program, contract, receiver))
    yield Driven(contract, program.findings, failures)
    receiver.close()
    assert program.end() == 0, program.log()


def test_every_route_is_driven() -> None:
    assert set(CASES) - {""} == set(routes())


def test_every_route_is_one_of_xs() -> None:
    assert [route for route in routes() if not document.document().knows(route)] == []


def test_every_case_ran_to_its_end(driven: Driven) -> None:
    assert driven.failures == {}


def test_every_answer_is_as_x_would_give_it(driven: Driven) -> None:
    assert sorted(set(driven.findings)) == []


@pytest.mark.parametrize("route", routes())
def test_every_route_answered_with_a_success(driven: Driven, route: str) -> None:
    assert driven.contract.successes[route]


def test_every_refusal_was_met(driven: Driven) -> None:
    rows = {row.name for row in documented.REFUSALS}
    assert rows - set(driven.contract.refusals) == set(ELSEWHERE)


def test_every_ending_and_every_reservation_was_heard(driven: Driven) -> None:
    rows = (*sayings.ENDINGS, *sayings.RESERVATIONS)
    assert {row.name for row in rows} == set(driven.contract.said)


def test_every_difference_that_is_named_is_there(driven: Driven) -> None:
    assert set(driven.contract.known) == set(driven.contract.differed)


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_is_served_or_named_as_missing(driven: Driven, kind: str) -> None:
    properties = set(document.document().raw["components"]["schemas"][kind]["properties"])
    served = driven.contract.served[kind]
    assert OPTIONAL[kind] <= served, "fields that are only sometimes there were never there"
    assert properties - served == never(kind)
