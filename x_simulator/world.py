"""Everything one running simulator holds, built once and handed to every route."""

from collections.abc import Sequence
from pathlib import Path

from x_simulator import clock, ids
from x_simulator.chat.chats import Chats
from x_simulator.chatty import Chatty
from x_simulator.checking import Checks
from x_simulator.compliance_jobs import ComplianceJobs
from x_simulator.delivery import Courier
from x_simulator.faults.rules import Faults
from x_simulator.feed import Feed
from x_simulator.groups import Groups
from x_simulator.happenings import Happening
from x_simulator.ledger import Ledger
from x_simulator.media import Media
from x_simulator.messages import Messages
from x_simulator.moderation import Moderation
from x_simulator.outbound import Outbound
from x_simulator.people import People
from x_simulator.posts import Posts
from x_simulator.quotas import Quotas
from x_simulator.replay_jobs import ReplayJobs
from x_simulator.settings import Settings
from x_simulator.signatures import Signatures
from x_simulator.store import Store
from x_simulator.streams.rules import StreamRules
from x_simulator.streams.streams import Streams
from x_simulator.subscriptions import Subscriptions
from x_simulator.tokens import Tokens
from x_simulator.webhooks import Webhooks


class World:
    def __init__(self, settings: Settings, outbound: Outbound) -> None:
        self.settings = settings
        self.store = Store(settings.data_dir / "x_simulator.sqlite3")
        self.minter = ids.Minter(_last_minted(self.store))
        self.people = People(self.store, self.minter)
        self.messages = Messages(self.store)
        self.groups = Groups(self.store)
        self.chats = Chats(self.store)
        self.posts = Posts(self.store)
        self.posts.index_all()
        self.media = Media(self.store, self.minter)
        self.moderation = Moderation(self.store)
        self.tokens = Tokens(self.store, settings)
        self.quotas = Quotas(self.store)
        self.faults = Faults(self.store)
        outbound.is_dead = self.faults.webhook_is_dead
        self.subscriptions = Subscriptions(self.store)
        signatures = Signatures(self.store, settings)
        self.webhooks = Webhooks(self.store, self.minter, signatures, outbound)
        self.ledger = Ledger(self.store)
        self.streams = Streams(self.store, self.faults)
        self.rules = StreamRules(self.store)
        self.feed = Feed()
        self.courier = Courier(self)
        self.checks = Checks(self)
        self.replay_jobs = ReplayJobs(self)
        self.compliance_jobs = ComplianceJobs(self)
        self.chatty = Chatty(self)

    async def start(self) -> None:
        """Takes up what goes on by itself."""
        await self.courier.start()
        self.checks.start()
        self.replay_jobs.start()
        self.chatty.start()

    async def stop(self) -> None:
        await self.chatty.stop()
        await self.replay_jobs.stop()
        await self.checks.stop()
        await self.courier.stop()

    async def restore(self, path: Path) -> None:
        """All is as it was when this copy was made; ids go on increasing, and open streams end.
        Raises NotAStore."""
        await self.stop()
        # From here on nobody has a turn: who opened a stream meanwhile would listen for ever.
        self.streams.close()
        try:
            self.store.become(path)
            self.posts.index_all()
            self.streams = Streams(self.store, self.faults)
            self.minter.last = max(self.minter.last, _last_minted(self.store))
            self.faults.reload()
        finally:
            await self.start()
        self.feed.changed()

    def announce(self, happenings: Sequence[Happening]) -> None:
        """Whoever listens hears of it: the one way from a deed to all that X tells of it."""
        at_ms = clock.now_ms()
        self.courier.announce(happenings, at_ms)
        self.streams.announce(happenings, at_ms)


def _last_minted(store: Store) -> int:
    """Ids go on from the highest that this simulator gave out itself."""
    own = "source != 'load'"
    tables = (
        *(f"dms WHERE {own}", f"posts WHERE {own}"),
        *(
            "webhooks",
            "subscriptions",
            "media",
            "replay_jobs",
            "compliance_jobs",
            "chat_events",
            "stream_rules",
        ),
    )
    highest = [store.value(f"SELECT max(id) FROM {table}") for table in tables]  # noqa: S608 (fixed text)
    return max((value for value in highest if value), default=0)
