"""Hearing what accounts announces, and reading what it mails."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import redis
from django.conf import settings
from django.core.mail import EmailMessage

from accounts import announcements
from accounts.actions.letters import send_due_letters
from accounts.models import User

LAST = '"that was all"'


@pytest.fixture
def heard(django_capture_on_commit_callbacks) -> Callable:
    """`with heard() as people: …` then `people` are the ids whose access was announced."""

    @contextmanager
    def heard() -> Iterator[list[int]]:
        people: list[int] = []
        server = redis.Redis.from_url(settings.REDIS_URL, decode_responses=True)
        with server.pubsub() as listener:
            listener.subscribe(announcements.CHANNEL)
            # Until Redis says so, what is announced may be heard by nobody: the last one too.
            assert listener.get_message(timeout=60)["type"] == "subscribe"
            with django_capture_on_commit_callbacks(execute=True):
                yield people
            server.publish(announcements.CHANNEL, LAST)
            for message in listener.listen():
                if message["data"] == LAST:
                    break
                people.append(json.loads(message["data"])["user"])

    return heard


@pytest.fixture
def post(mailoutbox: list[EmailMessage]) -> Callable[[], list[EmailMessage]]:
    """Sends what is due, and gives what has been sent since the test began."""

    def post() -> list[EmailMessage]:
        send_due_letters()
        return mailoutbox

    return post


@pytest.fixture
def link_to(post) -> Callable[[User], str]:
    """The path of the one-time link in the newest mail to a person."""

    def link_to(person: User) -> str:
        mail = [mail for mail in post() if mail.to == [person.email]][-1]
        return re.search(rf"{settings.WEB_URL}(/\S+)", mail.body)[1]

    return link_to
