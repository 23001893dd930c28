"""What was set aside, who sees it and who tries it again: `twitter_sync.actions.replaying`."""

from __future__ import annotations

import pytest
from django.utils import timezone

from accounts.models import BrandAccount, User
from twitter_sync.actions.replaying import replay_dead
from twitter_sync.models import RawEvent

pytestmark = pytest.mark.django_db


def dead(brand: BrandAccount | None, fact: str, **fields: object) -> RawEvent:
    fields = {"state": "dead", "attempts": 5, "error": "KeyError at somewhere.py:1", **fields}
    return RawEvent.objects.create(source="poll", fact=fact, body=b"{}", brand=brand, **fields)


@pytest.fixture
def rows(acme, globex) -> dict[str, RawEvent]:
    """One that was set aside for each brand and for nobody; one of @acme that is applied."""
    return {
        "acme": dead(acme, "a"),
        "globex": dead(globex, "g"),
        "nobody": dead(None, "n"),
        "applied": dead(acme, "x", state="applied"),
    }


def due(rows: dict[str, RawEvent]) -> list[str]:
    pending = RawEvent.objects.filter(state="pending").values_list("pk", flat=True)
    return [name for name, row in rows.items() if row.pk in pending]


def test_an_admin_sees_their_own_and_the_owner_all(rows, ada, nia, olga):
    def seen(user: User) -> set[RawEvent]:
        return set(RawEvent.objects.dead().visible_to(user))

    assert seen(ada) == {rows["acme"]}
    assert seen(nia) == {rows["globex"]}
    assert seen(olga) == {rows["acme"], rows["globex"], rows["nobody"]}


def test_who_is_no_admin_sees_none(rows, ana, sam, zoe):
    for user in (ana, sam, zoe):
        assert not RawEvent.objects.visible_to(user).exists()


def test_everything_is_due_again_with_five_new_tries(rows):
    assert replay_dead() == 3
    assert due(rows) == ["acme", "globex", "nobody"]
    row = RawEvent.objects.get(pk=rows["acme"].pk)
    assert (row.attempts, row.error, row.due_at <= timezone.now()) == (0, "", True)


def test_one_row_or_those_of_a_brand_can_be_meant(rows, acme, ada):
    assert replay_dead(by=ada, ids=[rows["acme"].pk]) == 1
    assert replay_dead(by=ada, ids=[rows["acme"].pk]) == 0
    assert due(rows) == ["acme"]
    again = dead(acme, "b")
    assert replay_dead(by=ada, brand=acme) == 1
    again.refresh_from_db()
    assert again.state == "pending"


def test_what_is_not_theirs_stays_as_it_is(rows, globex, ada):
    assert replay_dead(by=ada, ids=[rows["globex"].pk, rows["nobody"].pk]) == 0
    assert replay_dead(by=ada, brand=globex) == 0
    assert due(rows) == []


def test_what_was_applied_is_not_applied_again(rows, olga):
    assert replay_dead(by=olga, ids=[rows["applied"].pk]) == 0
