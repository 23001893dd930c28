"""Leaves out what takes minutes, unless it is asked for: a pytest plugin.

Tests marked `deep` are the whole of what another test tries with little. `./test` runs the little;
`make check-deep` sets HANDLED_DEEP=1 and runs the whole.
"""

from __future__ import annotations

import os

import pytest


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if os.environ.get("HANDLED_DEEP") == "1":
        return
    deep = [item for item in items if item.get_closest_marker("deep")]
    if deep:
        config.hook.pytest_deselected(items=deep)
        items[:] = [item for item in items if item not in deep]
