from __future__ import annotations

from django.test import Client

from accounts.demo import SIGN_INS, seed_people
from accounts.models import Membership, User
from tests.factories import make_brand


def test_everybody_of_it_can_sign_in(db):
    seed_people([make_brand(), make_brand(), make_brand()])
    for sign_in in SIGN_INS:
        form = {"email": sign_in["email"], "password": sign_in["password"]}
        assert Client().post("/sign-in/", form).status_code == 302, sign_in["email"]


def test_zoe_works_on_the_last_handle_alone_and_the_others_on_all(db):
    brands = [make_brand("one"), make_brand("two"), make_brand("three")]
    seed_people(brands)
    handles = {
        user.email.split("@")[0]: [m.brand.handle for m in user.memberships.order_by("pk")]
        for user in User.objects.all()
    }
    assert handles["zoe"] == ["three"]
    assert handles["olga"] == []
    assert handles["ana"] == handles["ada"] == handles["sam"] == ["one", "two", "three"]


def test_a_second_time_changes_nobody(db):
    brands = [make_brand("one"), make_brand("two")]
    seed_people(brands)
    User.objects.filter(email="ana@demo.example").update(name="Renamed")
    passwords = set(User.objects.values_list("password"))
    roles = Membership.objects.count()
    seed_people(brands)
    assert set(User.objects.values_list("password")) == passwords
    assert Membership.objects.count() == roles
    assert User.objects.get(email="ana@demo.example").name == "Renamed"
