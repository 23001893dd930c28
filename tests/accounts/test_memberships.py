from __future__ import annotations

import threading

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection

from accounts.actions import memberships, people
from accounts.models import Membership, Role
from tests.factories import make_membership, make_team, make_user


def of(person, brand) -> Membership:
    return Membership.objects.get(user=person, brand=brand)


def role_of(person, brand) -> str:
    return of(person, brand).role


class TestAdding:
    def test_the_owner_adds_a_person_to_a_second_handle(
        self, client, sign_in, olga, ana, acme, globex, heard, post
    ):
        sign_in(client, olga)
        with heard() as announced:
            client.post(f"/people/{ana.pk}/memberships/", {"brand": globex.pk, "role": "manager"})
        assert role_of(ana, globex) == Role.MANAGER
        assert announced == [ana.pk]
        assert "@globex" in post()[0].body

    def test_a_second_time_changes_nothing(self, ana, acme, ada, post):
        memberships.add_membership(ana, brand=acme, role=Role.ADMIN, by=ada)
        assert role_of(ana, acme) == Role.AGENT
        assert post() == []

    def test_an_admin_adds_only_to_handles_of_theirs(self, client, sign_in, ada, ana, globex):
        response = sign_in(client, ada).post(
            f"/people/{ana.pk}/memberships/", {"brand": globex.pk, "role": "agent"}
        )
        assert response.status_code == 422
        with pytest.raises(PermissionDenied):
            memberships.add_membership(ana, brand=globex, role=Role.AGENT, by=ada)
        assert not Membership.objects.filter(user=ana, brand=globex).exists()


class TestChangingTheRole:
    def change(self, client, membership, role):
        return client.post(f"/memberships/{membership.pk}/role/", {"role": role})

    def test_it_changes_and_is_told_to_open_streams(self, client, sign_in, ada, ana, acme, heard):
        sign_in(client, ada)
        with heard() as announced:
            self.change(client, of(ana, acme), "manager")
        assert role_of(ana, acme) == Role.MANAGER
        assert announced == [ana.pk]

    def test_nobody_raises_himself(self, client, sign_in, sam, ana, acme):
        for person in (sam, ana):
            response = self.change(sign_in(client, person), of(person, acme), "admin")
            assert response.status_code == 403
            assert role_of(person, acme) != Role.ADMIN

    def test_a_role_that_does_not_exist_is_refused(self, client, sign_in, ada, ana, acme):
        assert self.change(sign_in(client, ada), of(ana, acme), "owner").status_code == 409
        assert role_of(ana, acme) == Role.AGENT

    def test_a_form_that_makes_no_sense_shows_others_no_page(self, client, sign_in, sam, ana, acme):
        response = self.change(sign_in(client, sam), of(ana, acme), "owner")
        assert response.status_code == 403
        assert ana.email not in response.content.decode()

    def test_the_last_admin_stays_admin(self, client, sign_in, ada, acme):
        response = self.change(sign_in(client, ada), of(ada, acme), "agent")
        assert response.status_code == 409
        assert "no admin left" in response.content.decode()
        assert role_of(ada, acme) == Role.ADMIN

    def test_one_of_two_admins_may_step_down(self, client, sign_in, ada, acme):
        make_user("Ali", acme, Role.ADMIN)
        assert self.change(sign_in(client, ada), of(ada, acme), "agent").status_code == 302
        assert role_of(ada, acme) == Role.AGENT
        assert client.get("/people/").status_code == 403

    @pytest.mark.parametrize(
        "other", [{"is_active": False}, {"password": None, "invited_at": "2026-01-01T00:00Z"}]
    )
    def test_an_admin_who_cannot_sign_in_does_not_count(self, ada, acme, other):
        make_user("Ali", acme, Role.ADMIN, **other)
        with pytest.raises(memberships.LastAdmin):
            memberships.change_role(of(ada, acme), role=Role.AGENT, by=ada)

    def test_the_owner_may_leave_a_handle_without_admin(self, client, sign_in, olga, ada, acme):
        assert self.change(sign_in(client, olga), of(ada, acme), "agent").status_code == 302
        assert role_of(ada, acme) == Role.AGENT


class TestRemoving:
    def remove(self, client, membership):
        return client.post(f"/memberships/{membership.pk}/removal/")

    def test_the_person_leaves_the_handle_and_its_teams(
        self, client, sign_in, ada, ana, acme, globex, heard
    ):
        make_membership(ana, globex)
        ours, theirs = make_team(acme, members=(ana,)), make_team(globex, members=(ana,))
        sign_in(client, ada)
        with heard() as announced:
            assert self.remove(client, of(ana, acme))["Location"] == "/people/"
        assert not Membership.objects.filter(user=ana, brand=acme).exists()
        assert not ours.members.exists()
        assert list(theirs.members.all()) == [ana]
        assert announced == [ana.pk]

    def test_the_last_admin_cannot_be_removed(self, client, sign_in, ada, acme):
        assert self.remove(sign_in(client, ada), of(ada, acme)).status_code == 409
        assert role_of(ada, acme) == Role.ADMIN

    def test_the_owner_may_remove_the_last_admin(self, client, sign_in, olga, ada, acme):
        assert self.remove(sign_in(client, olga), of(ada, acme)).status_code == 302

    def test_one_who_leaves_lands_on_the_own_profile(self, client, sign_in, ada, acme):
        make_user("Ali", acme, Role.ADMIN)
        response = self.remove(sign_in(client, ada), of(ada, acme))
        assert response["Location"] == "/profile/"

    def test_twice_is_not_found(self, client, sign_in, ada, ana, acme):
        membership = of(ana, acme)
        sign_in(client, ada)
        self.remove(client, membership)
        assert self.remove(client, membership).status_code == 404

    @pytest.mark.parametrize(("who", "status"), [("sam", 403), ("ana", 403), ("nia", 404)])
    def test_others_are_refused(self, request, client, sign_in, ben, acme, who, status):
        person = request.getfixturevalue(who)
        assert self.remove(sign_in(client, person), of(ben, acme)).status_code == status
        assert role_of(ben, acme) == Role.AGENT


@pytest.mark.django_db(transaction=True)
def test_two_admins_who_remove_each_other_leave_one(acme, ada):
    ali = make_user("Ali", acme, Role.ADMIN)
    start = threading.Barrier(2)
    outcomes = []

    def remove(whom, by):
        membership = of(whom, acme)
        start.wait()
        try:
            memberships.remove_membership(membership, by=by)
            outcomes.append("removed")
        except (memberships.LastAdmin, PermissionDenied) as refusal:
            outcomes.append(type(refusal).__name__)
        finally:
            connection.close()

    threads = [threading.Thread(target=remove, args=pair) for pair in ((ada, ali), (ali, ada))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("removed") == 1
    assert Membership.objects.filter(brand=acme, role=Role.ADMIN).count() == 1


def test_disabling_the_other_admin_leaves_oneself(ada, acme):
    ali = make_user("Ali", acme, Role.ADMIN)
    people.disable(ali, by=ada)
    with pytest.raises(memberships.LastAdmin):
        memberships.remove_membership(of(ada, acme), by=ada)
