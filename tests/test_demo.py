"""The demo: what its files say, and what `seed_demo` makes of them beside a real simulator."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from celery.contrib.testing.worker import start_worker
from django.conf import settings
from django.core.management import CommandError, call_command
from django.test import override_settings
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from accounts.models import BrandAccount, User
from config.celery import app
from inbox.models import Attachment, Contact, Conversation, Message, Note, SavedReply
from inbox.text.weight import DM_LIMIT, POST_LIMIT, reply_weight, weighted_length
from tests import x
from tests.conftest import storages_in
from tests.stack import until
from tests.world import snapshot
from twitter_sync import oauth
from twitter_sync.audit import INVARIANTS, everything, examine
from twitter_sync.demo.content import PICTURES, BadContent, Demo, Story, length, read
from twitter_sync.demo.history import sayings, user_ids
from twitter_sync.demo.seeding import Seeded, seed

pytestmark = pytest.mark.django_db  # makes the database; what is seeded is committed to it

CHATTY = "chatty_charlie"
WORKER = {"pool": "threads", "concurrency": 4, "queues": ["ingest", "default", "media"]}


@pytest.fixture(scope="module")
def demo() -> Demo:
    return read()


# What the files say


def test_it_tells_of_about_sixty_conversations_in_many_languages(demo):
    assert 55 <= len(demo.stories) <= 70
    assert {"en", "de", "es", "ja", "ar"} <= {story.lang for story in demo.stories}


def test_everybody_who_speaks_is_known_and_everybody_known_speaks(demo):
    known = {person.username for person in demo.people}
    stories = (*demo.stories, *demo.unheard)
    speaking = {story.customer for story in stories} | {story.brand for story in stories}
    assert known == speaking | {CHATTY}


def test_the_lines_of_a_story_are_in_order_and_a_customer_begins(demo):
    for story in (*demo.stories, *demo.unheard):
        agos = [line.ago for line in story.lines]
        assert agos == sorted(agos, reverse=True), story.customer
        assert story.lines[0].kind in ("post", "dm"), story.customer


def test_what_is_resolved_or_snoozed_has_an_end(demo):
    for story in demo.stories:
        kinds = [line.kind for line in story.lines]
        assert not {"resolve", "snooze"} & set(kinds[:-1]), story.customer


def test_x_would_take_every_text(demo):
    for saying in sayings(demo):
        assert weight(saying) <= (POST_LIMIT if saying.is_public else DM_LIMIT), saying.text
    said = Counter((saying.author, saying.text) for saying in sayings(demo) if saying.is_public)
    assert max(said.values()) == 1


def weight(saying):
    if not saying.is_public:
        return len(saying.text)
    return (reply_weight if saying.answers else weighted_length)(saying.text)


def test_x_would_let_us_answer_every_post(demo):
    """Its author named the brand or answered it: else the demo's agents could not reply."""
    said = {saying.number: saying for saying in sayings(demo)}
    for saying in said.values():
        if saying.is_public and saying.author == saying.customer:
            parent = said.get(saying.answers)
            answers_us = parent is not None and parent.author == saying.brand
            assert answers_us or f"@{saying.brand}" in saying.text, saying.text


def test_every_picture_is_sent_by_somebody_and_small(demo):
    lines = [line for story in demo.stories for line in story.lines if line.picture]
    files = {line.picture.file for line in lines}
    assert files == set(PICTURES.iterdir())
    assert all(file.stat().st_size < 50_000 for file in files)


@pytest.mark.parametrize("text", ["", "soon", "1x", "5"])
def test_it_says_which_length_it_does_not_understand(text):
    with pytest.raises(BadContent, match="length of time"):
        length(text)


def test_it_names_the_conversation_with_a_line_it_does_not_understand(tmp_path: Path):
    people = '[[brand]]\nusername="acme"\nname="Acme"\njoined=2020-01-01\n'
    (tmp_path / "people.toml").write_text(people + people.replace("brand", "customer"))
    story = '[[conversation]]\ncustomer="carla"\nlines=[{ ago="1h", shouts="Hello" }]\n'
    (tmp_path / "acme.toml").write_text(f'brand="acme"\n{story}')
    with pytest.raises(BadContent, match="acme, conversation with carla"):
        read(tmp_path)


# What becomes of it


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[x.Simulator]:
    """Our webhook can't be reached here, so everything comes in by polling."""
    with x.running(tmp_path_factory.mktemp("demo"), settings.X_CALLBACK_URL) as simulator:
        with override_settings(X_API_URL=simulator.url, X_IS_SIMULATOR=True):
            oauth.forget_bearer()
            yield simulator
        oauth.forget_bearer()


