"""What befalls one call of the API: instead of an answer, or upon it."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from x_simulator import clock, deeds, errors
from x_simulator.faults.answers import Cut, Dripping, Late, Silence
from x_simulator.faults.rules import Faults, Strike
from x_simulator.quotas import Limits
from x_simulator.tokens import Caller

if TYPE_CHECKING:
    from x_simulator.world import World


class Trouble:
    """Mostly none."""

    @classmethod
    def of_call(cls, faults: Faults, endpoint: str, caller: Caller | None) -> "Trouble":
        user_id = None if caller is None else caller.user_id
        known = caller is not None
        return cls(faults.strikes("call", endpoint, user_id, known=known), faults.released)

    def __init__(self, strikes: Sequence[Strike], released: asyncio.Event) -> None:
        self._released = released
        self._struck = {strike.name: strike for strike in reversed(strikes)}
        self.names = ",".join(strike.name for strike in strikes)
        lag, skew = self._struck.get("lookup_lag"), self._struck.get("clock_skew")
        # Nothing younger than this is found yet.
        self.lag_ms = 0 if lag is None else round(lag.within("seconds") * clock.SECOND_MS)
        self.skew_s = 0 if skew is None else round(skew.within("seconds"))

    async def instead(
        self, world: "World", request: Request, caller: Caller | None, limits: Limits
    ) -> Response | None:
        """What comes where the call is not even looked at. Raises errors.Refused."""
        if not self._struck:
            return None
        await request.body()  # all was heard, whatever comes of it
        if strike := self._struck.get("server_error"):
            raise errors.server_error(strike.said("status"))
        if strike := self._struck.get("too_many_requests"):
            raise errors.too_many_requests(
                _spent(strike, limits, caller), older=world.quotas.speaks_older
            )
        if "credits_depleted" in self._struck:
            raise errors.credits_depleted()
        if strike := self._struck.get("token_revoked"):
            _revoke(world, caller, told=strike.said("told"))
            raise errors.unauthorized()
        if strike := self._struck.get("never_answers"):
            return Silence(strike.within("seconds"), self._released)
        if (strike := self._struck.get("cut")) and strike.said("when") == "before":
            return Cut(strike.said("how"))
        return None

    def upon(self, response: Response) -> Response:
        """What the caller gets of an answer."""
        if self.skew_s:
            self._skew(response)
        if strike := self._struck.get("slow"):
            response = Dripping(response, strike.within("bytes_per_second"), self._released)
        if strike := self._struck.get("late"):
            response = Late(response, strike.within("seconds"), self._released)
        if strike := self._struck.get("accept_then_drop"):
            return Silence(strike.within("seconds"), self._released, response.status_code)
        if (strike := self._struck.get("cut")) and strike.said("when") != "before":
            return Cut(strike.said("how"), response if strike.said("when") == "midway" else None)
        return response

    def _skew(self, response: Response) -> None:
        now_ms = clock.now_ms() + self.skew_s * clock.SECOND_MS
        response.headers["date"] = clock.http_date(now_ms)
        for name, value in response.headers.items():
            if name.startswith("x-") and name.endswith("-reset"):
                response.headers[name] = str(int(value) + self.skew_s)


def _spent(strike: Strike, limits: Limits, caller: Caller | None) -> dict[str, str]:
    reset = strike.said("reset")
    if reset == "missing":
        return {}
    is_app = caller is not None and caller.kind == "app"
    limit = (limits.app if is_app else limits.user) or 0
    seconds = strike.within("seconds") * (1 if reset == "ahead" else -1)
    return {
        "x-rate-limit-limit": str(limit),
        "x-rate-limit-remaining": "0",
        "x-rate-limit-reset": str(round(clock.now_ms() / clock.SECOND_MS + seconds)),
    }


def _revoke(world: "World", caller: Caller | None, *, told: bool) -> None:
    """Of the app's bearer there is nothing to take back: it is refused this once."""
    if caller is None or caller.user_id is None:
        return
    if told:
        deeds.revoke_app(world, caller.user_id)
    else:
        world.tokens.revoke_person(caller.user_id)
