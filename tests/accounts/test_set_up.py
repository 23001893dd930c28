from __future__ import annotations

from io import StringIO

import pytest
from django.core import signing
from django.core.management import CommandError, call_command

from accounts import links
from accounts.actions import owner
from accounts.models import User
from tests.factories import PASSWORD, make_user

FORM = {
    "name": "Olga",
    "email": "olga@example.com",
    "password": "a password for the house",
    "again": "a password for the house",
    "time_zone": "Europe/Madrid",
}


def run(*arguments) -> str:
    output = StringIO()
    call_command("create_owner", *arguments, stdout=output)
    return output.getvalue().strip()


@pytest.fixture
def path(db, settings) -> str:
    return run("--link").removeprefix(settings.WEB_URL)


class TestTheLink:
    def test_whoever_follows_it_becomes_the_owner(self, client, path):
        assert client.get(path).status_code == 200
        assert client.post(path, FORM)["Location"] == "/"
        olga = User.objects.get()
        assert (olga.email, olga.is_superuser, olga.time_zone) == (
            "olga@example.com",
            True,
            "Europe/Madrid",
        )
        assert client.get("/people/").status_code == 200

    def test_it_works_once(self, client, path):
        client.post(path, FORM)
        client.post("/sign-out/")
        assert client.get(path).status_code == 410
        assert client.post(path, FORM | {"email": "evil@example.com"}).status_code == 410
        assert User.objects.count() == 1

    def test_it_is_refused_when_there_is_an_owner(self, client, path, olga):
        assert client.post(path, FORM).status_code == 410

    @pytest.mark.parametrize(
        "token", ["owner", "owner:x:y", " ", "owner:", "OWNER", "%", "owner:1:ß", "\x00"]
    )
    def test_an_altered_link_is_refused(self, db, token):
        with pytest.raises(links.LinkSpent):
            owner.require_set_up(token)

    def test_an_expired_link_is_refused(self, client, path, monkeypatch):
        late = links.SET_UP_LIFETIME.total_seconds() + 1
        real = signing.time.time
        monkeypatch.setattr(signing.time, "time", lambda: real() + late)
        assert client.get(path).status_code == 410

    def test_a_token_of_another_kind_is_refused(self, client, db):
        token = signing.TimestampSigner(salt="another").sign("owner")
        assert client.get(f"/set-up/{token}/").status_code == 410

    @pytest.mark.parametrize(
        "wrong",
        [
            {"password": "olga@example.com", "again": "olga@example.com"},
            {"again": "else"},
            {"email": "x"},
            {"name": ""},
            {"time_zone": "Mars/Base"},
        ],
    )
    def test_what_makes_no_sense_is_refused_and_the_link_lives(self, client, path, wrong):
        assert client.post(path, FORM | wrong).status_code == 422
        assert not User.objects.exists()
        assert client.post(path, FORM).status_code == 302

    def test_an_address_that_is_taken_is_refused(self, client, path, ana):
        response = client.post(path, FORM | {"email": "ANA@example.com"})
        assert response.status_code == 422
        assert "Someone has this address already" in response.content.decode()


class TestTheCommand:
    def test_it_creates_the_owner(self, db):
        assert run("--email", "Olga@Example.com", "--password", PASSWORD) == (
            "olga@example.com is the owner."
        )
        assert User.objects.get().is_superuser

    def test_the_same_again_changes_nothing(self, db):
        run("--email", "olga@example.com", "--password", PASSWORD)
        run("--email", "olga@example.com", "--password", "another long password")
        assert User.objects.get().check_password(PASSWORD)

    def test_a_second_owner_is_refused_with_a_way_out(self, olga):
        with pytest.raises(CommandError, match=r"changepassword olga@example\.com"):
            run("--email", "other@example.com", "--password", PASSWORD)

    def test_no_link_once_there_is_an_owner(self, olga):
        with pytest.raises(CommandError, match="is the owner already"):
            run("--link")

    def test_a_disabled_owner_is_none(self, db):
        make_user("Gone", is_superuser=True, is_active=False)
        assert "/set-up/" in run("--link")

    @pytest.mark.parametrize(
        "arguments",
        [
            ["--email", "nonsense", "--password", PASSWORD],
            ["--email", "o@example.com", "--password", "short"],
            [],
        ],
    )
    def test_what_makes_no_sense_is_named(self, db, arguments):
        with pytest.raises(CommandError):
            run(*arguments)
        assert not User.objects.exists()
