"""One simulator for all of these tests; each makes people of its own."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.simulator import document
from tests.simulator.contract import Contract
from tests.simulator.program import CREDENTIALS, Faults, Program
from tests.simulator.receiver import Receiver


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    contract = Contract(document.document()) if document.path().is_file() else None
    program = Program(tmp_path_factory.mktemp("simulator"), contract)
    program.start()
    yield program
    assert program.end() == 0, program.log()


@pytest.fixture
def fragile(tmp_path: Path) -> Iterator[Program]:
    """A simulator of this test's own."""
    program = Program(tmp_path)
    program.start()
    yield program
    program.end(signal.SIGKILL)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver(CREDENTIALS["X_CONSUMER_SECRET"])
    yield receiver
    receiver.close()


@pytest.fixture
def webhook(program: Program, receiver: Receiver) -> Iterator[str]:
    """The id of a registered webhook: the only one that X allows."""
    bearer = program.bearer()
    answer = program.call("POST", "/2/webhooks", bearer, json={"url": receiver.url})
    assert answer.status_code == 200, answer.text
    webhook_id: str = answer.json()["data"]["id"]
    yield webhook_id
    program.call("DELETE", f"/2/webhooks/{webhook_id}", bearer)


@pytest.fixture
def no_quotas(program: Program) -> Iterator[None]:
    program.control("POST", "quotas", lifted=True)
    yield
    program.control("POST", "quotas", lifted=False)


@pytest.fixture
def faults(program: Program) -> Iterator[Faults]:
    """Whatever a test sets is taken back."""
    yield Faults(program)
    program.control("DELETE", "faults")
