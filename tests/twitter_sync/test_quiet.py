"""A handle to which nobody writes at hours when somebody always does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from accounts.models import BrandAccount, Letter
from accounts.tasks import send_letters
from inbox.models import Message, Thread
from inbox.sequence import sequence_at
from tests.factories import make_conversation, make_thread, next_x_id
from twitter_sync import tokens
from twitter_sync.actions.learning import learn, learn_due
from twitter_sync.actions.quiet import look_for_quiet
from twitter_sync.health import read
from twitter_sync.models import Connection, QuietSpell, Rhythm, SyncCursor, SyncGap
from twitter_sync.oauth import TokenPair
from twitter_sync.troubles import Level

# A Thursday, two o'clock in the afternoon.
NOW = datetime(2026, 11, 26, 14, 0, tzinfo=UTC)
OFFICE = range(8, 18)
pytestmark = pytest.mark.django_db


@pytest.fixture
def connected(acme) -> BrandAccount:
    """Two people an hour write to @acme on every working day, until noon of the Thursday."""
    pair = TokenPair("a", "b", NOW + timedelta(hours=1))
    held = {**tokens.columns(pair), "connected_at": NOW - timedelta(days=60)}
    Connection.objects.create(brand=acme, **held)
    for feed in ("dms", "mentions"):
        SyncCursor.objects.create(brand=acme, feed=feed)
    threads = [make_thread(make_conversation(acme)) for _ in range(2)]
    days = [NOW.replace(hour=0) - timedelta(days=ago) for ago in range(28, -1, -1)]
    moments = [
        day + timedelta(hours=hour, minutes=7)
        for day in days
        for hour in (OFFICE if day.weekday() < 5 else [])
    ]
    write(*((thread, at) for at in moments if at < NOW.replace(hour=12) for thread in threads))
    return acme


def write(*said: tuple[Thread, datetime], **fields: object) -> None:
    """Many at once: the tests need nothing but the messages themselves."""
    told = {"direction": "in", "state": "received", "kind": "dm", "transport": "dm"} | fields
    Message.objects.bulk_create(
        Message(
            brand=thread.brand,
            conversation=thread.conversation,
            thread=thread,
            external_id=next_x_id(),
            sequence=sequence_at(moment),
            sent_at=moment,
            **told,
        )
        for thread, moment in said
    )


def looked(brand: BrandAccount, at: datetime, **fields: object) -> None:
    """X was asked for every feed."""
    SyncCursor.objects.filter(brand=brand).update(polled_at=at, **fields)


def quiet_at(brand: BrandAccount, moment: datetime) -> bool:
    look_for_quiet(moment)
    return QuietSpell.objects.under_way().filter(brand=brand).exists()


# Learning


def test_it_learns_how_many_write_in_each_hour_of_the_week(connected):
    rhythm = learn(connected.pk, NOW)
    tuesday, saturday = 24, 5 * 24
    assert rhythm.rates[tuesday + 10] == pytest.approx(2, abs=0.1)
    assert rhythm.rates[tuesday + 3] == 0
    assert not any(rhythm.rates[saturday : saturday + 48])
    # From five in the afternoon to eight of the next morning: two at most were to be expected.
    assert rhythm.longest <= 4


def test_who_writes_again_and_again_in_an_hour_is_one(connected):
    thread = connected.conversations.first().threads.get()
    hour = NOW - timedelta(days=2, hours=3)
    write(*((thread, hour + timedelta(minutes=minute)) for minute in range(8, 28)))
    tuesday = 24
    assert learn(connected.pk, NOW).rates[tuesday + 11] == pytest.approx(2, abs=0.1)


def test_what_we_wrote_is_no_news(connected):
    thread = connected.conversations.first().threads.get()
    write((thread, NOW - timedelta(days=3, hours=11)), direction="out", state="sent")
    assert learn(connected.pk, NOW).rates[2 * 24 + 3] == 0


def test_of_less_than_two_weeks_nothing_is_learned(acme):
    thread = make_thread(make_conversation(acme))
    write((thread, NOW - timedelta(days=13)))
    Rhythm.objects.create(brand=acme, rates=[1.0] * 168)
    assert learn(acme.pk, NOW) is None
    assert not Rhythm.objects.exists()


def test_it_learns_anew_once_a_day(connected):
    assert learn_due() == 1
    learn(connected.pk)
    Rhythm.objects.update_or_create(brand=connected, defaults={"rates": [0.0] * 168})
    assert learn_due() == 0
    Rhythm.objects.update(learned_at=NOW - timedelta(days=2))
    assert learn_due() == 1
    BrandAccount.objects.update(status="disconnected")
    assert learn_due() == 0


# Noticing


@pytest.fixture
def known(connected) -> BrandAccount:
    learn(connected.pk, NOW)
    return connected


def test_a_silence_that_happens_now_and_then_is_none(known):
    assert not quiet_at(known, NOW)


def test_a_silence_of_a_working_afternoon_is_noticed_once_and_told_once(
    known, ada, ana, mailoutbox
):
    evening = NOW.replace(hour=17)
    for minutes in range(0, 30, 5):
        assert quiet_at(known, evening + timedelta(minutes=minutes))
    assert QuietSpell.objects.count() == 1
    assert send_letters() == 1
    [mail] = mailoutbox
    assert mail.to == [ada.email]
    assert "@acme" in mail.subject
    assert "Thu 26 Nov, 11:07 (UTC)" in mail.body
    assert "/handles/@acme/health/" in mail.body


def test_the_night_is_quiet_and_no_news(known):
    thread = known.conversations.first().threads.get()
    at = NOW.replace(hour=17, minute=30)
    write((thread, at))
    assert not quiet_at(known, NOW.replace(hour=23))
    assert not quiet_at(known, NOW + timedelta(hours=18))


def test_it_ends_by_itself_when_somebody_writes(known):
    evening = NOW.replace(hour=17)
    assert quiet_at(known, evening)
    thread = known.conversations.first().threads.get()
    write((thread, evening))
    assert not quiet_at(known, evening + timedelta(minutes=5))
    assert QuietSpell.objects.get().ended_at == evening + timedelta(minutes=5)


def test_another_silence_is_told_again(known, ada):
    for hours in (0, 24):
        evening = NOW.replace(hour=17) + timedelta(hours=hours)
        assert quiet_at(known, evening)
        thread = known.conversations.first().threads.get()
        write((thread, evening))
        assert not quiet_at(known, evening + timedelta(minutes=5))
    assert Letter.objects.filter(kind="alarm", brand=known).count() == 2


# Confirmed by fetching


def test_a_silence_that_fetching_confirms_is_no_alarm(known, ada):
    evening = NOW.replace(hour=17)
    looked(known, evening - timedelta(minutes=2))
    assert quiet_at(known, evening)
    assert QuietSpell.objects.get().is_confirmed
    assert not Letter.objects.exists()


@pytest.mark.parametrize("doubt", ["old", "failed", "gap", "one feed alone"])
def test_fetching_that_did_not_bring_all_confirms_nothing(known, ada, doubt):
    evening = NOW.replace(hour=17)
    looked(known, evening - timedelta(minutes=2))
    if doubt == "old":
        looked(known, evening - timedelta(minutes=31))
    elif doubt == "failed":
        looked(known, evening, failure="X could not be reached.")
    elif doubt == "gap":
        span = {"begins_at": NOW, "ends_at": evening}
        SyncGap.objects.create(brand=known, feed="mentions", reason="pages", **span)
    else:
        SyncCursor.objects.filter(feed="dms").delete()
    assert quiet_at(known, evening)
    assert Letter.objects.get().to == ada


def test_an_alarm_is_called_off_on_the_page_when_fetching_works_again(known, ada):
    evening = NOW.replace(hour=17)
    quiet_at(known, evening)
    assert level_of(known) == Level.WARNING
    looked(known, evening + timedelta(minutes=4))
    quiet_at(known, evening + timedelta(minutes=5))
    assert level_of(known) == Level.NOTE
    looked(known, evening)
    quiet_at(known, evening + timedelta(minutes=50))
    assert level_of(known) == Level.WARNING
    assert Letter.objects.count() == 1, "it is the same silence"


def level_of(brand: BrandAccount) -> Level:
    [health] = read(BrandAccount.objects.filter(pk=brand.pk))
    [trouble] = [one for one in health.troubles if one.title.endswith("ly quiet")]
    return trouble.level


# When nobody can say


@pytest.mark.parametrize("status", ["needs_reconnect", "disconnected"])
def test_a_handle_that_hears_nothing_has_been_told_of_already(known, status):
    evening = NOW.replace(hour=17)
    assert quiet_at(known, evening)
    BrandAccount.objects.update(status=status)
    assert not quiet_at(known, evening + timedelta(minutes=5))


def test_a_paused_handle_hears_and_is_looked_after(known):
    BrandAccount.objects.update(status="paused")
    assert quiet_at(known, NOW.replace(hour=17))


def test_a_handle_that_was_just_reconnected_has_time_to_catch_up(known):
    evening = NOW.replace(hour=17)
    Connection.objects.update(connected_at=evening - timedelta(minutes=30))
    assert not quiet_at(known, evening)


def test_a_handle_without_known_hours_is_never_called_quiet(connected):
    assert not quiet_at(connected, NOW + timedelta(days=9))


def test_a_letter_for_who_runs_it_no_more_is_not_sent(known, ada, mailoutbox):
    quiet_at(known, NOW.replace(hour=17))
    ada.memberships.all().delete()
    assert send_letters() == 0
    assert not mailoutbox
