"""The page of a handle's health, and its line on the list of handles."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import BrandAccount
from tests.factories import (
    make_brand,
    make_conversation,
    make_message,
    make_thread,
    minutes_ago,
    next_x_id,
)
from tests.twitter_sync.bodies import (
    delete_event,
    dm_received,
    encoded,
    event,
    mention_event,
    own_event,
    post,
    push,
)
from twitter_sync import metering, tokens
from twitter_sync.actions.tallying import tally
from twitter_sync.billing import Kind
from twitter_sync.budgets import take, user_scope
from twitter_sync.errors import OutOfCredits, TokenRejected
from twitter_sync.models import (
    ApiCall,
    Connection,
    LastHeard,
    RawEvent,
    Subscription,
    SyncCursor,
    Usage,
    Webhook,
)
from twitter_sync.oauth import TokenPair

pytestmark = pytest.mark.django_db
PAGE = "/handles/@acme/health/"
REPLAY = "/handles/@acme/replay/"


@pytest.fixture
def page(client, sign_in, ada):
    """`page()`: what Ada reads on the page of @acme."""
    browser = sign_in(client, ada)

    def page(address: str = PAGE) -> str:
        return browser.get(address).text

    return page


@pytest.fixture
def connected(acme, settings) -> BrandAccount:
    """Everything that makes @acme well."""
    pair = TokenPair("a", "b", timezone.now() + timedelta(hours=1))
    Connection.objects.create(brand=acme, **tokens.columns(pair))
    Webhook.objects.create(url=settings.X_WEBHOOK_URL, external_id="1", is_valid=True)
    for number, kind in enumerate(
        ("dm.received", "dm.sent", "post.create", "post.delete", "post.mention.create")
    ):
        subscribe(acme, kind, number)
    subscribe(acme, "post.reply.create", 9)
    for feed in SyncCursor.Feed:
        SyncCursor.objects.create(brand=acme, feed=feed, polled_at=timezone.now())
    return acme


def subscribe(brand: BrandAccount, kind: str, number: int) -> None:
    Subscription.objects.create(brand=brand, event_type=kind, external_id=str(number))


def aside(fact: str, **fields: object) -> RawEvent:
    told = {"source": "webhook", "body": b"{}", "state": "dead", "error": "KeyError at here.py:7"}
    return RawEvent.objects.create(fact=fact, **told | fields)


# How it is


def test_a_handle_that_is_well_says_so(page, connected):
    told = page()
    assert "All is well." in told
    assert "6 of 6 subscribed" in told
    assert "Nothing was set aside." in told
    assert "Nothing waits to be sorted." in told
    assert "all of its quotas are whole" in told
    assert "X was not asked for anything as @acme today." in told


def test_a_handle_of_which_nothing_is_known_yet_has_a_page(page, acme):
    told = page()
    assert "X doesn’t push" in told
    assert "not registered yet" in told


def test_the_page_asks_for_its_fragment_again(client, sign_in, ada, connected):
    answer = sign_in(client, ada).get(PAGE, headers={"HX-Request": "true"}).text
    assert answer.lstrip().startswith('<div class="stack" id="health" hx-get=')


def test_it_says_what_is_wrong_and_where_to_mend_it(page, connected):
    tokens.mark_for_reconnect(connected.pk)
    assert "Must be reconnected" in page()
    assert "/handles/connect/?handle=acme" in page()


def test_a_key_that_was_lost_is_said(page, connected, settings):
    settings.TOKEN_KEYS = ["R29vZCBmb3IgdGVzdHMgYWxvbmUsIHRoaXMgb25lISE="]
    assert "The stored sign-in can’t be opened" in page()


def test_used_up_credits_are_said_while_x_says_so(page, connected):
    scope = user_scope(connected.x_user_id)
    refusal = OutOfCredits(endpoint="mentions", status=402)
    metering.count_call(scope, "mentions", refusal)
    assert "No credits left at X" in page()
    metering.count_call(scope, "mentions")
    assert "No credits left at X" not in page()
    metering.count_call("app", "search", refusal)
    assert "No credits left at X" in page()
    ApiCall.objects.update(failed_at=minutes_ago(16), called_at=minutes_ago(16))
    assert "No credits left at X" not in page()


def test_the_credits_are_those_of_all_handles(page, connected):
    """What X told one handle, and what it then does for another."""
    refusal = OutOfCredits(endpoint="mentions", status=402)
    metering.count_call("user:77", "mentions", refusal)
    assert "No credits left at X" in page()
    metering.count_call("user:78", "mentions", TokenRejected(endpoint="mentions", status=401))
    assert "No credits left at X" in page()
    metering.count_call("user:78", "mentions")
    assert "No credits left at X" not in page()


def test_what_all_handles_share_is_said_once_above_their_list(page, connected):
    metering.count_call("app", "search", OutOfCredits(endpoint="search", status=402))
    told = page("/handles/")
    assert told.count("No credits left at X") == 1
    assert "As above" in told


def test_a_handle_s_own_trouble_is_not_hidden_by_what_all_share(page, connected):
    metering.count_call("app", "search", OutOfCredits(endpoint="search", status=402))
    tokens.mark_for_reconnect(connected.pk)
    told = page("/handles/")
    assert "Must be reconnected" in told
    assert "As above" not in told


# What came in last


def test_each_feed_says_when_it_was_last_pushed_and_streamed(client, connected, carla):
    mention = post(carla, "@acme hello?")
    push(client, dm_received(connected, carla))
    push(client, mention_event(connected, mention))
    push(client, own_event(connected, post(connected, "Good morning")))
    body = encoded(dm_received(connected, carla))
    RawEvent.objects.create(source="stream", fact="streamed", body=body)
    tally(timezone.now() + timedelta(minutes=1))
    heard = LastHeard.objects.filter(brand=connected).values_list("feed", "source")
    assert set(heard) == {
        ("dms", "webhook"),
        ("dms", "stream"),
        ("mentions", "webhook"),
        ("own_posts", "webhook"),
    }


def test_the_newest_push_counts_whatever_order_they_are_read_in(client, connected, carla):
    push(client, dm_received(connected, carla))
    push(client, dm_received(connected, carla))
    early, late = RawEvent.objects.order_by("id")
    RawEvent.objects.filter(pk=early.pk).update(received_at=minutes_ago(5))
    RawEvent.objects.filter(pk=late.pk).update(received_at=minutes_ago(9))
    tally()
    assert timezone.now() - LastHeard.objects.get().at < timedelta(minutes=6)


def test_what_x_tells_of_handles_that_are_not_here_is_nobodys_news(client, connected):
    push(client, event("dm.received", next_x_id(), {}))
    push(client, delete_event(connected, next_x_id()))
    tally(timezone.now() + timedelta(minutes=1))
    assert [row.feed for row in LastHeard.objects.all()] == ["own_posts"]


# Set aside


def test_what_was_set_aside_is_listed_with_its_reason_and_without_its_words(page, connected):
    aside("a", brand=connected, body=b'{"text": "a secret of Carla"}')
    told = page()
    assert "1 event set aside" in told
    assert "KeyError at here.py:7" in told
    assert "Carla" not in told


def test_one_row_is_tried_again_and_the_others_stay(client, sign_in, ada, connected):
    one, other = aside("a", brand=connected), aside("b", brand=connected)
    browser = sign_in(client, ada)
    for _ in range(2):
        answer = browser.post(REPLAY, {"id": one.pk})
    assert answer.status_code == 404, "it waits already"
    assert RawEvent.objects.get(pk=one.pk).state == "pending"
    assert RawEvent.objects.get(pk=other.pk).state == "dead"


def test_all_are_tried_again_and_it_is_said_how_many(client, sign_in, ada, connected, globex):
    aside("a", brand=connected), aside("b", brand=connected)
    theirs = aside("c", brand=globex)
    answer = sign_in(client, ada).post(REPLAY, follow=True)
    assert "2 events are tried again." in answer.text
    assert RawEvent.objects.filter(state="pending").count() == 2
    assert RawEvent.objects.get(pk=theirs.pk).state == "dead"


@pytest.mark.parametrize("chosen", ["theirs", "nobody", "x", "0", "1' OR 1=1"])
def test_a_row_of_another_brand_does_not_exist(client, sign_in, ada, connected, globex, chosen):
    rows = {"theirs": aside("a", brand=globex), "nobody": aside("b")}
    chosen_id = rows[chosen].pk if chosen in rows else chosen
    assert sign_in(client, ada).post(REPLAY, {"id": chosen_id}).status_code == 404
    assert RawEvent.objects.filter(state="dead").count() == 2


def test_a_push_of_no_known_brand_is_of_whom_x_told_it_to(client, sign_in, page, connected, nia):
    """A push that failed before anybody knew whose it was."""
    aside("a", body=encoded(event("dm.received", connected, {"for": "nobody"})))
    assert "1 event set aside" in page()
    assert "Nothing was set aside" in sign_in(client, nia).get("/handles/@globex/health/").text


def test_what_is_nobodys_is_the_owners(client, sign_in, ada, olga, connected):
    aside("a", body=b"not JSON"), aside("b", brand=connected)
    browser = sign_in(client, olga)
    assert "X told 1 thing that could not be understood" in browser.get("/handles/").text
    assert "1 event is tried again" in browser.post("/handles/replay/", follow=True).text
    assert RawEvent.objects.get(state="pending").fact == "a"
    assert "could not be understood" not in sign_in(client, ada).get("/handles/").text


def test_what_came_while_it_was_away_waits_for_the_handle(page, connected, globex):
    BrandAccount.objects.update(status="disconnected")
    aside("a", state="orphan", waits_for=connected.x_user_id)
    aside("b", state="orphan", waits_for=globex.x_user_id)
    assert "1 thing that X told came while @acme was not connected, and waits for that." in page()


# Sends


def test_an_uncertain_reply_is_led_to_by_who_may_see_its_conversation(
    client, sign_in, page, olga, connected, carla
):
    thread = make_thread(make_conversation(connected, carla))
    doubt = {"ours": True, "state": "uncertain", "external_id": None}
    make_message(thread, "Sorry!", uncertain_since=minutes_ago(6), **doubt)
    link = f"/conversations/{thread.conversation_id}/"
    assert "1 reply not confirmed" in page()
    assert link in page()
    owners = sign_in(client, olga).get(PAGE).text
    assert "1 reply not confirmed" in owners
    assert link not in owners
    assert "Carla" not in owners


# Quotas, calls, costs


def test_what_is_left_of_xs_quotas_is_shown(page, connected):
    scope = user_scope(connected.x_user_id)
    take(scope, "dm_send")
    told = page()
    assert "Direct messages sent" in told
    assert "1,439" in told
    assert ">tomorrow " in told


def test_calls_and_costs_of_today_are_shown(page, connected):
    scope = user_scope(connected.x_user_id)
    for _ in range(3):
        metering.count_call(scope, "mentions")
    metering.count_call(scope, "dm_events", OutOfCredits(endpoint="dm_events", status=402))
    Usage.objects.create(scope=scope, day=metering.day_of_x(), kind=Kind.DM_SENT, amount=100)
    told = page()
    assert "X was asked 4 times as @acme today, 1 of them in vain." in told
    assert "OutOfCredits dm_events 402" in told
    assert "$1.50" in told


# The list of handles


def test_the_list_names_the_worst_of_each_handle(client, sign_in, olga, connected, globex):
    aside("a", brand=connected)
    tokens.mark_for_reconnect(globex.pk)
    told = sign_in(client, olga).get("/handles/").text
    assert "1 event set aside" in told
    assert "Must be reconnected" in told
    assert 'href="/handles/@acme/health/"' in told


def test_notes_are_no_alarm_on_the_list(client, sign_in, ada, connected):
    BrandAccount.objects.update(status="paused")
    told = sign_in(client, ada).get("/handles/").text
    assert ">Well<" in told.replace("</svg>Well", "</svg>>Well")


def test_the_page_costs_the_same_however_much_there_is(
    client, sign_in, ada, connected, carla, django_assert_num_queries
):
    browser = sign_in(client, ada)
    browser.get(PAGE)
    thread = make_thread(make_conversation(connected, carla))
    for number in (1, 10):
        for turn in range(number):
            aside(f"{number} {turn}", brand=connected)
            aside(f"{number} {turn} nobodys")
            make_message(
                thread,
                ours=True,
                state="uncertain",
                external_id=None,
                uncertain_since=minutes_ago(9),
            )
            metering.count_call("user:1", f"call {turn}")
            make_brand()
        with django_assert_num_queries(32):
            browser.get(PAGE)
