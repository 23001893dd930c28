"""One conversation of @acme with Carla, as most deeds need it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from accounts.models import BrandAccount, User
from inbox.models import Contact, Conversation, Message, Thread
from inbox.sequence import moment_of, sequence_at
from inbox.utterance import Person, Utterance
from tests.factories import make_conversation, make_message, make_thread, next_x_id
from tests.inbox.finding import SEARCH, numbers


@pytest.fixture
def conversation(acme: BrandAccount, carla: Contact) -> Conversation:
    return make_conversation(acme, carla)


@pytest.fixture
def dm_thread(conversation: Conversation) -> Thread:
    return make_thread(conversation, "dm")


@pytest.fixture
def public_thread(conversation: Conversation) -> Thread:
    return make_thread(conversation, "public")


@pytest.fixture
def question(dm_thread: Thread) -> Message:
    return make_message(dm_thread, "Where is my parcel?")


@pytest.fixture
def says(acme: BrandAccount, carla: Contact) -> Callable[..., Utterance]:
    """`says("Hello", at=…, ours=True, kind="public")`: an utterance between Carla and @acme."""

    def says(
        text: str, *, at: datetime | None = None, ours: bool = False, kind: str = "dm", **more: Any
    ) -> Utterance:
        external_id = str(sequence_at(at)) if at else next_x_id()
        named = {"dm": f"{carla.x_user_id}-{acme.x_user_id}", "public": external_id}
        fields: dict[str, Any] = {
            "kind": kind,
            "transport": "dm" if kind == "dm" else "post",
            "direction": "out" if ours else "in",
            "external_id": external_id,
            "x_conversation_id": named[kind],
            "sequence": int(more.get("external_id", external_id)),
            "customer": Person(x_user_id=carla.x_user_id, handle=carla.handle, name=carla.name),
            "text": text,
            "sent_at": at or moment_of(int(external_id)),
        }
        return Utterance(**(fields | more))

    return says


@pytest.fixture
def show(
    client: Client, sign_in: Callable[[Client, User], Client], conversation: Conversation
) -> Callable[..., HttpResponse]:
    """`show(ana)`: the fragment of the conversation as she gets it."""

    def show(user: User, query: str = "") -> HttpResponse:
        address = reverse("inbox:conversation-detail", args=[conversation.pk]) + query
        return sign_in(client, user).get(address, headers={"HX-Request": "true"})

    return show


@pytest.fixture
def save(
    client: Client, sign_in: Callable[[Client, User], Client], conversation: Conversation
) -> Callable[..., HttpResponse]:
    """A draft: `save(ana, "Dear Carla", mode="dm")`, as the composer does after a pause."""

    def save(
        user: User,
        text: str,
        *,
        mode: str = "dm",
        key: UUID | None = None,
        since: int = 0,
        **more: Any,
    ) -> HttpResponse:
        form = {"mode": mode, "text": text, "client_key": key or uuid4(), "since": since, **more}
        address = reverse("inbox:drafts", args=[conversation.pk])
        return sign_in(client, user).post(address, form, headers={"HX-Request": "true"})

    return save


@pytest.fixture
def desk(client: Client, sign_in: Callable[[Client, User], Client], ana: User) -> Client:
    """Ana's browser, signed in."""
    return sign_in(client, ana)


@pytest.fixture
def find(desk: Client) -> Callable[..., list[int]]:
    """`find("parcel")`: the numbers of the rows that Ana gets, in order."""

    def find(words: str, **more: str) -> list[int]:
        response = desk.get(SEARCH, {"q": words, **more})
        assert response.status_code == 200
        return numbers(response)

    return find
