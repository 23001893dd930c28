"""What X says within a success: why a stream ends, and what is wrong with one rule of several.

The document's schemas have none of it; so it is held against these rows, word for word, where
`<…>` stands for what was asked.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tests.simulator.documented import LIKE, LIVE, PROBLEMS, Json, same


@dataclass(frozen=True, slots=True)
class Saying:
    name: str
    body: Json
    source: str


def saying(body: Json, among: Iterable[Saying]) -> Saying | None:
    """The row that says exactly this."""
    return next((row for row in among if same(row.body, body)), None)


def _ending(disconnect_type: str, why: str, source: str) -> Saying:
    problem = {
        "title": "operational-disconnect",
        "disconnect_type": disconnect_type,
        "detail": f"This stream has been disconnected {why}.",
        "type": f"{PROBLEMS}operational-disconnect",
    }
    return Saying(disconnect_type, {"errors": [problem]}, source)


# X documents the names of all of them, and the words of one.
ABOUT_ENDS = "X's page on handling disconnections"
POWERTRACK = "questions and answers about X's older API (PowerTrack)"
ENDINGS = (
    _ending("UpstreamOperationalDisconnect", "upstream for operational reasons", ABOUT_ENDS),
    _ending("OperationalDisconnect", "for operational reasons", POWERTRACK),
    _ending("SlowReader", "because your client was unable to keep up with us", POWERTRACK),
    _ending("ForceDisconnect", "because <why>", LIKE),
    _ending("UpstreamUncleanDisconnect", "upstream <why>", LIKE),
    _ending("InternalError", "because <why>", LIKE),
    _ending("ClientApplicationStateDegraded", "because <why>", LIKE),
    _ending("InvalidRules", "because <why>", LIKE),
)


def _bad_rule(name: str, *details: str) -> Saying:
    problem = {"title": "UnprocessableEntity", "type": f"{PROBLEMS}invalid-rules"}
    return Saying(name, {"value": "<rule>", "details": list(details), **problem}, LIVE)


RESERVATIONS = (
    _bad_rule("bad rule", "<why>"),
    _bad_rule(
        "nothing to look for",
        "Rules must contain a non-negation term (at position <number>)",
        "Rules must contain at least one positive, non-stopword clause (at position <number>)",
    ),
    Saying(
        "rule twice",
        {
            "value": "<rule>",
            "id": "<id>",
            "title": "DuplicateRule",
            "type": f"{PROBLEMS}duplicate-rules",
        },
        LIVE,
    ),
    Saying(
        "rule not there",
        {
            "errors": [{"parameters": {}, "message": "Rule does not exist"}],
            "title": "Invalid Request",
            "detail": "One or more parameters to your request was invalid.",
            "type": f"{PROBLEMS}invalid-request",
        },
        "an error within the error is seen live; its words are not documented",
    ),
)
