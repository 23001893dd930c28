"""Words that a brand has X look for: settings, rules at X, and what is found."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.models import BrandAccount, BrandEvent
from inbox.models import Conversation, Message
from tests.twitter_sync import rude
from tests.twitter_sync.bodies import Body, encoded, post, user
from tests.twitter_sync.test_settings import TYPED
from tests.twitter_sync.working import apply_all
from tests.x import Simulator
from twitter_sync.actions import listening, turns
from twitter_sync.actions.applying import apply_due
from twitter_sync.actions.erasing import erase, erase_on
from twitter_sync.actions.finding import KEPT_FOR, forget, found
from twitter_sync.actions.recording import record_found
from twitter_sync.actions.ruling import keep_rules, values_of
from twitter_sync.actions.sweeping import sweep
from twitter_sync.calls.filtered import Rule
from twitter_sync.client import Client
from twitter_sync.models import KnownPost, RawEvent, StreamLease, StreamRule
from twitter_sync.models.stream_rule import LONGEST

pytestmark = pytest.mark.django_db
PATH = "/handles/@acme/settings/"


def wants(brand: BrandAccount, *keywords: str, **fields: object) -> BrandAccount:
    BrandAccount.objects.filter(pk=brand.pk).update(keywords=list(keywords), **fields)
    brand.refresh_from_db()
    return brand


# The setting


def test_words_are_kept_a_line_each(client, sign_in, ada, acme):
    typed = TYPED | {"keywords": "  acme   phone \n#acme\n\nacme phone\r\n", "opens_keywords": "on"}
    sign_in(client, ada).post(PATH, typed)
    acme.refresh_from_db()
    assert (acme.keywords, acme.opens_keywords) == (["acme phone", "#acme"], True)
    page = client.get(PATH).text
    assert "acme phone\n#acme</textarea>" in page
    assert "words looked for none → acme phone, #acme" in page
    assert BrandEvent.objects.get().after["keywords"] == ["acme phone", "#acme"]


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("@acme", "posts that name somebody come in by themselves"),
        ('"acme phone"', "leave the quotation marks out"),
        ("a", "at least two letters"),
        ("x" * 81, "at most 80 characters"),
        ("\n".join(f"word {number}" for number in range(51)), "at most 50 words"),
    ],
)
def test_what_x_would_not_look_for_is_refused_in_words(client, sign_in, ada, acme, typed, why):
    answer = sign_in(client, ada).post(PATH, TYPED | {"keywords": typed})
    assert answer.status_code == 422
    assert why in answer.text
    acme.refresh_from_db()
    assert acme.keywords == []


def test_words_of_any_script_are_fine(client, sign_in, ada, acme):
    sign_in(client, ada).post(PATH, TYPED | {"keywords": "電話\n😡"})
    acme.refresh_from_db()
    assert acme.keywords == ["電話", "😡"]


# Rules


def test_a_rule_holds_all_words_but_neither_reposts_nor_posts_of_or_to_the_brand(acme):
    wants(acme, "acme phone", "#acme", "from:mars OR (x")
    assert list(values_of(acme)) == [
        '("acme phone" OR #acme OR "from:mars OR (x") -is:retweet -from:acme -@acme'
    ]


def test_more_words_than_a_rule_holds_make_several(acme):
    wants(acme, *[f"{number} {'word ' * 12}".strip() for number in range(40)])
    values = list(values_of(acme))
    assert len(values) == 3
    assert all(len(value) <= LONGEST for value in values)
    assert sum(value.count('"') for value in values) == 2 * 40


@pytest.fixture
def brand(connected: Callable[..., BrandAccount]) -> Iterator[BrandAccount]:
    yield connected()
    app = Client.for_app()
    if held := app.rules().get("data"):
        app.delete_rules([rule["id"] for rule in held])


def at_x() -> dict[str, str]:
    return {rule["value"]: rule.get("tag", "") for rule in Client.for_app().rules().get("data", [])}


def test_rules_at_x_follow_the_words(brand):
    wants(brand, "hovercraft")
    keep_rules()
    [value] = values_of(brand)
    assert at_x() == {value: f"brand:{brand.pk}"}
    assert StreamRule.objects.active().get().value == value
    wants(brand, "hovercraft", "eels")
    keep_rules()
    [other] = values_of(brand)
    assert at_x() == {other: f"brand:{brand.pk}"}
    wants(brand)
    keep_rules()
    assert (at_x(), StreamRule.objects.count()) == ({}, 0)


def test_what_is_there_already_is_left_alone(brand, simulator):
    wants(brand, "hovercraft")
    keep_rules()
    before = len(simulator.calls())
    keep_rules()
    assert [(call["method"], call["path"]) for call in simulator.calls()[before:]] == [
        ("GET", "/2/tweets/search/stream/rules")
    ]


def test_where_nobody_wants_words_x_is_not_asked(brand, simulator):
    before = len(simulator.calls())
    keep_rules()
    assert len(simulator.calls()) == before


def test_rules_that_somebody_made_by_hand_stay(brand):
    Client.for_app().add_rules([Rule("eels", "mine"), Rule("gone", "brand:999999")])
    wants(brand, "hovercraft")
    keep_rules()
    assert sorted(at_x().values()) == [f"brand:{brand.pk}", "mine"]


def test_a_rule_that_x_lost_is_made_again(brand):
    wants(brand, "hovercraft")
    keep_rules()
    app = Client.for_app()
    app.delete_rules([rule["id"] for rule in app.rules()["data"]])
    keep_rules()
    assert len(at_x()) == 1
    assert StreamRule.objects.active().count() == 1


def test_each_handle_has_its_own(brand, connected):
    other = connected()
    for one in (brand, other):
        wants(one, "hovercraft")
    keep_rules()
    assert sorted(at_x().values()) == sorted([f"brand:{brand.pk}", f"brand:{other.pk}"])
    BrandAccount.objects.filter(pk=other.pk).update(status="disconnected")
    keep_rules()
    assert list(at_x().values()) == [f"brand:{brand.pk}"]


def test_what_x_refuses_is_said_at_the_setting(brand, client, sign_in, olga, monkeypatch):
    wants(brand, "hovercraft")
    monkeypatch.setattr("twitter_sync.actions.ruling.term_of", lambda word: f"colour:{word}")
    keep_rules()
    rule = StreamRule.objects.get()
    assert (rule.external_id, bool(rule.failure)) == ("", True)
    page = sign_in(client, olga).get(f"/handles/@{brand.handle}/settings/").text
    assert "X does not look for" in page
    assert "colour" in page


def test_x_being_away_is_said_at_the_setting(brand, settings):
    wants(brand, "hovercraft")
    Client.for_app()
    url, settings.X_API_URL = settings.X_API_URL, "http://127.0.0.1:9"
    keep_rules()
    settings.X_API_URL = url
    assert "could not be reached" in StreamRule.objects.get().failure


def test_without_streams_the_rules_of_the_app_are_left_alone(brand, settings, simulator):
    wants(brand, "hovercraft")
    settings.X_STREAM = False
    before = len(simulator.calls())
    keep_rules()
    assert len(simulator.calls()) == before


# What is found


def line(brand: BrandAccount, author: Any, text: str, **fields: Any) -> Body:
    told = post(author, text, **fields)
    rule = {"id": "1", "tag": f"brand:{brand.pk}"}
    return {"data": told, "includes": {"users": [user(author)]}, "matching_rules": [rule]}


def hear(*lines: Body) -> None:
    for one in lines:
        record_found(encoded(one))
    apply_all()


def test_what_is_found_is_no_message_but_shown_at_the_setting(client, sign_in, ada, acme, carla):
    wants(acme, "hovercraft")
    hear(line(acme, carla, "My hovercraft is full of eels"))
    assert not Message.objects.exists()
    assert RawEvent.objects.get().state == RawEvent.State.IGNORED
    page = sign_in(client, ada).get(PATH).text
    assert "1 post found within a day" in page
    assert "My hovercraft is full of eels" in page


def test_where_the_setting_says_so_it_begins_a_conversation(acme, globex, carla):
    wants(acme, "hovercraft", opens_keywords=True)
    hear(line(acme, carla, "My hovercraft is full of eels"))
    conversation = Conversation.objects.get()
    assert (conversation.brand, conversation.contact.x_user_id) == (acme, carla.x_user_id)
    assert conversation.unanswered_since is not None


def test_the_same_post_by_two_rules_is_found_once_for_each_handle(acme, globex, carla):
    for one in (acme, globex):
        wants(one, "hovercraft", opens_keywords=one == acme)
    told = line(acme, carla, "My hovercraft is full of eels")
    told["matching_rules"] += [{"id": "2", "tag": f"brand:{acme.pk}"}]
    told["matching_rules"] += [{"id": "3", "tag": f"brand:{globex.pk}"}]
    hear(told, told)
    assert RawEvent.objects.count() == 2
    assert [message.brand for message in Message.objects.all()] == [acme]


@pytest.mark.parametrize(
    "fields",
    [
        {"referenced_tweets": [{"type": "retweeted", "id": "5"}]},
        {"text": "RT @somebody: my hovercraft is full of eels"},
    ],
    ids=["by reference", "by words"],
)
def test_reposts_are_not_even_kept(acme, carla, fields):
    wants(acme, "hovercraft", opens_keywords=True)
    told = line(acme, carla, "My hovercraft is full of eels")
    told["data"] |= fields
    hear(told)
    assert not RawEvent.objects.exists()


def test_a_rule_of_nobodys_here_finds_nothing(acme, carla):
    told = line(acme, carla, "My hovercraft")
    told["matching_rules"] = [{"id": "1", "tag": "mine"}, {"id": "2"}]
    hear(told)
    assert not RawEvent.objects.exists()


def test_what_is_no_post_is_set_aside_and_not_lost(acme):
    record_found(b'{"data": "nonsense"}')
    apply_due()
    assert RawEvent.objects.get().source == RawEvent.Source.KEYWORD


def test_what_became_nothing_goes_after_a_day(acme, carla):
    wants(acme, "hovercraft")
    hear(line(acme, carla, "old"), line(acme, carla, "new"))
    old = RawEvent.objects.order_by("pk").first()
    RawEvent.objects.filter(pk=old.pk).update(received_at=timezone.now() - KEPT_FOR)
    assert forget() == 1
    assert [known.text for known in KnownPost.objects.all()] == ["new"]
    assert found(acme).count == 1


def test_what_a_conversation_holds_stays(acme, carla):
    wants(acme, "hovercraft", opens_keywords=True)
    hear(line(acme, carla, "My hovercraft"))
    RawEvent.objects.update(received_at=timezone.now() - 2 * KEPT_FOR)
    assert forget() == 0
    assert KnownPost.objects.exists()


def test_erasing_a_handle_erases_what_its_words_found(acme, carla, olga, monkeypatch):
    monkeypatch.setattr("twitter_sync.actions.erasing.revoke", lambda _: "")
    wants(acme, "hovercraft")
    hear(line(acme, carla, "My hovercraft is full of eels"))
    erasure, _ = erase(acme, by=olga)
    erase_on(erasure.pk)
    assert not KnownPost.objects.exists()


# The stream


@pytest.fixture
def listened() -> Iterator[None]:
    listening.stopping.clear()
    yield
    listening.stopping.clear()


def test_it_is_read_while_there_is_a_rule_and_by_one_worker_at_a_time(
    acme, carla, settings: Settings, monkeypatch, listened
):
    rung = list[dict[str, int]]()
    monkeypatch.setattr(listening, "ring_now", lambda task, *, queue, **ids: rung.append(ids))
    monkeypatch.setattr("twitter_sync.oauth.app_bearer", lambda **_: "token-of-the-app")
    monkeypatch.setattr(turns, "READ_FOR", timedelta(0))
    sweep()
    assert not StreamLease.objects.exists()
    wants(acme, "hovercraft")
    StreamRule.objects.create(brand=acme, value="hovercraft", external_id="1")
    sweep()
    lease = StreamLease.objects.get(name="posts")
    assert rung == [{"lease_id": lease.pk}]
    heard, told = list[str](), json.dumps(line(acme, carla, "My hovercraft")).encode() + b"\r\n"
    with rude.serving(rude.streams(told), heard) as settings.X_API_URL:
        listening.listen(lease.pk)
    assert "GET /2/tweets/search/stream?" in heard[0]
    assert RawEvent.objects.get().source == RawEvent.Source.KEYWORD
    # Its turn over, it hung up before it rang for the next.
    assert rung[1:] == [{"lease_id": lease.pk, "after": 0}]
    lease.refresh_from_db()
    assert lease.leased_until <= timezone.now()


def test_x_finds_what_a_rule_says(brand, simulator: Simulator, listened, monkeypatch):
    """From the words of a brand to a conversation, through X."""
    monkeypatch.setattr(listening, "ring_now", lambda *_, **__: None)
    monkeypatch.setattr(turns, "READ_FOR", timedelta(0))
    customer = simulator.person()
    wants(brand, "hovercraft", opens_keywords=True)
    keep_rules()
    sweep()
    lease = StreamLease.objects.get(name="posts")
    listener = listening.LISTENERS["posts"]
    turn = turns.take(listener, lease.pk)
    assert turn is not None
    with listening.connect(turn) as stream:
        repost = simulator.post("posts", author_id=customer["id"], text="A hovercraft!")["id"]
        other = simulator.person()
        simulator.post("posts/repost", post_id=repost, author_id=other["id"])
        simulator.post("posts", author_id=brand.x_user_id, text="Our hovercraft")
        simulator.post("posts", author_id=customer["id"], text=f"@{brand.handle} hovercraft")
        simulator.post("posts", author_id=customer["id"], text="Nothing of the kind")
        simulator.post("posts", author_id=customer["id"], text="Still that hovercraft")
        lines = iter(stream)
        for _ in range(2):
            listener.keep(next(told for told in lines if told))
    apply_due()
    said = [message.text for message in Message.objects.order_by("sequence")]
    assert said == ["A hovercraft!", "Still that hovercraft"]
