"""What the QuerySets of accounts let a person see."""

from __future__ import annotations

import pytest
from django.db import IntegrityError

from accounts.models import BrandAccount, Membership, Team, User
from tests.factories import make_membership, make_team, make_user


def test_people_see_those_they_share_a_brand_with(ana, ben, zoe, olga):
    assert set(User.objects.visible_to(ana)) == {ana, ben}


def test_the_owner_sees_everyone(ana, zoe, olga):
    assert set(User.objects.visible_to(olga)) == {ana, zoe, olga}


def test_only_admins_and_the_owner_administer_people(ana, ada, sam, zoe, olga):
    assert set(User.objects.administered_by(ada)) == {ana, ada, sam}
    assert set(User.objects.administered_by(olga)) == {ana, ada, sam, zoe, olga}
    assert not User.objects.administered_by(sam).exists()


def test_a_person_of_two_brands_is_seen_once(ada, globex, zoe):
    make_membership(ada, globex)
    make_membership(zoe, ada.memberships.first().brand)
    assert User.objects.visible_to(ada).filter(pk=zoe.pk).count() == 1


def test_an_agents_role_elsewhere_gives_no_power_there(ada, globex, zoe):
    make_membership(ada, globex)
    assert zoe not in User.objects.administered_by(ada)
    assert not Membership.objects.administered_by(ada).filter(brand=globex).exists()


def test_the_owner_sees_no_brand_as_a_member(olga, acme):
    assert not BrandAccount.objects.visible_to(olga).exists()
    assert list(BrandAccount.objects.administered_by(olga)) == [acme]


def test_teams_are_seen_by_members_and_run_by_admins(acme, ana, ada, zoe):
    team = make_team(acme)
    assert list(Team.objects.visible_to(ana)) == [team]
    assert not Team.objects.administered_by(ana).exists()
    assert list(Team.objects.administered_by(ada)) == [team]
    assert not Team.objects.visible_to(zoe).exists()


def test_a_team_name_is_taken_whatever_its_case(acme):
    make_team(acme, "Front line")
    with pytest.raises(IntegrityError):
        make_team(acme, "FRONT LINE")


def test_an_address_is_taken_whatever_its_case(ana):
    with pytest.raises(IntegrityError):
        User.objects.create(email="ANA@example.com", name="Another")


def test_a_new_stamp_makes_a_new_session_hash(ana):
    before = ana.get_session_auth_hash()
    ana.session_stamp = "another"
    assert ana.get_session_auth_hash() != before


def test_an_invited_person_is_so_until_a_password_is_chosen(db):
    person = make_user("New", password=None, invited_at="2026-01-01T00:00Z")
    assert person.is_invited
    person.set_password("long enough")
    assert not person.is_invited
