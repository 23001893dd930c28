"""The settings of a handle: saved, bounded, recorded, and known to X where X must know."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.exceptions import PermissionDenied

from accounts.models import BrandAccount, BrandEvent, Membership
from twitter_sync.actions.adjusting import adjust
from twitter_sync.actions.setting_up import renew_subscriptions, set_up, watch
from twitter_sync.checklist import checklist
from twitter_sync.client import Client
from twitter_sync.models import Subscription

PATH = "/handles/@acme/settings/"
TYPED = {
    "greeting_name": "the Acme team",
    "time_zone": "Europe/Madrid",
    "claims_on_reply": "on",
    "joins_threads": "on",
    "join_hours": "24",
    "reopen_days": "3",
    "public_undo_seconds": "10",
    "dm_undo_seconds": "2",
    "dm_daily_cap": "5",
}


def test_everything_typed_is_kept(client, sign_in, ada, acme):
    assert sign_in(client, ada).post(PATH, TYPED)["Location"] == PATH
    acme.refresh_from_db()
    assert (acme.greeting_name, acme.time_zone) == ("the Acme team", "Europe/Madrid")
    assert (acme.join_hours, acme.reopen_days) == (24, 3)
    assert (acme.public_undo_seconds, acme.dm_undo_seconds) == (10, 2)
    assert not acme.takes_quotes
    client.post(PATH, {**TYPED, "claims_on_reply": ""})
    acme.refresh_from_db()
    assert not acme.claims_on_reply


def test_who_changed_what_from_what_is_recorded_and_shown(client, sign_in, ada, acme, caplog):
    browser = sign_in(client, ada)
    with caplog.at_level("INFO"):
        browser.post(PATH, TYPED)
    line = BrandEvent.objects.get(brand=acme)
    assert (line.kind, line.actor) == ("settings_changed", ada)
    assert line.before["join_hours"] == 72
    assert line.after["join_hours"] == 24
    assert "claims_on_reply" not in line.after
    page = browser.get(PATH).content.decode()
    assert "joins within hours 72 → 24" in page
    assert "by Ada Admin" in page
    logged = [record.msg for record in caplog.records if isinstance(record.msg, dict)]
    assert [line["event"] for line in logged] == ["handle settings changed"]


def test_saving_twice_is_no_second_change(client, sign_in, ada, acme):
    browser = sign_in(client, ada)
    browser.post(PATH, TYPED)
    assert "Nothing was changed." in browser.post(PATH, TYPED, follow=True).content.decode()
    assert BrandEvent.objects.count() == 1


@pytest.mark.parametrize(
    ("field", "typed", "bounds"),
    [
        ("join_hours", "0", "from 1 to 720 (hours)"),
        ("join_hours", "721", "from 1 to 720 (hours)"),
        ("join_hours", "soon", "from 1 to 720 (hours)"),
        ("reopen_days", "-1", "from 0 to 365 (days)"),
        ("reopen_days", "1" * 5000, "from 0 to 365 (days)"),
        ("public_undo_seconds", "61", "from 0 to 60 (seconds)"),
        ("dm_undo_seconds", "", "from 0 to 60 (seconds)"),
        ("time_zone", "Europe/Atlantis", "Select a valid choice"),
        ("greeting_name", "x" * 101, "at most 100 characters"),
    ],
)
def test_what_is_out_of_bounds_is_named_and_nothing_typed_is_lost(
    client, sign_in, ada, acme, field, typed, bounds
):
    answer = sign_in(client, ada).post(PATH, {**TYPED, "greeting_name": "Kept", field: typed})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert bounds in page
    if field != "greeting_name":
        assert 'value="Kept"' in page
    acme.refresh_from_db()
    assert acme.join_hours == 72
    assert not BrandEvent.objects.exists()


@pytest.mark.parametrize(("who", "status"), [("ana", 403), ("sam", 403), ("nia", 404)])
def test_others_are_refused(request, client, sign_in, acme, who, status):
    person = request.getfixturevalue(who)
    assert sign_in(client, person).post(PATH, TYPED).status_code == status
    with pytest.raises(PermissionDenied):
        adjust(acme, by=person, join_hours=1)
    acme.refresh_from_db()
    assert acme.join_hours == 72


class TestQuotes:
    @pytest.fixture
    def brand(self, webhook_url: str, connected: Callable[..., BrandAccount]) -> BrandAccount:
        brand = connected()
        set_up(brand)
        return brand

    def at_x(self, brand: BrandAccount) -> set[str]:
        held = Client.for_app().subscriptions()["data"]
        return {one["event_type"] for one in held if one["filter"]["user_id"] == brand.x_user_id}

    def switch(self, brand: BrandAccount, is_on: bool, **how) -> None:
        BrandAccount.objects.filter(pk=brand.pk).update(takes_quotes=is_on)
        brand.refresh_from_db()

    def test_saving_rings_for_the_worker(
        self, brand, olga, django_capture_on_commit_callbacks, monkeypatch
    ):
        from accounts import doorbell

        rung = []
        monkeypatch.setattr(doorbell, "ring_now", lambda task, **ids: rung.append((task, ids)))
        with django_capture_on_commit_callbacks(execute=True):
            adjust(brand, by=olga, takes_quotes=True)
        asked_for = {"queue": "default", "after": 0, "brand_id": brand.pk}
        assert rung == [("twitter_sync.subscribe", asked_for)]
        with django_capture_on_commit_callbacks(execute=True):
            adjust(brand, by=olga, takes_quotes=True, join_hours=5)
        assert len(rung) == 1

    def test_on_x_tells_of_them_and_off_it_stops(self, brand):
        assert "post.quote.create" not in self.at_x(brand)
        self.switch(brand, True)
        renew_subscriptions(brand.pk)
        assert "post.quote.create" in self.at_x(brand)
        assert [kind.words for kind in checklist(brand).kinds][-1] == "Quotes"
        assert checklist(brand).is_subscribed
        self.switch(brand, False)
        renew_subscriptions(brand.pk)
        assert "post.quote.create" not in self.at_x(brand)
        assert not Subscription.objects.filter(event_type="post.quote.create").exists()

    def test_a_lost_ring_is_made_good_by_the_clock(self, brand):
        self.switch(brand, True)
        watch()
        assert "post.quote.create" in self.at_x(brand)
        self.switch(brand, False)
        watch()
        assert "post.quote.create" not in self.at_x(brand)

    def test_the_checklist_says_that_it_is_missing(self, brand):
        self.switch(brand, True)
        assert not checklist(brand).is_subscribed


def test_the_invited_begin_with_the_clock_of_the_handle(client, sign_in, ada, acme):
    sign_in(client, ada).post(PATH, TYPED)
    invited = {"email": "kim@example.com", "name": "Kim", "role": "agent"}
    client.post("/handles/@acme/invitations/", invited)
    assert Membership.objects.get(user__email="kim@example.com").user.time_zone == "Europe/Madrid"
