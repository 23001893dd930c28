"""The register of cases: which of them drives which route."""

from __future__ import annotations

from collections.abc import Callable

from tests.simulator.driving.stage import Stage

Case = Callable[[Stage], None]
CASES: dict[str, Case] = {}


def drives(*routes: str) -> Callable[[Case], Case]:
    def register(case: Case) -> Case:
        for route in routes:
            assert route not in CASES, f"{route} is driven twice"
            CASES[route] = case
        return case

    return register
