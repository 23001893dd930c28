"""Erasing a handle takes everything of it, nothing of anybody else's, and leaves one line."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import pytest
from celery import current_app
from django.core.exceptions import PermissionDenied
from django.db import connection

from accounts.models import BrandAccount, Letter, Membership, Role, Team, User
from inbox.actions.drafts import save_draft
from inbox.actions.replies import Said, reply
from inbox.guards.candidate import Despite
from inbox.guards.public_first import UnansweredInPublic
from inbox.models import Contact, Conversation, DmBlock, Hiding, Message, MessageRevision, Thread
from tests.factories import (
    make_brand,
    make_contact,
    make_conversation,
    make_membership,
    make_message,
    make_note,
    make_team,
    make_thread,
    make_user,
)
from tests.twitter_sync.bodies import dm_received, encoded
from tests.twitter_sync.held import somebody_does
from tests.x import Simulator
from twitter_sync import oauth
from twitter_sync.actions import erasing
from twitter_sync.actions.applying import apply_due
from twitter_sync.actions.connecting import BeingErased, connect
from twitter_sync.actions.erasing import erase, erase_all, erase_on, erase_some
from twitter_sync.actions.rechecking import expect_checks
from twitter_sync.actions.recording import record_delivery
from twitter_sync.actions.redacting import redact
from twitter_sync.actions.setting_up import set_up
from twitter_sync.client import Client
from twitter_sync.models import (
    Connection,
    ConversationSearch,
    Erasure,
    KnownPost,
    RawEvent,
    Redaction,
    SendAttempt,
    Subscription,
    SyncCursor,
)
from twitter_sync.tasks import wind_up

Connected = Callable[..., BrandAccount]
SECRET = "the canary sings at midnight"


@pytest.fixture
def admin(brand: BrandAccount) -> User:
    return make_user("Ada Admin", brand, Role.ADMIN)


@pytest.fixture
def talk(brand: BrandAccount, admin: User) -> Conversation:
    """Everything that a conversation can have, with one secret in all of it."""
    conversation = make_conversation(brand, make_contact("carla", bio=SECRET), assignee=admin)
    public, private = make_thread(conversation, "public"), make_thread(conversation, "dm")
    post = make_message(public, SECRET)
    KnownPost.objects.create(
        post_id=post.external_id, x_conversation_id=public.x_conversation_id, text=SECRET
    )
    KnownPost.objects.create(post_id="17", author_id=brand.x_user_id, text=SECRET)
    make_message(private, SECRET)
    MessageRevision.objects.create(
        message=post, brand=brand, kind="public", external_id="18", sequence=18, text=SECRET
    )
    Hiding.objects.create(message=post, wanted=True)
    make_note(conversation, admin, SECRET)
    ours = reply_whatever(private, by=admin, text=SECRET, why=SECRET)
    save_draft(conversation, by=admin, mode="dm", text=SECRET, client_key=uuid4())
    SendAttempt.objects.create(message=ours, lease_until="2026-01-01T00:00Z")
    DmBlock.objects.create(brand=brand, contact=conversation.contact, wanted=True)
    make_team(brand, members=(admin,))
    SyncCursor.objects.create(brand=brand, feed="dms")
    Letter.objects.create(to=admin, kind="welcome", brand=brand)
    ledger(brand)
    return conversation


def reply_whatever(thread: Thread, *, by: User, text: str, why: str) -> Message:
    """Though nobody has answered in public."""
    key = uuid4()
    with pytest.raises(UnansweredInPublic) as stopped:
        reply(thread, Said(text, key), by=by)
    despite = {stopped.value.guard: Despite(why, stopped.value.told)}
    return reply(thread, Said(text, key, despite=despite), by=by)


def ledger(brand: BrandAccount) -> None:
    body = encoded({"text": SECRET})
    dead = encoded({"data": {"filter": {"user_id": brand.x_user_id}, "text": SECRET}})
    RawEvent.objects.bulk_create(
        [
            RawEvent(source="webhook", fact="a", brand=brand, body=body, state="applied"),
            RawEvent(source="poll", fact="b", brand=brand, body=body, state="pending"),
            RawEvent(source="webhook", fact="c", body=dead, state="dead"),
            RawEvent(
                source="webhook", fact="d", body=body, state="orphan", waits_for=brand.x_user_id
            ),
        ]
    )


def tables_with(word: str) -> list[str]:
    """Every table in which a row holds `word`; of the ledger, in the body too."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(
                f"SELECT 1 FROM {table} t WHERE t::text ILIKE %s LIMIT 1",  # noqa: S608
                [f"%{word}%"],
            )
            found += [table] if cursor.fetchone() else []
    bodies = RawEvent.objects.values_list("body", flat=True)
    return found + ["bodies" for body in bodies if word.encode() in bytes(body)]


def test_no_table_holds_a_word_of_it_afterwards(brand, admin, talk):
    assert tables_with(SECRET)
    erasure, doubt = erase(brand, by=admin)
    assert doubt == ""
    erase_on(erasure.pk)
    assert tables_with(SECRET) == []
    assert tables_with(brand.handle) == ["twitter_sync_erasure"]
    for model in (BrandAccount, Connection, Contact, Conversation, Membership, Team, Message):
        assert not model.objects.exists(), model


