"""The simulator's control calls (`/_sim/…`): what only a pretend X can be told to do."""

from __future__ import annotations

from typing import Any

import httpx
from django.conf import settings

# Loading and delivering thousands takes the simulator a while.
TIMEOUT_S = 120.0


class NotTheSimulator(Exception):
    """The configured X is the real one."""

    def __init__(self) -> None:
        super().__init__(
            "X_API_URL is not a simulator's address, and this is not done to the real X."
        )


class SimulatorError(Exception):
    """The simulator is not there, or refused; says why."""


class Simulator:
    """Raises NotTheSimulator when the configured X is not a simulator."""

    def __init__(self) -> None:
        if not settings.X_IS_SIMULATOR:
            raise NotTheSimulator
        self._http = httpx.Client(
            base_url=f"{settings.X_API_URL}/_sim/", timeout=TIMEOUT_S, trust_env=False
        )

    def get(self, path: str) -> dict[str, Any]:
        return self._call("GET", path)

    def post(self, path: str, **body: Any) -> dict[str, Any]:
        return self._call("POST", path, json=body)

    def _call(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        """Raises SimulatorError."""
        try:
            answer = self._http.request(method, path, **options)
        except httpx.HTTPError as error:
            raise SimulatorError(
                f"The simulator at {settings.X_API_URL} does not answer: {error}"
            ) from error
        if not answer.is_success:
            raise SimulatorError(f"/_sim/{path}: {answer.status_code} {answer.text[:300]}")
        told: dict[str, Any] = answer.json()
        return told
