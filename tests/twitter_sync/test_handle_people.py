"""People of a handle, on the handle's own page."""

from __future__ import annotations

import pytest

from accounts.models import Membership, Role, User
from tests.factories import make_brand, make_membership, make_user

PATH = "/handles/@acme/people/"
INVITE = "/handles/@acme/invitations/"


def of(person, brand) -> Membership:
    return Membership.objects.get(user=person, brand=brand)


def test_it_lists_who_works_here_and_as_what(client, sign_in, ada, ana, sam, zoe, acme):
    page = sign_in(client, ada).get(PATH).content.decode()
    assert "3 people" in page
    assert "Ana Agent" in page
    assert "Zoe Other" not in page


def test_a_colleague_from_another_handle_of_mine_joins(client, sign_in, ada, acme):
    kim = make_user("Kim", make_brand("acme_help"))
    Membership.objects.create(user=ada, brand=kim.memberships.get().brand, role=Role.ADMIN)
    answer = sign_in(client, ada).post(PATH, {"person": kim.pk, "role": "manager"})
    assert answer["Location"] == PATH
    assert of(kim, acme).role == Role.MANAGER


def test_somebody_of_a_strange_handle_can_not_be_named(client, sign_in, ada, zoe, acme):
    answer = sign_in(client, ada).post(PATH, {"person": zoe.pk, "role": "agent"})
    assert answer.status_code == 422
    assert "Zoe" not in answer.content.decode()
    assert not Membership.objects.filter(user=zoe, brand=acme).exists()


def test_somebody_new_is_invited(client, sign_in, ada, acme):
    typed = {"email": "Kim@Example.com", "name": "Kim", "role": "agent"}
    assert sign_in(client, ada).post(INVITE, typed)["Location"] == PATH
    assert of(User.objects.get(email="kim@example.com"), acme).role == Role.AGENT


def test_a_refused_invitation_keeps_what_was_typed(client, sign_in, ada, ana, acme):
    typed = {"email": ana.email, "name": "Ana Again", "role": "agent"}
    answer = sign_in(client, ada).post(INVITE, typed)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "works on this handle already" in page
    assert 'value="Ana Again"' in page


def test_role_and_removal_lead_back_to_the_handle(client, sign_in, ada, ana, acme):
    browser, pk = sign_in(client, ada), of(ana, acme).pk
    changed = browser.post(f"/memberships/{pk}/role/", {"role": "manager", "next": PATH})
    assert changed["Location"] == PATH
    assert of(ana, acme).role == Role.MANAGER
    assert browser.post(f"/memberships/{pk}/removal/", {"next": PATH})["Location"] == PATH
    assert not Membership.objects.filter(user=ana, brand=acme).exists()


@pytest.mark.parametrize("there", ["https://evil.example/", "//evil.example/", "javascript:x"])
def test_they_never_lead_elsewhere(client, sign_in, ada, ana, acme, there):
    path = f"/memberships/{of(ana, acme).pk}/role/"
    answer = sign_in(client, ada).post(path, {"role": "manager", "next": there})
    assert answer["Location"] == f"/people/{ana.pk}/"


def test_who_steps_down_lands_where_they_may_still_be(client, sign_in, ada, acme):
    make_user("Ali", acme, Role.ADMIN)
    path = f"/memberships/{of(ada, acme).pk}/removal/"
    assert sign_in(client, ada).post(path, {"next": PATH})["Location"] == "/profile/"


def test_the_last_admin_stays(client, sign_in, ada, acme):
    path = f"/memberships/{of(ada, acme).pk}/removal/"
    answer = sign_in(client, ada).post(path, {"next": PATH})
    assert answer.status_code == 409
    assert "no admin left" in answer.content.decode()


def test_an_admin_of_another_handle_sees_none_of_it(client, sign_in, nia, acme):
    make_membership(nia, make_brand("nias"), Role.ADMIN)
    assert sign_in(client, nia).get(PATH).status_code == 404
