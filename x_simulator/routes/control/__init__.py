"""The control calls under `/_sim/`: JSON, no sign-in, and for this machine alone."""

from x_simulator.routes.control import (
    chat,
    delivering,
    faults,
    groups,
    ledger,
    people,
    snapshots,
    streams,
    switches,
    webhooks,
    writing,
)

ROUTES = (
    *people.ROUTES,
    *writing.ROUTES,
    *groups.ROUTES,
    *chat.ROUTES,
    *delivering.ROUTES,
    *switches.ROUTES,
    *webhooks.ROUTES,
    *faults.ROUTES,
    *streams.ROUTES,
    *ledger.ROUTES,
    *snapshots.ROUTES,
)
