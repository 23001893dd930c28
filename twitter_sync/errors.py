"""What can go wrong when we speak to X, named by what we then know.

The question that a sender must be able to answer is "may the call have taken effect?". Only
`Unconfirmed` may have; everything else is definite. `reason` is worded by X, for people; `str()`
holds neither X's words nor a customer's, so it may be logged (reference: trust R6, R16).
"""

from __future__ import annotations

from datetime import datetime


class XError(Exception):
    """`status` is None when no answer came. `problem` names it for logs: the last part of X's
    problem type, or what happened to the connection."""

    may_have_taken_effect = False
    default_reason = "X did not do this."

    def __init__(
        self, reason: str = "", *, endpoint: str = "", status: int | None = None, problem: str = ""
    ) -> None:
        self.reason = reason or self.default_reason
        self.endpoint = endpoint
        self.status = status
        self.problem = problem
        super().__init__(" ".join(str(part) for part in (endpoint, status, problem) if part))

    def __str__(self) -> str:
        return f"{type(self).__name__} {super().__str__()}".rstrip()


class NotSent(XError):
    """No connection came about: not a byte of the call left this machine."""

    default_reason = "X could not be reached. Nothing was sent."


class NotConnected(NotSent):
    """The handle has no working credentials: an admin has to connect it (again)."""

    default_reason = "This handle is not connected to X. An admin has to reconnect it."


class CapReached(NotSent):
    """The owner's cap on what X may cost keeps what can wait from being asked: no call was made."""

    default_reason = (
        "What X may cost this month is nearly used up or spent, so this waits. The owner can raise "
        "the limit on the page Costs."
    )


class Unconfirmed(XError):
    """Bytes left and no clear answer came: a timeout, a reset, a 5xx, an unreadable success."""

    may_have_taken_effect = True
    default_reason = "X did not confirm this. It may have been done or not."


class TooLarge(XError):
    """A file is larger than we take of X, or than X takes of us. Nothing came of it."""

    default_reason = "The file is too large."


class Refused(XError):
    """X said no (4xx). It did not happen and the same call again will not help by itself."""

    default_reason = "X refused this without a reason."


class TokenRejected(Refused):
    """401: the token is not, or no longer, good."""

    default_reason = "X no longer accepts the sign-in of this handle. An admin has to reconnect it."


class OutOfCredits(Refused):
    """402: the developer account's credits are used up. Every call of the app will fail."""

    default_reason = "The X developer account has no credits left."


class Forbidden(Refused):
    """403."""


class NotFound(Refused):
    """404."""

    default_reason = "X says that this does not exist."


class RateLimited(Refused):
    """429: not before `resets_at`."""

    default_reason = "X's limit is used up for now."

    def __init__(
        self,
        reason: str = "",
        *,
        resets_at: datetime,
        endpoint: str = "",
        status: int | None = None,
        problem: str = "",
    ) -> None:
        super().__init__(reason, endpoint=endpoint, status=status, problem=problem)
        self.resets_at = resets_at


class OutOfBudget(RateLimited):
    """Our own count says that X would refuse, or that the rest is kept for agents: no call made."""


class TooManyConnections(RateLimited):
    """As many streams are open as X allows; one that broke may still count for a while."""

    default_reason = "X has as many streams of this app open as it allows."


class StreamEnded(XError):
    """An open stream broke off or was closed. Open it again: `backoff.before_stream` says when."""

    default_reason = "X's stream broke off."


class Stalled(StreamEnded):
    """Not even a sign of life for as long as X promises one."""

    default_reason = "X's stream fell silent."


class Disconnected(StreamEnded):
    """X said in the stream that it ends it, and why: its `disconnect_type` is the `problem`."""

    default_reason = "X ended the stream."


# No answer to the question that was asked: what we knew before is as true as it was.
UNHEARD = (NotSent, Unconfirmed, OutOfCredits, RateLimited)