@pytest.fixture(scope="module")
def seeded(
    simulator: x.Simulator,
    tmp_path_factory: pytest.TempPathFactory,
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[Seeded]:
    """Seeded once for these tests, with a worker as `./run` has it; gone after them."""
    storages = storages_in(tmp_path_factory.mktemp("media"))
    with django_db_blocker.unblock(), override_settings(STORAGES=storages):
        with start_worker(app, perform_ping_check=False, **WORKER):
            done = seed()
            fetched = Attachment.objects.exclude(state="wanted")
            until(lambda: fetched.count() == len(list(PICTURES.iterdir())), within=60)
            yield done
        call_command("flush", interactive=False, verbosity=0)


def story_with(demo: Demo, customer: str) -> Story:
    return next(story for story in demo.stories if story.customer == customer)


def conversation_with(customer: str, brand: str = "larkwing") -> Conversation:
    return Conversation.objects.get(contact__handle=customer, brand__handle=brand)


def test_every_conversation_is_on_the_desk(seeded, demo):
    assert seeded == Seeded(conversations=len(demo.stories), worked_on=len(demo.stories))
    held = set(Conversation.objects.values_list("brand__handle", "contact__handle"))
    assert {(story.brand, story.customer) for story in demo.stories} < held


def test_one_brand_is_left_to_connect_and_has_a_past(seeded, demo, simulator):
    [newcomer] = {story.brand for story in demo.unheard}
    assert not BrandAccount.objects.filter(handle=newcomer).exists()
    ids = user_ids(demo)
    messages = [dm for dm in simulator.get("ledger")["dms"] if dm["recipient_id"] == ids[newcomer]]
    posts = [post for post in simulator.get("ledger")["posts"] if f"@{newcomer}" in post["text"]]
    assert (len(messages), len(posts)) == (3, 2)
    assert not Conversation.objects.filter(brand__handle=newcomer).exists()


def test_people_wait_for_minutes_and_for_hours(seeded):
    waiting = Conversation.objects.needing_an_answer().order_by("unanswered_since")
    now, since = timezone.now(), list(waiting.values_list("unanswered_since", flat=True))
    assert timedelta(hours=9) < now - since[0] < timedelta(hours=10)
    assert timedelta(minutes=3) <= now - since[-1] < timedelta(minutes=5)


def test_every_status_is_there(seeded):
    found = Counter(Conversation.objects.values_list("status", flat=True))
    assert min(found[status] for status in Conversation.Status.values) >= 3


def test_a_public_complaint_and_the_private_talk_after_it_are_one_conversation(seeded):
    conversation = conversation_with("lena_sagt_ja")
    assert {thread.kind for thread in conversation.threads.all()} == {"public", "dm"}
    assert (conversation.has_public, conversation.has_dm) == (True, True)


def test_one_post_to_two_brands_is_a_conversation_with_each(seeded):
    one, other = (conversation_with("hollyandthecat", brand) for brand in ("larkwing", "tazzamora"))
    assert one.messages.get().external_id == other.messages.get().external_id


def test_an_answer_is_somebodys_or_was_sent_in_x(seeded):
    ours = Message.objects.filter(direction="out")
    written_here = ours.get(conversation=conversation_with("nora_lindqvist"))
    written_in_x = ours.get(conversation=conversation_with("lenny_w"))
    assert (written_here.author.name, written_here.was_sent_in_x) == ("Ben Agent", False)
    assert (written_in_x.author, written_in_x.was_sent_in_x) == (None, True)
    assert set(ours.values_list("state", flat=True)) == {"sent"}


def test_what_the_team_did_happened_when_the_story_says(seeded, demo):
    lines = story_with(demo, "lena_sagt_ja").lines
    note = Note.objects.get(conversation=conversation_with("lena_sagt_ja"))
    [told] = [line for line in lines if line.kind == "note"]
    first = note.conversation.messages.in_order().first()
    assert note.created_at == first.sent_at + (lines[0].ago - told.ago)
    assert (note.author.name, note.text) == ("Ana Agent", told.words)


def test_history_reads_in_the_order_in_which_it_happened(seeded):
    conversation = conversation_with("priya_reads")
    kinds = [event.kind for event in conversation.events.all()]
    assert (kinds[0], kinds[-1]) == ("opened", "resolved")
    assert conversation.resolved_at == conversation.events.get(kind="resolved").created_at


def test_pictures_came_along_in_public_and_in_private(seeded):
    held = {
        attachment.message.conversation.contact.handle: attachment
        for attachment in Attachment.objects.filter(state="held")
    }
    assert set(held) == {"dan_the_garden", "blueoakpottery", "latte_art_lou"}
    assert held["dan_the_garden"].alt_text.startswith("A young apple tree")
    assert not held["latte_art_lou"].alt_text
    assert all(attachment.whole and attachment.still for attachment in held.values())


def test_every_team_finds_what_it_says_often(seeded, demo):
    for brand in BrandAccount.objects.all():
        for kind in ("dm", "public"):
            assert brand.saved_replies.for_kind(kind).count() >= 2, (brand, kind)
    assert SavedReply.objects.count() == len(demo.saved_words)


def test_zoe_sees_one_of_the_brands(seeded):
    zoe = User.objects.get(email="zoe@demo.example")
    assert [brand.handle for brand in BrandAccount.objects.visible_to(zoe)] == ["tazzamora"]
    assert {c.brand.handle for c in Conversation.objects.visible_to(zoe)} == {"tazzamora"}


def test_customers_have_been_on_x_for_years(seeded):
    assert Contact.objects.get(handle="graham_p_1971").joined_x_at.year == 2012


def test_charlie_writes_from_then_on(seeded, simulator):
    assert simulator.get("chatty") == {"on": True}


def test_a_second_time_changes_nothing(seeded, simulator):
    simulator.post("chatty", on=False)
    before = snapshot()
    assert seed().worked_on == 0
    assert snapshot() == before
    assert simulator.get("chatty") == {"on": False}


def test_the_audit_finds_nothing_wrong_with_it(seeded):
    findings = [examine(invariant, everything()) for invariant in INVARIANTS.values()]
    assert {one.invariant.name: one.rows for one in findings if not one.holds} == {}


def test_it_is_refused_where_x_is_the_real_one():
    with override_settings(X_IS_SIMULATOR=False), pytest.raises(CommandError, match="real X"):
        call_command("seed_demo")
