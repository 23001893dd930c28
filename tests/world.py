"""Two companies alike, so that every id of one has a twin in the other, and a way to ask for pages.

The world lives in one transaction of a test module, and every request in a savepoint of its own:
whatever a request writes is gone before the next.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.links import invitation_link, reset_link, set_up_address
from accounts.models import BrandAccount, Role, User
from inbox.models import Attachment, Conversation, Enclosure, Message, SavedReply, Thread
from tests.factories import (
    make_attachment,
    make_brand,
    make_conversation,
    make_enclosure,
    make_held,
    make_message,
    make_note,
    make_team,
    make_thread,
    make_user,
    minutes_ago,
    next_x_id,
)
from tests.pictures import picture
from tests.role_matrix import CAST, Row, The
from twitter_sync.models import Erasure

ADMIN_TABLES = {"django_session", "django_migrations", "axes_accesslog"}


@dataclass
class Company:
    """What one company owns. `person` works there and signs in nowhere."""

    brand: BrandAccount
    agent: User
    admin: User
    person: User
    invited: User
    forgetful: User
    second_brand: BrandAccount
    conversation: Conversation
    threads: dict[str, Thread]
    messages: dict[str, Message] = field(default_factory=dict)
    other_conversation: Conversation = field(init=False)
    picture: Attachment = field(init=False)
    refused_picture: Attachment = field(init=False)
    enclosure: Enclosure = field(init=False)


# What a row of the matrix may name: one line for each, from the company that owns it.
THINGS: dict[str, Callable[[Company], object]] = {
    "brand": lambda company: company.brand.pk,
    "handle": lambda company: company.brand.handle,
    "second_brand": lambda company: company.second_brand.pk,
    "person": lambda company: company.person.pk,
    "second_person": lambda company: company.second_brand.memberships.get().user_id,
    "erasure": lambda company: Erasure.objects.get(asked_by=company.admin).pk,
    "membership": lambda company: company.person.memberships.get(brand=company.brand).pk,
    "team": lambda company: company.brand.teams.get().pk,
    "invited_person": lambda company: company.invited.pk,
    "invitation_token": lambda company: invitation_link.make_token(company.invited),
    "forgetful_person": lambda company: company.forgetful.pk,
    "reset_token": lambda company: reset_link.make_token(company.forgetful),
    "set_up_token": lambda company: set_up_address().rstrip("/").rsplit("/")[-1],
    "conversation": lambda company: company.conversation.pk,
    "other_conversation": lambda company: company.other_conversation.pk,
    "version": lambda company: company.conversation.version,
    "thread": lambda company: company.threads["dm"].pk,
    "public_thread": lambda company: company.threads["public"].pk,
    "contact": lambda company: company.conversation.contact.pk,
    "answer": lambda company: company.messages["answer"].pk,
    "saved_reply": lambda company: company.brand.saved_replies.get().pk,
    "sent_message": lambda company: company.messages["sent"].pk,
    "queued_message": lambda company: company.messages["queued"].pk,
    "media_file": lambda company: company.picture.whole.key,
    "enclosure": lambda company: company.enclosure.pk,
    "refused_attachment": lambda company: company.refused_picture.pk,
    "failed_message": lambda company: company.messages["failed"].pk,
}


@dataclass
class World:
    acme: Company
    globex: Company
    sessions: dict[str, str]

    def path(self, name: str, row: Row, swap: str = "") -> str:
        """The address of a row; with `swap`, that one id of the path is @globex's."""
        ids = {
            key: self.value(value, self.globex if key == swap else self.acme)
            for key, value in row.ids.items()
        }
        return reverse(name, kwargs=ids)

    def form(self, row: Row, swap: str = "") -> dict[str, Any]:
        return {
            key: self.value(value, self.globex if key == swap else self.acme)
            for key, value in row.form.items()
        }

    def value(self, value: Any, company: Company) -> Any:
        return THINGS[value.thing](company) if isinstance(value, The) else value

    def client(self, who: str, **options: Any) -> Client:
        client = Client(**options)
        if who in self.sessions:
            client.cookies[settings.SESSION_COOKIE_NAME] = self.sessions[who]
        return client

    def ask(
        self, who: str, method: str, path: str, form: dict[str, Any] | None = None, **options: Any
    ) -> HttpResponse:
        """One request as one of the cast. What it wrote is undone; see `asking` to look at it."""
        with self.asking(who, method, path, form, **options) as response:
            return response

    @contextmanager
    def asking(
        self, who: str, method: str, path: str, form: dict[str, Any] | None = None, **options: Any
    ) -> Iterator[HttpResponse]:
        call = getattr(self.client(who, **options), method.lower())
        with transaction.atomic():
            yield call(path, form or {}) if method in ("GET", "POST") else call(path)
            transaction.set_rollback(True)


