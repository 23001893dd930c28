"""How moments, amounts and names are worded on pages. Pure functions; registered as filters.

Every moment is a <time> with the exact instant in `datetime` and the reader's own clock in `title`;
the relative-time controller keeps the short wording fresh.
"""

from __future__ import annotations

import unicodedata
from datetime import datetime, timedelta
from decimal import Decimal
from zlib import crc32

from django.utils import timezone
from markupsafe import Markup

from accounts.clock import now as present

AVATAR_COLOURS = 8
MINUTE, HOUR, DAY = 60, 3600, 86400


def exact(moment: datetime) -> str:
    """Sun 22 Nov 2026, 10:09, on the reader's clock."""
    return timezone.localtime(moment).strftime("%a %-d %b %Y, %H:%M")


def age(moment: datetime, now: datetime | None = None) -> str:
    """How long ago, as short as a list allows: now, 5m, 3h, 2d, then the date."""
    now = now or present()
    seconds = max(0, int((now - moment).total_seconds()))
    if seconds < MINUTE:
        return "now"
    if seconds < HOUR:
        return f"{seconds // MINUTE}m"
    if seconds < DAY:
        return f"{seconds // HOUR}h"
    if seconds < 7 * DAY:
        return f"{seconds // DAY}d"
    local = timezone.localtime(moment)
    return local.strftime("%-d %b" if local.year == now.year else "%-d %b %Y")


def relative(moment: datetime) -> Markup:
    """A <time> worded by `age` that the browser keeps fresh."""
    return _time(moment, age(moment), ' data-controller="relative-time"')


def ago(moment: datetime) -> Markup:
    """just now, 5 minutes ago, 3 hours ago, 2 days ago: in a sentence."""
    seconds = max(0, int((present() - moment).total_seconds()))
    for length, unit in ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute")):
        if seconds >= length:
            return _time(moment, f"{count_of(seconds // length, unit)} ago")
    return _time(moment, "just now")


def clock(moment: datetime) -> Markup:
    return _time(moment, timezone.localtime(moment).strftime("%H:%M"))


def to_the_second(moment: datetime) -> Markup:
    """14:02:10; with the day when that is another one."""
    local, today = timezone.localtime(moment), timezone.localtime(present())
    form = "%H:%M:%S" if local.date() == today.date() else "%a %-d %b, %H:%M:%S"
    return _time(moment, local.strftime(form))


def day(moment: datetime) -> str:
    """Today, Yesterday, Monday 16 November; with the year when it is another one."""
    local, today = timezone.localtime(moment), timezone.localtime(present())
    behind = (today.date() - local.date()).days
    if behind in (0, 1):
        return ("Today", "Yesterday")[behind]
    return local.strftime("%A %-d %B" if local.year == today.year else "%A %-d %B %Y")


def when(moment: datetime) -> Markup:
    """A moment to come or long gone, in full: today 14:30, tomorrow 09:00, Mon 23 Nov 09:00."""
    local, today = timezone.localtime(moment), timezone.localtime(present())
    ahead = (local.date() - today.date()).days
    named = {-1: "yesterday", 0: "today", 1: "tomorrow"}.get(ahead, local.strftime("%a %-d %b"))
    return _time(moment, f"{named} {local:%H:%M}")


def short(moment: datetime) -> str:
    """The time for today, else the date: for option lists, which hold no markup."""
    local, today = timezone.localtime(moment), timezone.localtime(present())
    return local.strftime("%H:%M" if local.date() == today.date() else "%-d %b %H:%M")


def month(moment: datetime) -> str:
    return timezone.localtime(moment).strftime("%B %Y")


def day_key(moment: datetime) -> str:
    return timezone.localtime(moment).strftime("%Y-%m-%d")


def duration(length: timedelta | float) -> str:
    """45 s, 12 min, 3 h 5 min, 2 d 4 h."""
    seconds = int(length.total_seconds() if isinstance(length, timedelta) else length)
    if seconds < MINUTE:
        return f"{seconds} s"
    if seconds < HOUR:
        return f"{seconds // MINUTE} min"
    if seconds < DAY:
        hours, minutes = seconds // HOUR, seconds % HOUR // MINUTE
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = seconds // DAY, seconds % DAY // HOUR
    return f"{days} d {hours} h" if hours else f"{days} d"


def number(amount: int) -> str:
    return f"{amount:,}"


def ordinal(place: int) -> str:
    """1st, 2nd, 3rd, 4th, 11th, 22nd."""
    ending = (
        "th" if place % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(place % 10, "th")
    )
    return f"{number(place)}{ending}"


def dollars(amount: Decimal) -> str:
    """$1,204.50; what is less than a cent and not nothing says so."""
    return "< $0.01" if 0 < amount < Decimal("0.01") else f"${amount:,.2f}"


def price(amount: Decimal) -> str:
    """$0.005, $0.20: of one thing, with the places that it needs."""
    places = -int(amount.normalize().as_tuple().exponent)
    return f"${amount:.{max(2, places)}f}"


def capped(amount: int, cap: int = 999) -> str:
    return f"{cap:,}+" if amount > cap else number(amount)


def count_of(amount: int, one: str, many: str = "") -> str:
    """1 conversation, 3 conversations."""
    return f"{number(amount)} {one if amount == 1 else many or one + 's'}"


def sentence(words: str) -> str:
    """With a capital letter to begin it and a full stop where nothing ends it."""
    words = words.strip()
    ending = "" if words.endswith((".", "!", "?", "…")) else "."
    return f"{words[:1].upper()}{words[1:]}{ending}"


def initials(name: str) -> str:
    """One or two letters for a face without a picture; a dot when the name has none."""
    words = ["".join(c for c in word if c.isalnum()) for word in name.split()]
    words = [word for word in words if word]
    letters = words[0][:1] + (words[-1][:1] if len(words) > 1 else "") if words else ""
    return unicodedata.normalize("NFC", letters).upper() or "·"


def colour(text: str) -> int:
    """A number that is always the same for one person, so that a face keeps its colour."""
    return crc32(text.encode()) % AVATAR_COLOURS


def _time(moment: datetime, words: str, extra: str = "") -> Markup:
    """Numbers and names of months alone: nothing in it needs escaping, and a list has fifty."""
    return Markup(  # noqa: S704
        f'<time datetime="{moment.isoformat()}" title="{exact(moment)}"{extra}>{words}</time>'
    )


FILTERS = {
    "relative": relative,
    "clock": clock,
    "to_the_second": to_the_second,
    "day": day,
    "when": when,
    "short": short,
    "month": month,
    "day_key": day_key,
    "moment": datetime.fromisoformat,
    "exact": exact,
    "age": age,
    "ago": ago,
    "duration": duration,
    "number": number,
    "ordinal": ordinal,
    "dollars": dollars,
    "price": price,
    "capped": capped,
    "count_of": count_of,
    "sentence": sentence,
    "initials": initials,
    "colour": colour,
}
