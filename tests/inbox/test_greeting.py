from __future__ import annotations

import pytest

from accounts.models import BrandAccount
from inbox.text.greeting import greeting


@pytest.mark.parametrize(
    ("customer", "hello"),
    [
        ("Carla Customer", "Hi Carla, "),
        ("Émile", "Hi Émile, "),
        ("王小明", "Hi 王小明, "),
        ("\u202eCarla", "Hi Carla, "),
        ("", "Hello, "),
        ("🦊🦊🦊", "Hello, "),
        ("4711 Owl", "Hello, "),
    ],
)
def test_it_calls_people_by_a_name_that_one_can_say(customer, hello):
    assert greeting(customer, "Ana", "Acme") == f"{hello}Ana from Acme here. "


def test_the_composer_offers_it_in_the_name_of_the_team(
    acme, ana, question, client, sign_in, conversation
):
    path = f"/conversations/{conversation.number}/"
    assert "Hi Carla, Ana from Acme here." in sign_in(client, ana).get(path).content.decode()
    BrandAccount.objects.update(greeting_name="the Acme team")
    assert "Ana from the Acme team here." in client.get(path).content.decode()
