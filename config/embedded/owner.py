"""The first person who may sign in: the demo's cast, or an owner of the user's own naming."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from accounts.sign_ins import SIGN_INS


@dataclass(frozen=True)
class Owner:
    email: str
    password: str
    was_asked: bool = False

    @property
    def environment(self) -> dict[str, str]:
        return {"HANDLED_OWNER_EMAIL": self.email, "HANDLED_OWNER_PASSWORD": self.password}

    @property
    def sign_ins(self) -> list[dict[str, str]]:
        """For the ready file: not a password that somebody has just typed unseen."""
        if self.was_asked:
            return []
        return [{"role": "owner", "email": self.email, "password": self.password}]


def wanted(environment: Mapping[str, str]) -> Owner | None:
    """Who shall own a new installation; None when nobody can say it (then a link is printed)."""
    email = environment.get("HANDLED_OWNER_EMAIL")
    password = environment.get("HANDLED_OWNER_PASSWORD")
    if email and password:
        return Owner(email, password)
    return ask() if sys.stdin.isatty() and sys.stdout.isatty() else None


def ask() -> Owner:
    print("Who owns this installation? The owner invites everyone else.")
    email = ""
    while "@" not in email:
        email = input("  E-mail: ").strip()
    while True:
        password = getpass.getpass("  Password (10 characters or more): ")
        if len(password) < 10:
            print("  Too short.")
        elif password == getpass.getpass("  The same again: "):
            return Owner(email, password, was_asked=True)
        else:
            print("  The two differ.")


def demo_sign_ins() -> list[dict[str, str]]:
    return [
        {"role": who["role"], "email": who["email"], "password": who["password"]}
        for who in SIGN_INS
    ]
