"""Leaves out what takes minutes, unless it is asked for: a pytest plugin.

Tests marked `deep` are the whole of what another test tries with little. `./test` runs the little;
`make check-deep` sets HANDLED_DEEP=1 and runs the whole. Tests marked `faults` break a running
stack (tests/faults): `make faults` sets HANDLED_FAULTS=short, `make faults-long` sets it to long.
"""

from __future__ import annotations

import os

import pytest


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    left_out = {
        "deep": os.environ.get("HANDLED_DEEP") != "1",
        "faults": os.environ.get("HANDLED_FAULTS") not in ("short", "long"),
        "long": os.environ.get("HANDLED_FAULTS") != "long",
    }
    names = [name for name, is_left_out in left_out.items() if is_left_out]
    gone = [item for item in items if any(item.get_closest_marker(name) for name in names)]
    if gone:
        config.hook.pytest_deselected(items=gone)
        items[:] = [item for item in items if item not in gone]
