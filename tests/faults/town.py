"""Makes the brands and agents of the trials in a running stack.

`HANDLED_DATA_DIR=… python -m tests.faults.town BRANDS AGENTS` prints the ids and addresses of all.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass

from tests.browser.inside import enter

PASSWORD = "a long password of the cast"


@dataclass(frozen=True)
class Town:
    """`brands` are ids on X by handle, `agents` addresses to sign in with."""

    brands: dict[str, str]
    agents: list[str]


def main(brands: int, agents: int) -> None:
    from accounts.models import BrandAccount, Role, User
    from twitter_sync.actions.connecting_simulated import connect_simulated, give_role

    people = [
        User.objects.create_user(f"agent{n}@example.com", f"Agent {n}", PASSWORD)
        for n in range(agents)
    ]

    def then(brand: BrandAccount) -> None:
        BrandAccount.objects.filter(pk=brand.pk).update(public_undo_seconds=0)
        for person in people:
            give_role(brand, person, Role.AGENT)

    names = [f"brand_{n:02}" for n in range(brands)]
    connect_simulated([{"username": name, "name": name.title()} for name in names], then=then)
    ids = dict(BrandAccount.objects.values_list("handle", "x_user_id"))
    print(json.dumps({"brands": ids, "agents": [person.email for person in people]}))


def read(told: str) -> Town:
    [line] = [line for line in told.splitlines() if line.startswith("{")]
    return Town(**json.loads(line))


if __name__ == "__main__":
    enter()
    main(int(sys.argv[1]), int(sys.argv[2]))
