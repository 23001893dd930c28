"""Which streams are open, and who hears what."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from x_simulator import errors
from x_simulator.faults.fates import Fate, Held
from x_simulator.faults.rules import Faults
from x_simulator.happenings import Happening
from x_simulator.store import Store
from x_simulator.streams.connections import Connections
from x_simulator.streams.past import Happened, Past
from x_simulator.streams.stream import Patience, Stream, Tell, line_of

ACTIVITY, FILTERED = "activity_stream", "filtered_stream"
MOST_OPEN = {ACTIVITY: 2, FILTERED: 1}
SLOW_READER = "SlowReader"
SHUT_DOWN = "OperationalDisconnect"
LEFT, RECOVERED = "ClientDisconnected", "RecoveryComplete"


@dataclass(frozen=True, slots=True)
class Span:
    """A time that a stream repeats before all else; one that `goes_on` has news after it."""

    since_ms: int
    until_ms: int
    goes_on: bool


class Streams:
    def __init__(self, store: Store, faults: Faults) -> None:
        self._store = store
        self._faults = faults
        self._past = Past(store)
        self._held = Held(self._tell)
        self.connections = Connections(store)
        self._open: list[Stream] = []

    @property
    def patience(self) -> Patience:
        """With streams that are opened from now on."""
        return Patience(**self._store.switch("stream_patience", default={}))

    def plan(self, patience: Patience) -> None:
        self._store.set_switch("stream_patience", asdict(patience))

    def is_full(self, endpoint: str) -> bool:
        """As many are open as X allows."""
        return len(self.now_open(endpoint)) >= MOST_OPEN[endpoint]

    def open(self, endpoint: str, address: str, tell: Tell, span: Span | None) -> Stream:
        stream = Stream(
            self.connections.begin(endpoint, address),
            tell,
            self._past.between(span.since_ms, span.until_ms) if span else [],
            self.patience,
            goes_on=span is None or span.goes_on,
        )
        self._open.append(stream)
        return stream

    def now_open(self, endpoint: str = "") -> list[Stream]:
        return [one for one in self._open if endpoint in ("", one.connection.endpoint)]

    def announce(self, happenings: Sequence[Happening], at_ms: int) -> None:
        """To every open stream, and to those that will ask what they missed."""
        happened = [Happened(event, at_ms) for event in happenings]
        self._past.record(happened)
        if self._open:
            for one in happened:
                self._dispatch(one)

    def _dispatch(self, happened: Happened) -> None:
        """Told now, or as a fault has it. What nobody would hear of counts for nothing."""
        if not self._faults.all() and not self._held.are_there:
            self._tell(happened)
            return
        if not any(stream.would_say(happened) for stream in self._open):
            return
        event = happened.event
        fate = Fate.of_delivery(self._faults, event.event_type, event.user_id, over="stream")
        for wait_s in () if fate.is_lost else fate.waits_s:
            if wait_s > 0:
                self._held.hold(happened, wait_s, fate.behind)
            else:
                self._tell(happened)
                self._held.passed()

    def _tell(self, happened: Happened) -> None:
        for stream in self.now_open():
            if not stream.hear(happened):
                self.end(stream, SLOW_READER)

    def end(self, stream: Stream, disconnect_type: str) -> None:
        """X says why, unless there is nothing to say, and hangs up."""
        said = line_of(errors.disconnection(disconnect_type)) if disconnect_type else b""
        stream.end(said, drop=disconnect_type == SLOW_READER)
        self.forget(stream, disconnect_type)

    def forget(self, stream: Stream, reason: str) -> None:
        """It counts no more, whether or not its reader knows; twice is harmless."""
        if stream in self._open:
            self._open.remove(stream)
            self.connections.end(stream.connection, reason)

    def close(self) -> None:
        """Lets every stream end, so that the program can."""
        self._held.stop()
        for stream in self.now_open():
            self.end(stream, SHUT_DOWN)
