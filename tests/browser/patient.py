"""Connects a handle whose replies wait ten minutes for second thoughts, with Ada as its manager.

`HANDLED_DATA_DIR=… python -m tests.browser.patient SIMULATOR_URL X_ID`, the handle's id on X.
"""

from __future__ import annotations

import sys

from tests.browser.cast import connect_as_if_consented
from tests.browser.inside import enter


def main(simulator: str, x_id: str) -> None:
    from accounts.models import BrandAccount, Membership, User

    connect_as_if_consented(simulator, x_id)
    handle = BrandAccount.objects.filter(x_user_id=x_id)
    handle.update(public_undo_seconds=600, dm_undo_seconds=600)
    ada = User.objects.get(email="ada@example.com")
    Membership.objects.create(user=ada, brand=handle.get(), role="manager")


if __name__ == "__main__":
    enter()
    main(*sys.argv[1:])
