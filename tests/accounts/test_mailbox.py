from __future__ import annotations

import pytest
from django.core.mail import send_mail

from accounts.mailbox import FILE_BACKEND


@pytest.fixture
def in_files(settings, tmp_path):
    """Mail goes into a folder, as `./run` has it."""
    settings.EMAIL_BACKEND = FILE_BACKEND
    settings.EMAIL_FILE_PATH = tmp_path / "mail"


def read(client) -> str:
    return client.get("/mailbox/").content.decode()


@pytest.mark.usefixtures("in_files")
class TestInFiles:
    def test_the_owner_reads_the_newest_first(self, client, sign_in, olga):
        for subject in ("First", "Second"):
            send_mail(subject, "Hello", None, ["kim@example.com"])
        body = read(sign_in(client, olga))
        assert body.index("Second") < body.index("First")
        assert "kim@example.com" in body

    def test_addresses_are_links_and_the_rest_is_text(self, client, sign_in, olga):
        send_mail(
            "A <b>subject</b>",
            "Go to http://127.0.0.1:8000/invitations/1/abc/ <script>alert(1)</script> now",
            None,
            ["kim@example.com"],
        )
        body = read(sign_in(client, olga))
        assert 'href="http://127.0.0.1:8000/invitations/1/abc/"' in body
        assert "<script>alert" not in body
        assert "<b>subject" not in body

    @pytest.mark.parametrize("address", ["javascript:alert(1)", "data:text/html,x", "file:///etc"])
    def test_other_kinds_of_addresses_are_no_links(self, client, sign_in, olga, address):
        send_mail("S", f"Go to {address} now", None, ["kim@example.com"])
        assert f'href="{address}' not in read(sign_in(client, olga))

    def test_words_beyond_ascii_are_readable(self, client, sign_in, olga):
        send_mail("¿Qué tal, 東京?", "Grüße — 🎉", None, ["kim@example.com"])
        body = read(sign_in(client, olga))
        assert "¿Qué tal, 東京?" in body
        assert "Grüße — 🎉" in body

    def test_it_is_empty_before_the_first_mail(self, client, sign_in, olga):
        assert "No mail yet" in read(sign_in(client, olga))

    def test_nobody_else_reads_it(self, client, sign_in, ada, ana):
        send_mail("Secret", "Hello", None, ["kim@example.com"])
        for person in (ada, ana):
            response = sign_in(client, person).get("/mailbox/")
            assert response.status_code == 403
            assert "Secret" not in response.content.decode()

    def test_it_is_in_the_owners_navigation_alone(self, client, sign_in, olga, ada):
        assert 'href="/mailbox/"' in sign_in(client, olga).get("/profile/").content.decode()
        assert 'href="/mailbox/"' not in sign_in(client, ada).get("/profile/").content.decode()


def test_it_does_not_exist_where_mail_is_really_sent(client, sign_in, olga):
    assert sign_in(client, olga).get("/mailbox/").status_code == 404
    assert 'href="/mailbox/"' not in client.get("/profile/").content.decode()
