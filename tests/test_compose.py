"""Every service of the compose file that is ours starts, works together, and ends: as processes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import psycopg2
import pytest
from pytest_django import DjangoDbBlocker

from config.importmap import STATIC
from tests.compose import ROOT, Deployment, deployed, free_port, make_image, ours, run_build_step
from tests.outside import CADDY, Browser, Mailbox, proxied, submit
from tests.stack import until
from tests.test_production import GOOD

OLGA = {"email": "olga@example.com", "password": "a-long-password-9"}


@pytest.fixture(scope="module")
def mailbox() -> Iterator[Mailbox]:
    with Mailbox() as mailbox:
        yield mailbox
        mailbox.shutdown()


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    image = make_image(tmp_path_factory.mktemp("image"))
    answer = run_build_step(image, "collectstatic")
    assert answer.returncode == 0, answer.stderr
    return image


@pytest.fixture(scope="module")
def deployment(
    image: Path,
    mailbox: Mailbox,
    tmp_path_factory: pytest.TempPathFactory,
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[Deployment]:
    dotenv = GOOD | {
        "POSTGRES_PASSWORD": "f3b19c7e0a5d4826",
        "HANDLED_WEB_URL": f"https://localhost:{free_port()}",
        "EMAIL_HOST": "127.0.0.1",
        "EMAIL_PORT": str(mailbox.server_address[1]),
        "EMAIL_USE_TLS": "no",
    }
    with django_db_blocker.unblock():
        where = tmp_path_factory.mktemp("deployed")
        with deployed(where, image, **dotenv) as deployment:
            owner = ["--email", OLGA["email"], "--password", OLGA["password"]]
            answer = deployment.run("migrate", "python", "manage.py", "create_owner", *owner)
            assert answer.returncode == 0, answer.stderr
            yield deployment


def everything(session: Any) -> dict[str, int]:
    """How many rows each table has."""
    cursor = session.cursor()
    cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    counted = {}
    for (name,) in cursor.fetchall():
        cursor.execute(f'SELECT count(*) FROM "{name}"')  # noqa: S608 - a name of the catalogue
        counted[name] = cursor.fetchone()[0]
    assert counted["accounts_user"] == 1
    return counted


@pytest.mark.deep
@pytest.mark.processes
class TestServices:
    """In this order: the last one ends them."""

    def test_all_of_ours_are_healthy(self, deployment):
        assert set(deployment.running) == set(ours())
        assert all(deployment.is_healthy(name) for name in ours())

    def test_the_database_knows_who_asks_it(self, deployment):
        with closing(psycopg2.connect(deployment.database_url)) as session:
            cursor = session.cursor()
            cursor.execute("SELECT DISTINCT application_name FROM pg_stat_activity")
            assert {"web"} <= {name for (name,) in cursor.fetchall()}

    def test_pages_name_packed_files_that_are_there_for_ever(self, deployment):
        browser = Browser(deployment)
        page = browser.look("/sign-in/")
        assert page.status_code == 200
        assert "max-age=31536000" in page.headers["Strict-Transport-Security"]
        files = set(re.findall(r'"(/static/[^"]+)"', page.text))
        assert len(files) > 10
        for file in files:
            answer = browser.look(file)
            assert answer.status_code == 200, file
            assert "immutable" in answer.headers["Cache-Control"], file

    def test_every_static_file_is_in_the_image(self, deployment, image):
        sources = [path for path in STATIC.rglob("*") if path.is_file()]
        assert all((image / "staticfiles" / path.relative_to(STATIC)).exists() for path in sources)

    def test_plain_http_is_led_to_https(self, deployment):
        answer = Browser(deployment).look("/sign-in/", **{"X-Forwarded-Proto": "http"})
        assert answer.status_code == 301
        assert answer.headers["Location"].startswith("https://localhost")

    def test_addresses_that_a_client_makes_up_give_no_new_tries(self, deployment):
        browser = Browser(deployment)
        answers = []
        for number in range(11):
            browser.address = f"198.51.100.{number}, 192.0.2.66"
            answers.append(browser.submit("/sign-in/", email=OLGA["email"], password="wrong"))
        assert [answer.status_code for answer in answers] == [422] * 9 + [429] * 2

    def test_a_letter_goes_from_a_page_by_a_forked_worker_to_the_mail_server(
        self, deployment, mailbox
    ):
        Browser(deployment).submit("/password/", email=OLGA["email"])
        until(lambda: mailbox.letters, within=20)
        assert deployment.dotenv["HANDLED_WEB_URL"] + "/password/" in mailbox.letters[0]

    if CADDY:

        def test_the_proxy_leads_everything_where_it_belongs(self, deployment, tmp_path):
            """Where Caddy is installed."""
            with proxied(deployment, tmp_path) as browser:
                page = browser.get("/sign-in/")
                assert page.status_code == 200
                assert "Server" not in page.headers
                assert "Content-Encoding" not in page.headers
                # What a client says of itself goes no further: it is still one and the same.
                for number in range(10):
                    browser.headers["X-Forwarded-For"] = f"198.51.100.{number}"
                    answer = submit(browser, "/sign-in/", email="no@one.test", password="wrong")
                assert answer.status_code == 429
                # As large as the webhook takes: it is the webhook that refuses, for the signature.
                assert browser.post("/webhooks/x/", content=b"0" * 2**20).status_code == 403
                assert submit(browser, "/sign-in/", **OLGA).status_code == 302
                with browser.stream("GET", "/live/stream") as stream:
                    lines = stream.iter_lines()
                    assert "event: hello" in (next(lines), next(lines))

    def test_an_open_stream_ends_with_its_process_and_without_a_traceback(self, deployment):
        browser = Browser(deployment)
        assert browser.submit("/sign-in/", **OLGA).status_code == 302
        address = f"{deployment.live}/live/stream"
        headers = {"Cookie": browser.cookie}
        with httpx.stream("GET", address, headers=headers, timeout=20) as stream:
            lines = stream.iter_lines()
            assert next(lines).startswith("id: ")
            assert deployment.stop("live") == {"live": 0}
            assert "event: hello" in list(lines)
        assert "Traceback" not in deployment.log("live")

    def test_each_ends_well_when_it_is_asked_to(self, deployment):
        names = list(deployment.running)
        assert deployment.stop(*names) == dict.fromkeys(names, 0)
        assert not [name for name in names if "Traceback" in deployment.log(name)]

    def test_a_backup_is_restored_as_the_guide_says(self, deployment, tmp_path):
        """Everything has stopped by now, as the guide asks for."""
        guide = (ROOT / "docs" / "deployment.md").read_text()
        part = guide.partition("## Backup and restore")[2].partition("\n## ")[0]
        lines = re.findall(r"^docker compose exec -T postgres (.*)$", part, re.MULTILINE)
        assert len(lines) == 8
        with closing(psycopg2.connect(deployment.database_url)) as session:
            before = everything(session)
        for line in lines:
            deployment.tell_postgres(line, tmp_path)
        with closing(psycopg2.connect(deployment.database_url)) as session:
            assert everything(session) == before
