"""X's challenge (CRC): an address proves that it knows a secret of the app's. How it fails decides
whether it is given up at once or after a day and more."""

import secrets
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import httpx

from x_simulator import bodies
from x_simulator.outbound import Heard, Outbound
from x_simulator.signatures import Signatures

# passed; wrong: answered, and not as it should; unheard: nobody knows, X asks again later.
Verdict = Literal["passed", "wrong", "unheard"]


@dataclass(frozen=True, slots=True)
class Outcome:
    verdict: Verdict
    reason: str = ""


async def challenge(
    outbound: Outbound, url: str, signatures: Signatures, *, within_s: float
) -> Outcome:
    crc_token = secrets.token_hex(24)
    try:
        heard = await outbound.get(url, {"crc_token": crc_token}, within_s=within_s)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        verdict: Verdict = "wrong" if _is_about_tls(error) else "unheard"
        return Outcome(verdict, f"the CRC GET request failed ({type(error).__name__}).")
    if 200 <= heard.status < 300:
        return _judged(heard, crc_token, signatures)
    told = f"the CRC GET request was answered with status {heard.status}."
    return Outcome("wrong" if 300 <= heard.status < 400 else "unheard", told)


def _judged(heard: Heard, crc_token: str, signatures: Signatures) -> Outcome:
    try:
        told = bodies.parse(heard.body)["response_token"]
    except (ValueError, KeyError, TypeError):
        return Outcome("wrong", "the CRC answer has no response_token.")
    if not signatures.is_proof(crc_token, str(told)):
        return Outcome("wrong", "the response_token does not match.")
    return Outcome("passed")


def _is_about_tls(error: Exception) -> bool:
    return any(isinstance(cause, ssl.SSLError) for cause in _causes(error))


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
