"""Two agents answer the same message at the same moment (trust G3)."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.models import User
from inbox.models import ConversationEvent, Message
from tests.factories import make_contact, make_conversation, make_message, make_thread


class Desk:
    """One agent's, with what they typed after they had seen `question`."""

    def __init__(self, agent: User, question: Message) -> None:
        self.agent = agent
        self.client = Client(headers={"HX-Request": "true"})
        self.client.force_login(agent)
        self.address = reverse("inbox:replies", args=[question.thread_id])
        self.words = f"{agent.get_short_name()} says: on its way"
        self.form = {"text": self.words, "client_key": uuid4(), "seen_through": question.pk}

    def send(self, **more: Any) -> Any:
        return self.client.post(self.address, self.form | more)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("rounds", [3, pytest.param(25, marks=pytest.mark.deep)])
def test_the_second_is_shown_what_the_first_said_and_sends_only_anyway(acme, ana, ben, rounds):
    with ThreadPoolExecutor(2) as pool:
        for _ in range(rounds):
            question = make_message(make_thread(make_conversation(acme, make_contact())))
            desks = [Desk(ana, question), Desk(ben, question)]
            answers = at_once(pool, desks)
            assert sorted(one.status_code for one in answers) == [200, 409]
            first, second = reversed(desks) if is_late(answers[0]) else desks
            page = next(one.text for one in answers if is_late(one))
            said = question.thread.messages.filter(direction=Message.Direction.OUT)
            assert [one.plain_text for one in said] == [first.words]
            check_shown(page, first)
            # The same once more sends nothing; only who was shown it sends.
            assert is_late(second.send())
            assert said.count() == 1
            assert second.send(**anyway(page)).status_code == 200
            assert [one.plain_text for one in said.order_by("pk")] == [first.words, second.words]
            overruled = question.conversation.events.get(kind=ConversationEvent.Kind.OVERRULED)
            assert overruled.actor == second.agent


def at_once(pool: ThreadPoolExecutor, desks: list[Desk]) -> list[Any]:
    barrier = Barrier(len(desks))

    def send(desk: Desk) -> Any:
        try:
            barrier.wait()
            return desk.send()
        finally:
            connection.close()

    return [one.result() for one in [pool.submit(send, desk) for desk in desks]]


def is_late(answer: Any) -> bool:
    return bool(answer.status_code == 409)


def check_shown(page: str, first: Desk) -> None:
    """The second desk is told who answered, and in what words; what it typed is not lost."""
    assert f"{first.agent.name} answered since you began. Nothing was sent yet." in page
    preview = rf'<cite>{first.agent.name}</cite>\s*<span dir="auto">{first.words}</span>'
    assert re.search(preview, page)


def anyway(page: str) -> dict[str, str]:
    """What the button that sends nevertheless says."""
    button = re.search(r'<button[^>]* name="(despite_news)" value="(\d+)">Send anyway<', page)
    assert button
    return {button[1]: button[2]}
