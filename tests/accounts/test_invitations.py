from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.core.exceptions import PermissionDenied

from accounts.actions import invitations, memberships
from accounts.links import LinkSpent, invitation_link, reset_link
from accounts.models import Letter, Membership, Role, User
from tests.accounts.test_passwords import ALTERATIONS
from tests.factories import PASSWORD, make_membership, make_user

CHOSEN = {
    "name": "Kim Chosen",
    "time_zone": "Europe/Madrid",
    "password": "seven new words to say",
    "again": "seven new words to say",
}


def invite(client, brand, email="kim@example.com", role="agent", name="Kim New"):
    return client.post(
        "/people/invite/", {"email": email, "name": name, "brand": brand.pk, "role": role}
    )


@pytest.fixture
def kim(acme, ada) -> User:
    """Invited to @acme, nothing chosen yet."""
    return invitations.invite(
        email="kim@example.com", name="Kim New", brand=acme, role=Role.AGENT, by=ada
    )


class TestInviting:
    def test_it_gives_a_role_and_mails_a_link(self, client, sign_in, ada, acme, post):
        response = invite(sign_in(client, ada), acme, email=" KIM@Example.com", role="manager")
        assert response["Location"] == "/people/"
        kim = User.objects.get(email="kim@example.com")
        assert kim.is_invited
        assert kim.memberships.get().role == Role.MANAGER
        (mail,) = post()
        assert mail.to == ["kim@example.com"]
        assert "@acme" in mail.subject
        assert "Ada Admin" in mail.body

    def test_a_known_address_gets_the_role_and_is_told(
        self, client, sign_in, ada, acme, zoe, heard, post
    ):
        sign_in(client, ada)
        with heard() as people:
            response = invite(client, acme, email=zoe.email, name="Somebody")
        assert response["Location"] == "/people/"
        zoe.refresh_from_db()
        assert zoe.name == "Zoe Other"
        assert zoe.memberships.count() == 2
        assert people == [zoe.pk]
        (mail,) = post()
        assert "/invitations/" not in mail.body

    def test_known_and_unknown_addresses_get_the_same_answer(
        self, client, sign_in, ada, acme, zoe, globex
    ):
        """trust S4"""
        sign_in(client, ada)
        for email in (zoe.email, "nobody@example.com"):
            response = invite(client, acme, email=email)
            assert (response.status_code, response["Location"]) == (302, "/people/")
            said = f"A mail is on its way to {email}."
            assert said in client.get("/profile/").content.decode()

    def test_a_member_is_not_invited_again(self, client, sign_in, ada, acme, ana):
        response = invite(sign_in(client, ada), acme, email="ANA@example.com", role="admin")
        assert response.status_code == 422
        assert "Ana Agent works on this handle already" in response.content.decode()
        assert ana.memberships.get().role == Role.AGENT

    def test_an_invited_person_may_be_invited_to_a_second_handle(self, kim, globex, nia, link_to):
        invitations.invite(email="kim@example.com", name="K", brand=globex, role=Role.AGENT, by=nia)
        assert kim.memberships.count() == 2
        assert "/invitations/" in link_to(kim)

    def test_it_does_not_enable_someone_who_is_disabled(self, acme, ada, globex, post):
        dan = make_user("Dan", globex, is_active=False)
        invitations.invite(email=dan.email, name="Dan", brand=acme, role=Role.AGENT, by=ada)
        dan.refresh_from_db()
        assert not dan.is_active
        assert post() == []

    @pytest.mark.parametrize("who", ["ana", "sam"])
    def test_agents_and_managers_are_refused(self, request, client, sign_in, acme, who):
        person = request.getfixturevalue(who)
        assert invite(sign_in(client, person), acme).status_code == 403
        with pytest.raises(PermissionDenied):
            invitations.invite(
                email="k@example.com", name="K", brand=acme, role=Role.AGENT, by=person
            )
        assert not User.objects.filter(email__startswith="k").exists()

    def test_who_is_refused_does_not_learn_who_works_there(self, acme, ana, nia):
        with pytest.raises(PermissionDenied):
            invitations.invite(email=ana.email, name="A", brand=acme, role=Role.AGENT, by=nia)

    def test_nobody_invites_to_a_handle_of_others(self, client, sign_in, ada, acme, globex):
        assert invite(sign_in(client, ada), globex).status_code == 422
        assert not User.objects.filter(email="kim@example.com").exists()

    def test_an_agents_role_elsewhere_does_not_let_an_admin_invite_there(
        self, client, sign_in, ada, acme, globex
    ):
        make_membership(ada, globex)
        assert invite(sign_in(client, ada), globex).status_code == 422

    @pytest.mark.parametrize(
        "form", [{"email": "not an address"}, {"role": "owner"}, {"name": " \u202e "}]
    )
    def test_what_makes_no_sense_is_refused_and_kept(self, client, sign_in, ada, acme, form):
        response = invite(sign_in(client, ada), acme, **form)
        assert response.status_code == 422
        assert Letter.objects.count() == 0


