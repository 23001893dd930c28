"""How often one may call: per person and per app, in 15 minutes and in 24 hours.

Windows begin with their first call. Every call that was let in counts, whatever it was answered.
"""

from dataclasses import dataclass

from x_simulator import clock
from x_simulator.store import Store
from x_simulator.tokens import Caller

QUARTER_MS = 15 * clock.MINUTE_MS
UNTOLD = ""  # X has no header for it


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one endpoint, or of several that share a bucket. None: X documents no such limit.

    `app` is for calls with the app's own bearer, `together` for those of all people.
    """

    user: int | None = None
    app: int | None = None
    together: int | None = None
    user_day: int | None = None
    app_day: int | None = None


@dataclass(frozen=True, slots=True)
class Window:
    name: str  # the header's prefix
    holder: str
    span_ms: int
    limit: int


@dataclass(frozen=True, slots=True)
class Taken:
    allowed: bool
    headers: dict[str, str]


class Quotas:
    def __init__(self, store: Store) -> None:
        self._store = store

    @property
    def lifted(self) -> bool:
        return bool(self._store.switch("quotas_lifted", default=False))

    def lift(self, lifted: bool) -> None:
        self._store.set_switch("quotas_lifted", lifted)

    @property
    def speaks_older(self) -> bool:
        """Refuses in the form of X's older API."""
        return bool(self._store.switch("quotas_speak_older", default=False))

    def speak(self, *, older: bool) -> None:
        self._store.set_switch("quotas_speak_older", older)

    def renew(self) -> None:
        """Every window begins anew with its next call."""
        self._store.write("DELETE FROM quota_windows")

    def take(self, bucket: str, limits: Limits, caller: Caller) -> Taken:
        """Counts one call unless a window is full; the headers tell how each window stands."""
        windows = _windows(limits, caller)
        if self.lifted:
            until = clock.now_ms() + QUARTER_MS
            return Taken(True, _headers([(window, 0, until) for window in windows]))
        with self._store.transaction():
            used = [(window, *self._used(bucket, window)) for window in windows]
            allowed = all(count < window.limit for window, count, _ in used)
            if allowed:
                used = [(window, count + 1, until) for window, count, until in used]
                for window, count, until in used:
                    self._write(bucket, window, until - window.span_ms, count)
        return Taken(allowed, _headers(used))

    def _used(self, bucket: str, window: Window) -> tuple[int, int]:
        """How many were taken, and when the window ends."""
        now = clock.now_ms()
        row = self._store.row(
            "SELECT started_ms, used FROM quota_windows"
            " WHERE bucket = ? AND holder = ? AND span_ms = ?",
            (bucket, window.holder, window.span_ms),
        )
        if row is None or row["started_ms"] + window.span_ms <= now:
            return 0, now + window.span_ms
        return row["used"], row["started_ms"] + window.span_ms

    def _write(self, bucket: str, window: Window, started_ms: int, used: int) -> None:
        self._store.write(
            "INSERT INTO quota_windows (bucket, holder, span_ms, started_ms, used)"
            " VALUES (?, ?, ?, ?, ?) ON CONFLICT (bucket, holder, span_ms)"
            " DO UPDATE SET started_ms = excluded.started_ms, used = excluded.used",
            (bucket, window.holder, window.span_ms, started_ms, used),
        )


def _windows(limits: Limits, caller: Caller) -> list[Window]:
    """A person's calls count against the person, and against the app where X says so."""
    person = f"user:{caller.user_id}"
    if caller.kind == "app":
        asked = [("x-rate-limit", "app", QUARTER_MS, limits.app)]
    else:
        asked = [
            ("x-rate-limit", person, QUARTER_MS, limits.user),
            ("x-user-limit-24hour", person, clock.DAY_MS, limits.user_day),
            ("x-app-limit-24hour", "app", clock.DAY_MS, limits.app_day),
            (UNTOLD, "app", QUARTER_MS, limits.together),
        ]
    return [
        Window(name, holder, span, limit)
        for name, holder, span, limit in asked
        if limit is not None
    ]


def _headers(used: list[tuple[Window, int, int]]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for window, count, until in used:
        if window.name == UNTOLD:
            continue
        headers[f"{window.name}-limit"] = str(window.limit)
        headers[f"{window.name}-remaining"] = str(window.limit - count)
        headers[f"{window.name}-reset"] = str(-(-until // 1000))
    return headers