def build_world() -> World:
    acme, globex = build_company("acme"), build_company("globex")
    people = {
        "zoe": globex.agent,
        "nia": globex.admin,
        "ana": acme.agent,
        "sam": make_user("Sam Manager", acme.brand, Role.MANAGER),
        "ada": acme.admin,
        "olga": make_user("Olga Owner", is_superuser=True),
        "disabled": make_user("Dan Disabled", acme.brand, is_active=False),
    }
    assert {"anonymous", *people} == set(CAST)
    return World(acme, globex, {who: session_of(person) for who, person in people.items()})


def session_of(person: User) -> str:
    client = Client()
    client.force_login(person)
    key: str = client.session.session_key
    return key


def build_company(handle: str) -> Company:
    brand = make_brand(handle)
    person = make_user(f"Pat of {handle}", brand, email=f"pat@{handle}.example")
    conversation = make_conversation(brand)
    company = Company(
        brand=brand,
        second_brand=make_brand(f"{handle}_help"),
        agent=make_user(f"Ana of {handle}", brand, email=f"ana@{handle}.example"),
        admin=make_user(f"Ada of {handle}", brand, Role.ADMIN, email=f"ada@{handle}.example"),
        person=person,
        invited=make_user(
            f"Ivy of {handle}",
            brand,
            email=f"ivy@{handle}.example",
            password=None,
            invited_at=minutes_ago(5),
        ),
        forgetful=make_user(f"Fay of {handle}", brand, email=f"fay@{handle}.example"),
        conversation=conversation,
        threads={kind: make_thread(conversation, kind) for kind in ("dm", "public")},
    )
    make_team(brand, members=(person,))
    make_user(f"Sid of {handle}", company.second_brand, email=f"sid@{handle}.example")
    Erasure.objects.create(
        x_user_id=f"{brand.x_user_id}0",
        handle=f"{handle}_old",
        asked_by=company.admin,
        finished_at=timezone.now(),
    )
    make_note(conversation, person)
    company.other_conversation = make_conversation(brand, conversation.contact)
    write_messages(company)
    SavedReply.objects.create(brand=company.brand, shortcut="hello", text="Hello there")
    send_pictures(company)
    return company


def write_messages(company: Company) -> None:
    dm, public = company.threads["dm"], company.threads["public"]
    company.messages = {
        "private": make_message(dm, "Where is my parcel?"),
        "public": make_message(public, "Nobody answers at this company"),
        "answer": make_message(public, "Still nobody", answers_external_id=next_x_id()),
        "sent": make_message(dm, "We look into it.", ours=True, client_key=key()),
        "failed": make_message(
            dm, "Sorry!", ours=True, state="failed", external_id=None, client_key=key()
        ),
        "queued": make_message(
            public, "Sorry!", ours=True, state="queued", external_id=None, client_key=key()
        ),
    }


def send_pictures(company: Company) -> None:
    company.picture = make_held(company.messages["private"], picture())
    company.refused_picture = make_attachment(company.messages["public"], state="refused")
    company.enclosure = make_enclosure(company.threads["dm"], company.agent)


def key() -> str:
    return str(uuid4())


def snapshot() -> dict[str, str]:
    """A checksum of each table's content, so that one can say that nothing changed."""
    with connection.cursor() as cursor:
        cursor.execute(checksums())
        names = [column.name for column in cursor.description]
        return dict(zip(names, cursor.fetchone(), strict=True))


@cache
def checksums() -> str:
    """One row with a column for each table: the matrix asks some thousand times, and a UNION of as
    many SELECTs takes Postgres three times as long."""
    with connection.cursor() as cursor:
        tables = sorted(set(connection.introspection.table_names(cursor)) - ADMIN_TABLES)
    columns = (
        f"(SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {table} t) AS {table}"  # noqa: S608
        for table in tables
    )
    return f"SELECT {', '.join(columns)}"
