"""People are kept as X last described them, by whichever payload, in whichever order."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import BrandAccount
from inbox.models import Contact
from inbox.sequence import sequence_at
from tests.factories import minutes_ago
from tests.twitter_sync.bodies import (
    dm,
    event,
    mention_event,
    post,
    push,
    reply_event,
    told_dms,
)
from tests.twitter_sync.test_poll import poll_now, writes
from tests.x import Simulator
from twitter_sync.actions.applying import apply_due
from twitter_sync.actions.looking_up import look_up_due

pytestmark = pytest.mark.django_db
Body = dict[str, Any]


def whole(x_user_id: str, **fields: Any) -> Body:
    """Of GET answers and of activity payloads."""
    return {
        "id": x_user_id,
        "username": "ana_k",
        "name": "Ana K",
        "description": "Bakes bread",
        "location": "Toledo",
        "protected": False,
        "verified": True,
        "created_at": "2019-01-01T00:00:00.000Z",
        "public_metrics": {"followers_count": 97},
        **fields,
    }


def told(contact: Contact) -> tuple[str, ...]:
    contact.refresh_from_db()
    return contact.handle, contact.name, contact.bio, contact.location


def by_dm(acme: BrandAccount, carla: Contact, profile: Body, **fields: Any) -> Body:
    body = told_dms("dm.received", acme, dm(carla, acme, **fields), people=[])
    body["data"]["payload"]["users"] = {carla.x_user_id: {"data": profile}}
    return body


def by_old_dm(acme: BrandAccount, carla: Contact, profile: Body, **fields: Any) -> Body:
    """The Account Activity form: v1.1 users by id, with other names."""
    user = dict(profile, screen_name=profile["username"])
    del user["username"]
    return {
        "for_user_id": acme.x_user_id,
        "direct_message_events": [dm(carla, acme, **fields)],
        "users": {carla.x_user_id: user},
    }


def by_mention(acme: BrandAccount, carla: Contact, profile: Body, **fields: Any) -> Body:
    written = post(carla, "@acme help", names=[acme], **fields)
    return mention_event(acme, written, users=[profile])


def by_reply(acme: BrandAccount, carla: Contact, profile: Body, **fields: Any) -> Body:
    written = post(carla, "@acme help", names=[acme], in_reply_to_user_id=acme.x_user_id, **fields)
    return reply_event(acme, written, users=[profile])


SHAPES = [by_dm, by_old_dm, by_mention, by_reply]
shapes = pytest.mark.parametrize("shape", SHAPES)


@shapes
def test_every_shape_refreshes_the_whole_profile(client, acme, carla, shape):
    push(client, shape(acme, carla, whole(carla.x_user_id)))
    apply_due()
    assert told(carla) == ("ana_k", "Ana K", "Bakes bread", "Toledo")
    assert (carla.is_verified, carla.followers, carla.joined_x_at.year) == (True, 97, 2019)


@shapes
def test_a_payload_that_only_names_people_takes_nothing_away(client, acme, carla, shape):
    push(client, by_dm(acme, carla, whole(carla.x_user_id)))
    named = {"id": carla.x_user_id, "username": "ana_k", "name": "Ana Karenina"}
    push(client, shape(acme, carla, named))
    apply_due()
    assert told(carla) == ("ana_k", "Ana Karenina", "Bakes bread", "Toledo")
    assert (carla.is_verified, carla.followers) == (True, 97)


def test_what_a_person_has_emptied_is_empty(client, acme, carla):
    """X leaves an empty location out."""
    push(client, by_dm(acme, carla, whole(carla.x_user_id)))
    emptied = whole(carla.x_user_id, description="")
    del emptied["location"]
    push(client, by_mention(acme, carla, emptied))
    apply_due()
    assert told(carla) == ("ana_k", "Ana K", "", "")


def test_an_older_payload_that_comes_later_changes_nothing_but_the_history(client, acme, carla):
    before, after = dm(carla, acme)["id"], dm(carla, acme)["id"]
    push(client, by_dm(acme, carla, whole(carla.x_user_id, username="ana_new"), id=after))
    push(client, by_dm(acme, carla, whole(carla.x_user_id, username="ana_old"), id=before))
    apply_due()
    assert told(carla)[0] == "ana_new"
    assert [one.handle for one in carla.handles.all()] == ["ana_old", "ana_new"]


def test_a_handle_is_first_seen_at_the_earliest_time_told(client, acme, globex, carla):
    before, after = dm(carla, acme)["id"], dm(carla, acme)["id"]
    push(client, by_dm(acme, carla, whole(carla.x_user_id, username="ana_k"), id=after))
    later = carla.handles.model.objects.filter(contact=carla)
    apply_due()
    first = later.get().first_seen_at
    push(client, by_dm(globex, carla, whole(carla.x_user_id, username="ana_x"), id=before))
    apply_due()
    assert later.get(handle="ana_k").first_seen_at == first
    assert later.get(handle="ana_x").first_seen_at < first


def test_somebody_named_in_a_post_alone_has_a_handle_of_today(client, acme, carla):
    """Our answer, written in X, to somebody of whom nothing else was told."""
    stranger = Contact(x_user_id="424242", handle="stranger")
    question = post(stranger, "@acme help", names=[acme])
    answer = post(acme, "@stranger here we are", names=[stranger], answers=question)
    push(client, event("post.create", acme, answer, includes={}))
    apply_due()
    kept = Contact.objects.get(x_user_id="424242")
    assert (kept.handle, kept.name) == ("stranger", "")
    assert kept.handles.get().first_seen_at > minutes_ago(1)


# What we ask for


@pytest.fixture
def customer(simulator: Simulator) -> Body:
    return simulator.person(description="Bakes bread", location="Toledo")


def renamed(simulator: Simulator, customer: Body, **facts: Any) -> None:
    simulator.post("users", users=[{"id": customer["id"], **facts}])


def test_a_page_of_dms_refreshes_people(simulator, brand, customer):
    writes(simulator, customer, brand, "Hello")
    poll_now(brand)
    apply_due()
    contact = Contact.objects.get(x_user_id=customer["id"])
    assert told(contact)[2:] == ("Bakes bread", "Toledo")
    renamed(simulator, customer, username=f"{customer['username']}_x", description="Eats it")
    writes(simulator, customer, brand, "Again")
    poll_now(brand)
    apply_due()
    assert told(contact)[0] == f"{customer['username']}_x"
    assert told(contact)[2] == "Eats it"
    assert contact.handles.count() == 2


def test_x_describes_people_as_they_are_when_it_is_asked(simulator, brand, customer):
    """The message is old, and what X tells along with it is new."""
    two_days_ago = minutes_ago(2 * 24 * 60)
    long_ago = {"id": str(sequence_at(two_days_ago)), "created_at": two_days_ago.isoformat()}
    people = {"sender_id": customer["id"], "recipient_id": brand.x_user_id}
    simulator.post("load", dms=[{**people, **long_ago, "text": "Hello"}])
    poll_now(brand)
    apply_due()
    contact = Contact.objects.get(x_user_id=customer["id"])
    assert contact.profile_as_of > minutes_ago(1)


def test_a_look_up_refreshes_people(simulator, brand, customer, client):
    post_id = simulator.post("posts", author_id=customer["id"], text="@nobody")["id"]
    author = Contact.objects.create(x_user_id=customer["id"], handle=customer["username"])
    answer = post(
        author,
        f"@{brand.handle} well?",
        names=[brand],
        id=simulator.post(
            "posts",
            author_id=customer["id"],
            text=f"@{brand.handle} well?",
            in_reply_to_post_id=post_id,
        )["id"],
        referenced_tweets=[{"type": "replied_to", "id": post_id}],
    )
    push(client, mention_event(brand, answer))
    apply_due()
    look_up_due()
    assert told(author)[1:] == (customer["name"], "Bakes bread", "Toledo")