def test_what_is_asked_for_again_and_what_is_to_be_cut_goes_with_it(brand, admin, talk):
    public = Thread.objects.get(kind="public")
    post_id = public.messages.get().external_id
    expect_checks()
    redact([post_id])
    assert ConversationSearch.objects.get().check_at is not None
    erase_on(erase(brand, by=admin)[0].pk)
    assert not ConversationSearch.objects.exists()
    assert not Redaction.objects.exists()


def test_one_line_says_who_erased_what_and_when(brand, admin, talk, client, sign_in):
    erasure, _ = erase(brand, by=admin)
    erase_on(erasure.pk)
    erasure.refresh_from_db()
    assert erasure.asked_by == admin
    assert erasure.finished_at is not None
    counts = (erasure.conversations, erasure.messages, erasure.notes, erasure.contacts)
    assert counts == (1, 3, 1, 1)
    assert erasure.raw_events == 4
    page = sign_in(client, admin).get(f"/handles/erasures/{erasure.pk}/").content.decode()
    assert f"@{brand.handle} is erased" in page
    assert "Ada Admin" in page


def test_nothing_of_another_handle_goes(brand, admin, talk):
    other = make_brand("globex")
    theirs = make_thread(make_conversation(other, talk.contact), "public")
    make_message(theirs, "Hello globex")
    ours = talk.threads.get(kind="public")
    same = make_thread(make_conversation(other), "public", ours.x_conversation_id)
    RawEvent.objects.create(source="webhook", fact="e", brand=other, body=b"{}")
    answers = {"in_reply_to_user_id": brand.x_user_id, "text": f"id {brand.x_user_id}"}
    mentions = encoded({"payload": answers, "filter": {"user_id": other.x_user_id}})
    RawEvent.objects.create(source="webhook", fact="f", body=mentions, state="dead")
    erasure, _ = erase(brand, by=admin)
    erase_on(erasure.pk)
    assert set(Conversation.objects.all()) == {theirs.conversation, same.conversation}
    assert talk.contact in Contact.objects.all()
    assert KnownPost.objects.filter(x_conversation_id=ours.x_conversation_id).exists()
    assert set(RawEvent.objects.values_list("fact", flat=True)) == {"e", "f"}


def test_the_handle_must_be_typed(brand, admin, talk, client, sign_in):
    browser, path = sign_in(client, admin), f"/handles/@{brand.handle}/erasure/"
    for typed in ("", "acme", f"{brand.handle}x"):
        answer = browser.post(path, {"typed": typed})
        assert answer.status_code == 422
    page = answer.content.decode()
    assert "Nothing was erased" in page
    assert f'value="{brand.handle}x"' in page
    assert not Erasure.objects.exists()
    assert Connection.objects.exists()

    answer = browser.post(path, {"typed": f" @{brand.handle.upper()}"})
    assert answer["Location"] == f"/handles/erasures/{Erasure.objects.get().pk}/"


def test_its_page_shows_how_far_it_is(brand, admin, client, sign_in):
    for _ in range(3):
        make_conversation(brand)
    erasure, _ = erase(brand, by=admin)
    browser = sign_in(client, admin)
    page = browser.get(f"/handles/erasures/{erasure.pk}/").content.decode()
    assert "0 of 3 conversations are gone" in page
    fragment = browser.get(f"/handles/erasures/{erasure.pk}/", headers={"HX-Request": "true"})
    assert fragment.content.decode().lstrip().startswith("<section")
    assert "is being erased" in browser.get(f"/handles/@{brand.handle}/running/").content.decode()


def test_any_worker_goes_on_from_what_is_left(brand, admin, monkeypatch):
    monkeypatch.setattr(erasing, "CONVERSATIONS_AT_ONCE", 2)
    for _ in range(5):
        make_message(make_thread(make_conversation(brand)))
    erasure, _ = erase(brand, by=admin)
    assert erase_some(erasure.pk)
    erasure.refresh_from_db()
    assert (erasure.conversations, Conversation.objects.count()) == (2, 3)
    erase_on(erasure.pk)
    erase_on(erasure.pk)
    erasure.refresh_from_db()
    assert (erasure.conversations, erasure.messages) == (5, 5)
    assert erasure.is_finished


def test_a_worker_gives_way_and_rings_for_the_next(brand, admin, monkeypatch):
    rung = []
    monkeypatch.setattr(erasing, "GIVE_WAY_AFTER_SECONDS", -1)
    monkeypatch.setattr(erasing, "ring_now", lambda task, **ids: rung.append((task, ids)))
    make_conversation(brand)
    erasure, _ = erase(brand, by=admin)
    erase_on(erasure.pk)
    erase_all()
    ring = ("twitter_sync.erase", {"queue": "default", "erasure_id": erasure.pk})
    assert rung == [ring, ring]
    assert not Erasure.objects.get().is_finished