class TestAccepting:
    def test_the_link_lets_the_person_in(self, client, kim, link_to):
        path = link_to(kim)
        assert "Kim New" in client.get(path).content.decode()
        assert client.post(path, CHOSEN)["Location"] == "/"
        assert client.get("/profile/").status_code == 200
        kim.refresh_from_db()
        assert (kim.name, kim.time_zone) == ("Kim Chosen", "Europe/Madrid")
        assert kim.check_password(CHOSEN["password"])
        assert not kim.is_invited

    def test_the_session_of_somebody_else_ends(self, client, sign_in, ana, kim, link_to):
        key = sign_in(client, ana).session.session_key
        client.post(link_to(kim), CHOSEN)
        assert client.session["_auth_user_id"] == str(kim.pk)
        assert client.session.session_key != key

    def test_a_used_link_is_refused(self, client, kim, link_to):
        path = link_to(kim)
        client.post(path, CHOSEN)
        client.post("/sign-out/")
        assert client.get(path).status_code == 410
        assert client.post(path, CHOSEN | {"name": "Thief"}).status_code == 410
        kim.refresh_from_db()
        assert kim.name == "Kim Chosen"

    def test_looking_does_not_use_it_up(self, client, kim, link_to):
        path = link_to(kim)
        client.get(path)
        client.head(path)
        assert client.post(path, CHOSEN).status_code == 302

    @pytest.mark.parametrize("alteration", ALTERATIONS)
    def test_an_altered_link_is_refused(self, kim, alteration):
        """trust S6"""
        token = ALTERATIONS[alteration](invitation_link.make_token(kim))
        with pytest.raises(LinkSpent):
            invitations.invited_person(kim.pk, token)

    def test_an_expired_link_is_refused(self, client, kim, link_to, monkeypatch):
        path = link_to(kim)
        later = datetime.now() + timedelta(days=7, seconds=2)
        monkeypatch.setattr(PasswordResetTokenGenerator, "_now", lambda self: later)
        assert client.get(path).status_code == 410

    def test_the_link_of_another_person_or_kind_is_refused(self, client, acme, ada, kim, ana):
        other = make_user("Lee", acme, password=None, invited_at="2026-01-01T00:00Z")
        for token in (invitation_link.make_token(other), reset_link.make_token(kim)):
            assert client.get(f"/invitations/{kim.pk}/{token}/").status_code == 410

    def test_someone_with_a_password_cannot_be_invited_into_a_new_one(self, client, ana):
        token = invitation_link.make_token(ana)
        assert client.post(f"/invitations/{ana.pk}/{token}/", CHOSEN).status_code == 410
        ana.refresh_from_db()
        assert ana.check_password(PASSWORD)

    def test_a_weak_password_is_refused_and_the_link_lives(self, client, kim, link_to):
        path = link_to(kim)
        weak = CHOSEN | {"password": "short", "again": "short"}
        response = client.post(path, weak)
        assert response.status_code == 422
        assert 'value="Kim Chosen"' in response.content.decode()
        assert client.post(path, CHOSEN).status_code == 302


class TestInvitingAgain:
    def test_the_new_link_works_and_the_old_one_does_not(self, client, sign_in, ada, kim, link_to):
        old = link_to(kim)
        sign_in(client, ada).post(f"/people/{kim.pk}/link/")
        new = link_to(kim)
        client.post("/sign-out/")
        assert client.get(old).status_code == 410
        assert client.get(new).status_code == 200

    def test_a_foreign_admin_cannot(self, client, sign_in, kim, nia):
        assert sign_in(client, nia).post(f"/people/{kim.pk}/link/").status_code == 404
        with pytest.raises(PermissionDenied):
            invitations.invite_again(kim, by=nia)


def test_removing_the_last_role_takes_the_invitation_back(client, kim, ada, link_to):
    path = link_to(kim)
    memberships.remove_membership(kim.memberships.get(), by=ada)
    assert client.get(path).status_code == 410


def test_an_invitation_not_sent_yet_is_taken_back_too(kim, ada, post):
    memberships.remove_membership(kim.memberships.get(), by=ada)
    assert post() == []
    assert Letter.objects.get().due_at is None


def test_two_who_follow_the_link_at_once_are_one(kim, link_to):
    token = link_to(kim).rstrip("/").rsplit("/")[-1]
    chosen = {"name": "Kim", "password": "a first long password", "time_zone": "UTC"}
    invitations.accept_invitation(kim.pk, token, **chosen)
    with pytest.raises(LinkSpent):
        invitations.accept_invitation(kim.pk, token, **chosen | {"name": "Thief"})
    assert Membership.objects.filter(user=kim).count() == 1
