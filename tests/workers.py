"""Spreads a long run of tests over worker processes: a pytest plugin on top of pytest-xdist.

A few files run in this process, as a person at a debugger wants it. From MANY on, each worker has a
Postgres, a Valkey and a folder of its own (tests/servers.py runs in every worker), so no queue, no
channel and no row is shared. Files stay whole; files whose tests share a stack go together, and
tests that start a stack each go one by one. `-n 0` or `-n 4` decide otherwise.
"""

from __future__ import annotations

import gc
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
from xdist.scheduler import LoadScopeScheduling

# Test files; below this, starting workers takes longer than they save.
MANY = 12
# The folder whose tests share a stack, and how many stacks its files are dealt to: browser tests
# wait more than they work, and one after another they would outlast all the rest.
ONE_STACK_FOR_ALL = "tests/browser/"
STACKS = 2
ONE_STACK_EACH = "tests/twitter_sync/test_replay"


@pytest.hookimpl(tryfirst=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """What `-n auto` in pyproject.toml means: 0 is no workers at all."""
    chosen = any(config.getoption(name, default=False) for name in ("keyword", "markexpr", "lf"))
    return 0 if chosen or number_of_files(config.args) < MANY else number_of_workers()


def number_of_workers() -> int:
    """One more than cores: who waits for a browser or a replay leaves a core to the others."""
    return min(os.cpu_count() or 1, 4) + 1


def number_of_files(arguments: Sequence[str]) -> int:
    places = [Path(argument.partition("::")[0]) for argument in arguments]
    folders = [place for place in places if place.is_dir()]
    return len(places) - len(folders) + sum(1 for f in folders for _ in f.rglob("test_*.py"))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling | None:
    return ByFile(config, log) if config.option.dist == "loadfile" else None


class ByFile(LoadScopeScheduling):
    """Hands out whole files, more or less where stacks are started."""

    def _split_scope(self, nodeid: str) -> str:
        return unit_of(nodeid)


def unit_of(nodeid: str) -> str:
    if nodeid.startswith(ONE_STACK_EACH):
        return nodeid
    file = nodeid.partition("::")[0]
    return stack_of(file) if file.startswith(ONE_STACK_FOR_ALL) else file


def stack_of(file: str) -> str:
    """By the file's name alone, so that every worker deals alike."""
    return f"{ONE_STACK_FOR_ALL}{crc32(file.encode()) % STACKS}"


def pytest_collection_finish() -> None:
    """The tests stay in memory to the end: garbage need not be looked for among thousands of them
    again and again, which takes a tenth of the time of tests without processes."""
    gc.freeze()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """In a worker, the longest come first, so that none of them is left for the end."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return
    tests = Counter(unit_of(item.nodeid) for item in items)
    slow = {unit_of(item.nodeid) for item in items if item.get_closest_marker("processes")}
    items.sort(key=lambda item: (unit_of(item.nodeid) not in slow, -tests[unit_of(item.nodeid)]))
