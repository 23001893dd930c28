"""Whether a handle is set up, and the pages that say so."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import BrandAccount, User
from tests.twitter_sync.held import somebody_does
from tests.x import Simulator
from twitter_sync.actions import connecting
from twitter_sync.actions.connecting import check_again, finish
from twitter_sync.actions.setting_up import is_open, look_at_messages, set_up, watch
from twitter_sync.checklist import checklist
from twitter_sync.client import Client
from twitter_sync.health import healths
from twitter_sync.locks import Busy
from twitter_sync.models import Connection, RawEvent, Spending, Subscription, SyncCursor
from twitter_sync.models.spending import ONLY, month_of

Connected = Callable[..., BrandAccount]


@pytest.fixture
def brand(webhook_url: str, connected: Connected) -> BrandAccount:
    return connected()


def test_a_second_handle_sees_whether_the_first_takes_messages(
    simulator: Simulator, connected: Connected
) -> None:
    brand = connected(receives_your_dm=False)
    look_at_messages(brand)
    assert checklist(brand).receives_messages is None
    connected()
    look_at_messages(brand)
    assert checklist(brand).receives_messages is False
    assert checklist(brand).steps_left > 0
    simulator.person(brand.handle, id=brand.x_user_id, brand=True, receives_your_dm=True)
    look_at_messages(brand)
    assert checklist(brand).receives_messages is True


def test_a_handle_that_follows_the_asker_proves_nothing(
    simulator: Simulator, connected: Connected
) -> None:
    brand, asker = connected(receives_your_dm=False), connected()
    simulator.post(
        "relations",
        source_id=brand.x_user_id,
        target_id=asker.x_user_id,
        kind="following",
        on=True,
    )
    look_at_messages(brand)
    assert checklist(brand).receives_messages is None
    connected()
    look_at_messages(brand)
    assert checklist(brand).receives_messages is False


@pytest.mark.parametrize("answer", [{}, {"data": []}, {"data": [{"id": "1"}]}])
def test_an_answer_without_the_fact_is_unknown(answer: dict[str, object]) -> None:
    assert is_open(answer) is None


# The pages


def test_the_checklist_says_what_is_done_and_when(
    brand: BrandAccount, client, olga: User, sign_in
) -> None:
    set_up(brand)
    RawEvent.objects.create(source="webhook", fact="a", brand=brand, body=b"{}")
    page = sign_in(client, olga).get(f"/handles/@{brand.handle}/").content.decode()
    assert "6 of 6 subscriptions" in page
    assert "Allow message requests from everyone" in page
    assert "connect a second handle" in page
    assert "nothing yet" not in page


def test_at_the_months_limit_no_time_is_named_for_the_next_fetch(
    brand: BrandAccount, client, olga: User, sign_in
) -> None:
    SyncCursor.objects.create(brand=brand, feed="dms", due_at=timezone.now())
    browser, address = sign_in(client, olga), f"/handles/@{brand.handle}/"
    waits = "next: when the month’s limit is raised"
    assert waits not in browser.get(address).text
    this_month = month_of(timezone.now())
    Spending.objects.create(pk=ONLY, cap_usd=10, spent_usd=10, month=this_month)
    assert waits in browser.get(address).text


def test_check_again_shows_the_checklist_alone_until_a_worker_has_mended_it(
    brand: BrandAccount, simulator: Simulator, client, olga: User, sign_in
) -> None:
    path, before = f"/handles/@{brand.handle}/check/", len(simulator.calls())
    browser = sign_in(client, olga)
    answer = browser.post(path, headers={"HX-Request": "true"}).content.decode()
    assert answer.lstrip().startswith('<div class="stack" id="checklist" hx-get=')
    assert "Being set up" in answer
    assert len(simulator.calls()) == before
    assert finish(brand.pk)
    page = browser.get(f"/handles/@{brand.handle}/").content.decode()
    assert "6 of 6 subscriptions" in page
    assert "Being set up" not in page
    assert browser.post(path)["Location"] == f"/handles/@{brand.handle}/"


def test_checking_waits_for_nobody_who_sets_up(
    brand: BrandAccount, client, olga: User, sign_in
) -> None:
    with somebody_does("twitter_sync.set_up"), connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '300ms'")
        assert sign_in(client, olga).post(f"/handles/@{brand.handle}/check/").status_code == 302
        assert not finish(brand.pk)
        with pytest.raises(Busy):
            watch()
    assert checklist(brand).is_being_set_up
    assert not Connection.objects.due().exists(), "it is put off"
    Connection.objects.update(set_up_due_at=timezone.now())
    assert finish(brand.pk)
    assert not checklist(brand).is_being_set_up


def test_a_second_look_asked_for_meanwhile_is_not_lost(
    brand: BrandAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_again(brand)
    monkeypatch.setattr(connecting, "see_again", check_again)
    assert finish(brand.pk)
    assert Connection.objects.due().exists()


def test_another_address_is_replaced_only_when_it_was_found_in_our_way(
    brand: BrandAccount, webhook_url: str, client, olga: User, sign_in
) -> None:
    foreign = webhook_url.replace("127.0.0.1", "localhost")
    Client.for_app().register_webhook(foreign)
    check = f"/handles/@{brand.handle}/check/"
    browser = sign_in(client, olga)
    browser.post(check, {"replacing": foreign})
    assert finish(brand.pk)
    assert "Take its place" in browser.get(f"/handles/@{brand.handle}/").content.decode()
    assert [one["url"] for one in Client.for_app().webhooks()["data"]] == [foreign]
    browser.post(check, {"replacing": foreign})
    assert finish(brand.pk)
    assert [one["url"] for one in Client.for_app().webhooks()["data"]] == [webhook_url]
    assert Connection.objects.get().replacing == ""


def test_check_again_finds_a_consent_taken_back_and_a_new_name(
    brand: BrandAccount, simulator: Simulator, client, olga: User, sign_in
) -> None:
    set_up(brand)
    browser = sign_in(client, olga)
    simulator.person(f"{brand.handle}x", id=brand.x_user_id, name="Renamed", brand=True)
    browser.post(f"/handles/@{brand.handle}/check/")
    assert finish(brand.pk)
    assert "Renamed" in browser.get(f"/handles/@{brand.handle}x/").content.decode()

    simulator.post("revoke", user_id=brand.x_user_id)
    path = f"/handles/@{brand.handle}x/check/"
    browser.post(path)
    assert finish(brand.pk)
    page = browser.get(f"/handles/@{brand.handle}x/").content.decode()
    assert "X no longer accepts the sign-in" in page
    assert f"/handles/connect/?handle={brand.handle}x" in page


def test_a_reason_of_x_is_text(brand: BrandAccount, client, olga: User, sign_in) -> None:
    Subscription.objects.create(
        brand=brand, event_type="dm.received", failure="<script>alert(1)</script>"
    )
    page = sign_in(client, olga).get(f"/handles/@{brand.handle}/").content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_a_handle_is_found_in_any_case(brand: BrandAccount, client, olga: User, sign_in) -> None:
    assert sign_in(client, olga).get(f"/handles/@{brand.handle.upper()}/").status_code == 200


def test_a_handle_that_changed_hands_on_x_is_the_one_connected_last(
    connected: Connected, client, olga: User, sign_in
) -> None:
    old, new = connected(), connected()
    BrandAccount.objects.filter(pk=new.pk).update(handle=old.handle, name="The New One")
    Connection.objects.filter(brand=new).update(connected_at=timezone.now())
    assert "The New One" in sign_in(client, olga).get(f"/handles/@{old.handle}/").content.decode()


def test_the_list_shows_only_what_the_viewer_runs(
    acme: BrandAccount, globex: BrandAccount, ada: User, client, sign_in
) -> None:
    page = sign_in(client, ada).get("/handles/").content.decode()
    assert "@acme" in page
    assert "@globex" not in page
    assert [one.brand for one in healths(ada)] == [acme]


def test_the_list_costs_the_same_for_many_handles(
    connected: Connected, olga: User, client, sign_in, django_assert_num_queries
) -> None:
    browser = sign_in(client, olga)
    for _ in range(2):
        connected()
    browser.get("/handles/")
    with django_assert_num_queries(22):
        browser.get("/handles/")
    for _ in range(3):
        connected()
    with django_assert_num_queries(22):
        browser.get("/handles/")
