"""What all calls have in common."""

from __future__ import annotations

from tests.simulator.driving.cases import drives
from tests.simulator.driving.stage import Stage


@drives("")
def every_call(stage: Stage) -> None:
    """What all calls have in common."""
    stage.refused(401, "GET", "/2/users/me", token="")
    stage.refused(401, "GET", "/2/users/me", token="nobody's")
    stage.refused(403, "GET", "/2/users/me", token=stage.bearer)
    stage.refused(403, "POST", "/2/webhooks", json={"url": "https://example.com/"})
    narrow = stage.program.token(stage.brand, "users.read")
    stage.refused(403, "GET", "/2/users/me", token=narrow)
    stage.refused(404, "GET", "/2/nowhere")
    stage.refused(405, "PUT", "/2/users/me")
    stage.refused(400, "GET", "/2/users/me?flavour=mint")
    stage.refused(400, "GET", "/2/users/me?message=mint")
