"""The page of costs, and what the owner says on it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from config.wording import dollars, price
from tests.factories import make_brand
from twitter_sync import metering
from twitter_sync.billing import Kind
from twitter_sync.budgets import user_scope
from twitter_sync.costs import prices
from twitter_sync.models import Price, Spending, SyncCursor, Usage
from twitter_sync.models.spending import month_of

COSTS, PRICES = "/handles/costs/", "/handles/prices/"
pytestmark = pytest.mark.django_db


def use(scope: str, kind: Kind, amount: int, **fields: object) -> None:
    Usage.objects.create(
        scope=scope, kind=kind, amount=amount, **{"day": metering.day_of_x(), **fields}
    )


def typed(**changed: str) -> dict[str, str]:
    """The form as it stands, with some of it changed."""
    return {kind.value: str(tag.usd) for kind, tag in prices().items()} | {"cap_usd": ""} | changed


def test_an_admin_sees_what_their_handles_cost_and_nobody_elses(client, sign_in, ada, acme, globex):
    use(user_scope(acme.x_user_id), Kind.POST_WITH_LINK, 3)
    use(user_scope(acme.x_user_id), Kind.DM_READ, 200, day=month_of(timezone.now()))
    use(user_scope(globex.x_user_id), Kind.DM_SENT, 9_999)
    use("app", Kind.POST_READ, 8_888)
    page = sign_in(client, ada).get(COSTS).text
    assert "@acme" in page
    assert "Public replies and posts with a link" in page
    assert "globex" not in page
    assert "9,999" not in page
    assert "8,888" not in page
    assert "Prices, in dollars" not in page


def test_the_owner_sees_all_and_what_is_shared(client, sign_in, olga, acme, globex):
    use(user_scope(acme.x_user_id), Kind.DM_SENT, 100)
    use("app", Kind.POST_READ, 100)
    page = sign_in(client, olga).get(COSTS).text
    assert "@globex" in page
    assert "For all handles together" in page
    assert "$2.00" in page, "1.50 and 0.50"


def test_what_an_erased_handle_cost_is_no_ones_and_still_counts(client, sign_in, olga, acme):
    use(user_scope("1"), Kind.DM_SENT, 100)
    use(user_scope("2"), Kind.DM_SENT, 200)
    page = sign_in(client, olga).get(COSTS).text
    assert "Handles that are no longer here" in page
    assert "$4.50" in page


def test_before_anything_was_used_it_says_so(client, sign_in, ada):
    assert "Nothing yet this month" in sign_in(client, ada).get(COSTS).text


def test_it_costs_the_same_for_many_handles(client, sign_in, olga, django_assert_num_queries):
    browser = sign_in(client, olga)
    browser.get(COSTS)
    for many in (1, 10):
        for _ in range(many):
            use(user_scope(make_brand().x_user_id), Kind.DM_READ, 1)
        with django_assert_num_queries(12):
            browser.get(COSTS)


# What the owner says


def test_a_changed_price_counts_from_now_on_and_names_who_changed_it(client, sign_in, olga, acme):
    use(user_scope(acme.x_user_id), Kind.DM_SENT, 100)
    browser = sign_in(client, olga)
    assert browser.post(PRICES, typed(dm_sent="0.0005")).status_code == 302
    assert Price.objects.get().set_by == olga
    page = browser.get(COSTS).text
    assert "$0.05" in page
    assert "Set by Olga Owner" in page
    browser.post(PRICES, typed())
    assert Price.objects.count() == 1


def test_a_cap_is_set_and_taken_away(client, sign_in, olga):
    browser = sign_in(client, olga)
    browser.post(PRICES, typed(cap_usd="250.50"))
    assert Spending.objects.get().cap_usd == Decimal("250.50")
    browser.post(PRICES, typed(cap_usd=""))
    assert Spending.objects.get().cap_usd is None
    assert not Price.objects.exists()


def test_raising_the_cap_lets_the_feeds_be_asked_at_once(client, sign_in, olga, acme):
    use("app", Kind.DM_SENT, 1_000)
    browser = sign_in(client, olga)
    browser.post(PRICES, typed(cap_usd="10"))
    assert "nothing is fetched until it is raised" in browser.get(COSTS).text
    later = timezone.now() + timedelta(hours=1)
    cursor = SyncCursor.objects.create(brand=acme, feed="dms", due_at=later)
    browser.post(PRICES, typed(cap_usd="100"))
    cursor.refresh_from_db()
    assert cursor.due_at <= timezone.now()


@pytest.mark.parametrize(
    "wrong", [{"dm_sent": "-1"}, {"dm_sent": ""}, {"dm_sent": "0.00001"}, {"cap_usd": "0"}]
)
def test_what_is_no_price_is_refused_and_nothing_is_changed(client, sign_in, olga, wrong):
    answer = sign_in(client, olga).post(PRICES, typed(reply="5") | wrong)
    assert answer.status_code == 422
    assert "Give dollars from" in answer.text
    assert not Price.objects.exists()


def test_money_is_worded_for_people():
    assert [dollars(Decimal(amount)) for amount in ("0", "0.005", "0.014", "1234.5")] == [
        "$0.00",
        "< $0.01",
        "$0.01",
        "$1,234.50",
    ]
    assert [price(Decimal(amount)) for amount in ("0.0050", "0.2", "3")] == [
        "$0.005",
        "$0.20",
        "$3.00",
    ]
