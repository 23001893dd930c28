"""Makes the people and the handles of the browser tests in a running stack.

`HANDLED_DATA_DIR=… python -m tests.browser.cast SIMULATOR_URL` prints the handles' ids on X, and a
session of each person by the first name.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import httpx
from django.test import Client

from tests.browser.inside import enter

if TYPE_CHECKING:
    from accounts.models import User

PASSWORD = "a long password of the cast"
BRANDS = ("acme", "globex")
CUSTOMERS = ("carla", "xavier", "piet", "rosa", "greta")
PEOPLE = (
    ("Ana Agent", "ana@example.com", "acme", "agent"),
    ("Ben Agent", "ben@example.com", "acme", "agent"),
    ("Sam Manager", "sam@example.com", "acme", "manager"),
    ("Ada Admin", "ada@example.com", "acme", "admin"),
    ("Lea Leaver", "lea@example.com", "acme", "agent"),
    ("Zoe Other", "zoe@example.com", "globex", "agent"),
)


def main(simulator: str) -> None:
    from accounts.models import BrandAccount, Membership, User

    ids = people_on_x(simulator)
    for handle in BRANDS:
        connect_as_if_consented(simulator, ids[handle])
    # Nobody waits for second thoughts but where a test is about them.
    BrandAccount.objects.update(public_undo_seconds=0)
    for name, email, handle, role in PEOPLE:
        user = User.objects.create_user(email=email, name=name, password=PASSWORD)
        Membership.objects.create(
            user=user, brand=BrandAccount.objects.get(handle=handle), role=role
        )
    sessions = {one.email.partition("@")[0]: session_of(one) for one in User.objects.all()}
    print(json.dumps({"ids": ids, "sessions": sessions}))


def people_on_x(simulator: str) -> dict[str, str]:
    brands = [{"username": name, "name": name.title(), "brand": True} for name in BRANDS]
    customers = [{"username": name, "name": f"{name.title()} Customer"} for name in CUSTOMERS]
    answer = post(simulator, "users", {"users": brands + customers})
    return {person["username"]: person["id"] for person in answer["users"]}


def connect_as_if_consented(simulator: str, x_user_id: str) -> None:
    from twitter_sync.actions.connecting import connect
    from twitter_sync.oauth import pair_of

    connect(pair_of(post(simulator, "tokens", {"user_id": x_user_id})), by=None, waits=True)


def session_of(user: User) -> str:
    """As if signed in a moment ago. The page for it is what some tests are about, and takes seconds
    that the others need not wait for."""
    client = Client()
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    key: str = client.session.session_key
    return key


def post(simulator: str, path: str, body: dict[str, Any]) -> Any:
    answer = httpx.post(f"{simulator}/_sim/{path}", json=body, trust_env=False, timeout=20)
    answer.raise_for_status()
    return answer.json()


if __name__ == "__main__":
    enter()
    main(sys.argv[1])
