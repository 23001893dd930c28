"""What is not well with a handle, in words for people: the worst first, each with what to do.

Signs in, words out; `health` gathers the signs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum

from markupsafe import Markup

from accounts.models import BrandAccount
from config.wording import clock, count_of, duration, relative, when
from twitter_sync.checklist import Checklist
from twitter_sync.models import QuietSpell, RateBudget, Spending, SyncCursor
from twitter_sync.quotas import WORDS
from twitter_sync.vitals import Backlog

Status = BrandAccount.Status
Pace = Spending.Pace

# Where pushes are sure and money is short a feed is fetched every twenty-five minutes.
STANDS_STILL = timedelta(minutes=30)
LATE, VERY_LATE = timedelta(minutes=2), timedelta(minutes=10)
# The clock renews a token ten minutes before: half of that was in vain by now.
UNRENEWED = timedelta(minutes=5)
MANY_MISSED = 5
# Sends that wait for X to allow more.
ANSWERS = {"dm_send": "private replies", "post_create": "public replies"}


class Level(IntEnum):
    NOTE = 1
    WARNING = 2
    DANGER = 3


@dataclass(frozen=True, slots=True)
class Trouble:
    """`remedy` names the page or the part of it where something can be done, "" where nothing is
    to be done. What `is_shared` is the installation's: every handle has it or none."""

    level: Level
    title: str
    text: str
    remedy: str = ""
    is_shared: bool = False

    @property
    def tone(self) -> str:
        return self.level.name.lower()


@dataclass(frozen=True, slots=True)
class Signs:
    """Everything that tells how a handle is, as of `now`. `backlog` and `pace` are of all handles
    together; counts are of rows and replies."""

    checklist: Checklist
    now: datetime
    backlog: Backlog
    pace: Pace
    opens_tokens: bool
    is_out_of_credits: bool
    set_aside: int
    uncertain: int
    overdue: int
    used_up: list[RateBudget]
    quiet: QuietSpell | None = None

    @property
    def brand(self) -> BrandAccount:
        return self.checklist.brand


def troubles_of(signs: Signs) -> list[Trouble]:
    """The worst first. While nobody may call X for the handle, what follows from that is not said
    as well."""
    tellers = ALWAYS if signs.brand.status not in BrandAccount.LISTENING else ALWAYS + LISTENING
    found = [trouble for tell in tellers for trouble in tell(signs)]
    return sorted(found, key=lambda trouble: -trouble.level)


def of_status(signs: Signs) -> Iterator[Trouble]:
    match signs.brand.status:
        case Status.NEEDS_RECONNECT:
            yield Trouble(
                Level.DANGER,
                "Must be reconnected",
                "X no longer accepts the sign-in: nothing comes in, and replies wait.",
                "reconnect",
            )
        case Status.DISCONNECTED:
            yield Trouble(
                Level.NOTE,
                "Disconnected",
                "Nothing is fetched or sent. Its conversations can be read.",
                "reconnect",
            )
        case Status.PAUSED:
            yield Trouble(
                Level.NOTE,
                "Paused",
                "Messages come in; replies wait until somebody resumes.",
                "running",
            )


def of_sign_in(signs: Signs) -> Iterator[Trouble]:
    connection = signs.checklist.connection
    if connection is None:
        return
    if not signs.opens_tokens:
        yield Trouble(
            Level.DANGER,
            "The stored sign-in can’t be opened",
            "Its key is missing from HANDLED_TOKEN_KEYS. Put it back, or reconnect.",
            "reconnect",
        )
    elif connection.expires_at <= signs.now + UNRENEWED:
        is_over = connection.expires_at <= signs.now
        yield Trouble(
            Level.DANGER if is_over else Level.WARNING,
            "The sign-in was not renewed",
            Markup("It {} {}. Handled tries again every minute.").format(
                "ran out" if is_over else "runs out", when(connection.expires_at)
            ),
        )


def of_credits(signs: Signs) -> Iterator[Trouble]:
    if signs.is_out_of_credits:
        yield Trouble(
            Level.DANGER,
            "No credits left at X",
            "X refuses every call until somebody buys credits in its developer console.",
            is_shared=True,
        )


def of_spending(signs: Signs) -> Iterator[Trouble]:
    if signs.pace == Pace.STOPPED:
        yield Trouble(
            Level.WARNING,
            "Nothing is fetched: the month’s limit is reached",
            "What X pushes still comes in, and replies go out.",
            "costs",
            is_shared=True,
        )
    elif signs.pace == Pace.SLOW:
        yield Trouble(
            Level.NOTE,
            "Fetched less often: the month’s limit is near",
            "What X pushes still comes in, and replies go out.",
            "costs",
            is_shared=True,
        )


def of_feeds(signs: Signs) -> Iterator[Trouble]:
    """Not while the owner's limit is why."""
    if signs.pace == Pace.STOPPED:
        return
    for cursor in signs.checklist.cursors:
        if is_standing_still(cursor, signs):
            since = relative(cursor.polled_at) if cursor.polled_at else "never"
            yield Trouble(
                Level.DANGER,
                f"{cursor.get_feed_display()} stand still",
                Markup("Last fetched: {}. {}").format(since, cursor.failure),
                "news",
            )
        elif cursor.failure:
            yield Trouble(
                Level.WARNING,
                f"{cursor.get_feed_display()} could not be fetched",
                f"{cursor.failure} It is tried again by itself.",
                "news",
            )


