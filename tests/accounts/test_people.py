from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client

from accounts.actions import people
from accounts.models import Role
from tests.factories import make_membership, make_team, make_user


def names(response) -> str:
    return response.content.decode()


class TestList:
    def test_an_admin_sees_who_works_on_their_handle(self, client, sign_in, ada, ana, sam, zoe):
        body = names(sign_in(client, ada).get("/people/"))
        assert "Ana Agent" in body
        assert "Sam Manager" in body
        assert "Zoe Other" not in body

    def test_the_owner_sees_everybody(self, client, sign_in, olga, ana, zoe):
        body = names(sign_in(client, olga).get("/people/"))
        assert "Ana Agent" in body
        assert "Zoe Other" in body

    def test_an_admin_does_not_see_what_else_a_person_works_on(
        self, client, sign_in, ada, acme, zoe, globex
    ):
        make_membership(zoe, acme)
        sign_in(client, ada)
        for page in ("/people/", f"/people/{zoe.pk}/"):
            body = names(client.get(page))
            assert "Zoe Other" in body
            assert "globex" not in body

    def test_it_asks_the_database_as_often_for_many_as_for_few(
        self, client, sign_in, ada, acme, ana, django_assert_num_queries
    ):
        sign_in(client, ada).get("/people/")
        with django_assert_num_queries(7):
            client.get("/people/")
        for place in range(20):
            make_team(acme, f"Team {place}", members=(make_user(brand=acme),))
        with django_assert_num_queries(7):
            client.get("/people/")


class TestDisabling:
    def test_every_session_ends_at_once(self, client, sign_in, ada, ana, heard):
        theirs = sign_in(Client(), ana)
        sign_in(client, ada)
        with heard() as announced:
            client.post(f"/people/{ana.pk}/disable/")
        assert theirs.get("/profile/").status_code == 302
        assert announced == [ana.pk]

    def test_enabling_lets_them_sign_in_again_but_revives_no_session(
        self, client, sign_in, ada, ana
    ):
        theirs = sign_in(Client(), ana)
        sign_in(client, ada).post(f"/people/{ana.pk}/disable/")
        client.post(f"/people/{ana.pk}/enable/")
        assert theirs.get("/profile/").status_code == 302
        ana.refresh_from_db()
        assert ana.is_active

    def test_roles_stay(self, ada, ana, acme):
        people.disable(ana, by=ada)
        assert ana.memberships.get().brand == acme

    def test_nobody_disables_himself(self, client, sign_in, ada, olga):
        for person in (ada, olga):
            response = sign_in(client, person).post(f"/people/{person.pk}/disable/")
            assert response.status_code == 409
            person.refresh_from_db()
            assert person.is_active

    def test_an_admin_cannot_disable_the_owner(self, client, sign_in, ada, olga, acme):
        make_membership(olga, acme)
        assert sign_in(client, ada).post(f"/people/{olga.pk}/disable/").status_code == 403
        olga.refresh_from_db()
        assert olga.is_active

    def test_an_admin_cannot_disable_who_also_works_elsewhere(
        self, client, sign_in, ada, acme, zoe, olga
    ):
        make_membership(zoe, acme)
        assert sign_in(client, ada).post(f"/people/{zoe.pk}/disable/").status_code == 403
        people.disable(zoe, by=olga)
        assert sign_in(client, ada).post(f"/people/{zoe.pk}/enable/").status_code == 403
        zoe.refresh_from_db()
        assert not zoe.is_active

    def test_twice_is_harmless(self, ada, ana):
        people.disable(ana, by=ada)
        people.disable(ana, by=ada)
        assert not ana.is_active

    @pytest.mark.parametrize(("who", "status"), [("sam", 403), ("ben", 403), ("nia", 404)])
    def test_others_are_refused(self, request, client, sign_in, ana, who, status):
        person = request.getfixturevalue(who)
        assert sign_in(client, person).post(f"/people/{ana.pk}/disable/").status_code == status
        with pytest.raises(PermissionDenied):
            people.disable(ana, by=person)
        ana.refresh_from_db()
        assert ana.is_active


class TestPage:
    def test_it_offers_what_the_reader_may_do(self, client, sign_in, ada, ana):
        body = names(sign_in(client, ada).get(f"/people/{ana.pk}/"))
        assert f"/people/{ana.pk}/disable/" in body
        assert f"/memberships/{ana.memberships.get().pk}/role/" in body

    def test_it_does_not_offer_to_disable_oneself(self, client, sign_in, ada):
        assert "/disable/" not in names(sign_in(client, ada).get(f"/people/{ada.pk}/"))

    def test_it_says_when_a_mail_did_not_go_out(self, client, sign_in, ada, ana):
        ana.letters.create(kind="reset", failure="SMTPServerDisconnected: gone", due_at=None)
        assert "SMTPServerDisconnected" in names(sign_in(client, ada).get(f"/people/{ana.pk}/"))

    def test_a_name_is_text(self, client, sign_in, ada, acme):
        evil = make_user("<script>alert(1)</script>", acme, email="evil@example.com")
        sign_in(client, ada)
        for page in ("/people/", f"/people/{evil.pk}/"):
            assert "<script>alert" not in names(client.get(page))


def test_a_reset_link_goes_to_the_person_alone(client, sign_in, ada, ana, post):
    sign_in(client, ada).post(f"/people/{ana.pk}/link/")
    (mail,) = post()
    assert mail.to == [ana.email]
    assert client.session["_auth_user_id"] == str(ada.pk)


def test_an_admin_of_another_handle_sends_no_link(client, sign_in, nia, ana, post):
    assert sign_in(client, nia).post(f"/people/{ana.pk}/link/").status_code == 404
    assert post() == []


def test_the_role_of_a_disabled_admin_counts_for_nothing(client, sign_in, ada, ana):
    ada.memberships.update(role=Role.ADMIN)
    ada.is_active = False
    with pytest.raises(PermissionDenied):
        people.disable(ana, by=ada)