def test_a_second_time_is_the_same_erasure(brand, admin):
    first, _ = erase(brand, by=admin)
    assert erase(brand, by=admin)[0] == first
    assert Erasure.objects.count() == 1


def test_while_something_is_set_up_the_last_step_is_put_off(webhook_url, brand, admin, rung):
    set_up(brand)
    erasure, _ = erase(brand, by=admin)
    rung.clear()
    with somebody_does("twitter_sync.set_up"):
        erase_on(erasure.pk)
        wind_up(brand_id=brand.pk)
    assert sorted(rung) == [("twitter_sync.erase", 5), ("twitter_sync.wind_up", 5)]
    assert Subscription.objects.filter(brand=brand).exists()
    erase_on(erasure.pk)
    assert not BrandAccount.objects.filter(pk=brand.pk).exists()


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int | None]]:
    """Every task that is asked for, and in how many seconds."""
    asked: list[tuple[str, int | None]] = []

    def send_task(name: str, *, countdown: int | None, **_: object) -> None:
        asked.append((name, countdown))

    monkeypatch.setattr(current_app, "send_task", send_task)
    return asked


def test_x_is_told_to_stop(webhook_url, brand, admin):
    set_up(brand)
    erasure, _ = erase(brand, by=admin)
    erase_on(erasure.pk)
    at_x = [one["filter"]["user_id"] for one in Client.for_app().subscriptions().get("data") or []]
    assert brand.x_user_id not in at_x
    assert not Subscription.objects.exists()
    erasure.refresh_from_db()
    assert erasure.left_at_x == ""


def test_x_being_away_does_not_keep_anything_here(webhook_url, brand, admin, settings):
    set_up(brand)
    settings.X_API_URL = "http://127.0.0.1:9"
    oauth.forget_bearer()
    erasure, doubt = erase(brand, by=admin)
    assert "could not be reached" in doubt
    erase_on(erasure.pk)
    erasure.refresh_from_db()
    assert "could not be reached" in erasure.left_at_x
    assert not BrandAccount.objects.exists()


def test_a_late_delivery_is_thrown_away(brand, admin):
    erasure, _ = erase(brand, by=admin)
    erase_on(erasure.pk)
    record_delivery(encoded(dm_received(brand, make_contact(), SECRET)))
    apply_due()
    assert RawEvent.objects.get().state == "orphan"
    erase_all()
    assert not RawEvent.objects.exists()
    assert not Message.objects.exists()


def test_orphans_of_a_handle_that_was_only_disconnected_stay(brand, acme):
    orphan = {"source": "webhook", "body": b"{}", "state": "orphan"}
    RawEvent.objects.create(fact="a", waits_for="4711", **orphan)
    erase_all()
    assert RawEvent.objects.count() == 1


def test_it_can_not_be_reconnected_while_it_goes(brand, admin, simulator: Simulator):
    pair = oauth.pair_of(simulator.consent({"id": brand.x_user_id}))
    erase(brand, by=admin)
    with pytest.raises(BeingErased):
        connect(pair, by=admin)
    assert not Connection.objects.exists()


def test_connecting_it_again_is_a_new_beginning(
    webhook_url, brand, admin, olga, talk, simulator: Simulator
):
    erasure, _ = erase(brand, by=admin)
    erase_on(erasure.pk)
    again = connect(oauth.pair_of(simulator.consent({"id": brand.x_user_id})), by=olga)
    assert again.pk != brand.pk
    assert not again.conversations.exists()
    record_delivery(encoded(dm_received(again, make_contact(), "Hello again")))
    apply_due()
    erase_all()
    assert again.conversations.count() == 1


def test_what_came_in_meanwhile_goes_too(brand, admin, monkeypatch):
    """A worker that knew the handle as connected takes one more message, before the handle goes."""
    erasure, _ = erase(brand, by=admin)
    latest = [lambda: make_message(make_thread(make_conversation(brand)), SECRET)]
    told = erasing.wind_up

    def wind_up(brand_id: int) -> None:
        told(brand_id)
        for come in latest[:1]:
            latest.clear()
            come()

    monkeypatch.setattr(erasing, "wind_up", wind_up)
    erase_on(erasure.pk)
    assert not Erasure.objects.get().is_finished
    erase_on(erasure.pk)
    assert Erasure.objects.get().is_finished
    assert tables_with(SECRET) == []


@pytest.mark.parametrize(("role", "status"), [(Role.AGENT, 403), (Role.MANAGER, 403), (None, 404)])
def test_others_are_refused(brand, admin, client, sign_in, role, status):
    person = make_user("Other")
    if role:
        make_membership(person, brand, role)
    path = f"/handles/@{brand.handle}/erasure/"
    assert sign_in(client, person).post(path, {"typed": brand.handle}).status_code == status
    with pytest.raises(PermissionDenied):
        erase(brand, by=person)
    erasure, _ = erase(brand, by=admin)
    assert client.get(f"/handles/erasures/{erasure.pk}/").status_code == 404