def is_standing_still(cursor: SyncCursor, signs: Signs) -> bool:
    """Though X's quota would let it."""
    began = cursor.polled_at or connected_at(signs)
    return not cursor.is_limited and began < signs.now - STANDS_STILL


def connected_at(signs: Signs) -> datetime:
    connection = signs.checklist.connection
    return connection.connected_at if connection else signs.now


def of_pushes(signs: Signs) -> Iterator[Trouble]:
    checklist = signs.checklist
    if checklist.is_being_set_up:
        return
    webhook = checklist.webhook
    if not checklist.has_webhook:
        instead = "comes by X’s stream" if checklist.is_streamed else "is fetched every few minutes"
        yield Trouble(
            Level.NOTE if checklist.is_streamed else Level.WARNING,
            "X doesn’t push",
            f"{checklist.webhook_trouble} News {instead} instead.".strip(),
            "checklist",
        )
    elif not checklist.is_subscribed:
        missing = len(checklist.kinds) - checklist.active
        yield Trouble(
            Level.WARNING,
            f"{count_of(missing, 'kind')} of news not pushed",
            "They are fetched every few minutes instead.",
            "checklist",
        )
    elif webhook and webhook.answer_failure and webhook.answered_in_seconds is not None:
        yield Trouble(
            Level.WARNING, "Our address answers X wrongly", webhook.answer_failure, "pushes"
        )


def of_missed(signs: Signs) -> Iterator[Trouble]:
    missed = signs.checklist.completeness.missed
    if missed:
        yield Trouble(
            Level.WARNING if missed.count >= MANY_MISSED else Level.NOTE,
            f"{count_of(missed.count, 'message')} missed by push",
            Markup("In the last 24 hours. Fetching found them, the last at {}.").format(
                clock(missed.last_at)
            ),
            "pushes",
        )


def of_gaps(signs: Signs) -> Iterator[Trouble]:
    gaps = signs.checklist.completeness.gaps
    if lost := [gap for gap in gaps if gap.is_given_up]:
        yield Trouble(
            Level.WARNING,
            "Something may be missing for good",
            f"{count_of(len(lost), 'span')} of time that X shows no more.",
            "news",
        )
    if open_ones := [gap for gap in gaps if not gap.is_given_up]:
        yield Trouble(
            Level.NOTE,
            "Catching up",
            f"{count_of(len(open_ones), 'part')} of its news still being fetched.",
            "news",
        )


def of_backlog(signs: Signs) -> Iterator[Trouble]:
    age = signs.backlog.age_at(signs.now)
    if age >= LATE:
        yield Trouble(
            Level.DANGER if age >= VERY_LATE else Level.WARNING,
            "News is late",
            f"What X told waits to be sorted, the oldest for {duration(age)}. It is of all handles "
            "together.",
            "waiting",
            is_shared=True,
        )


def of_set_aside(signs: Signs) -> Iterator[Trouble]:
    if signs.set_aside:
        yield Trouble(
            Level.WARNING,
            f"{count_of(signs.set_aside, 'event')} set aside",
            "What X told could not be understood. Nothing of it is lost.",
            "set-aside",
        )


def of_sends(signs: Signs) -> Iterator[Trouble]:
    if signs.uncertain:
        replies = count_of(signs.uncertain, "reply", "replies")
        yield Trouble(
            Level.WARNING,
            f"{replies} not confirmed",
            "X didn’t say whether it has them. In their conversations somebody has to decide.",
            "uncertain",
        )
    if signs.overdue and signs.brand.status == Status.CONNECTED:
        replies = count_of(signs.overdue, "reply", "replies")
        yield Trouble(
            Level.DANGER, f"{replies} not going out", "They have waited for over five minutes."
        )


def of_quiet(signs: Signs) -> Iterator[Trouble]:
    if signs.quiet is None:
        return
    since = when(signs.quiet.since)
    if signs.quiet.is_confirmed:
        yield Trouble(
            Level.NOTE,
            "Unusually quiet",
            Markup("Nobody has written since {}. Fetching confirms it: nothing is missing.").format(
                since
            ),
        )
    else:
        yield Trouble(
            Level.WARNING,
            "Suspiciously quiet",
            Markup(
                "Nobody has written since {}, at hours when somebody always does, and fetching "
                "could not confirm it."
            ).format(since),
            "news",
        )


def of_quotas(signs: Signs) -> Iterator[Trouble]:
    for row in signs.used_up:
        sends = ANSWERS.get(row.endpoint)
        yield Trouble(
            Level.WARNING if sends else Level.NOTE,
            f"X takes no more {sends} for now" if sends else f"{WORDS[row.endpoint]}: used up",
            Markup("X’s quota is renewed at {}; what waits goes on then.").format(
                clock(row.resets_at)
            ),
            "quotas",
        )


Teller = Callable[[Signs], Iterator[Trouble]]
ALWAYS: list[Teller] = [of_status, of_set_aside, of_sends]
LISTENING: list[Teller] = [
    of_sign_in,
    of_credits,
    of_spending,
    of_feeds,
    of_pushes,
    of_missed,
    of_gaps,
    of_backlog,
    of_quiet,
    of_quotas,
]
