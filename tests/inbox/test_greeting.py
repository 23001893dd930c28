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
        ("4711 Owl", "Hi Owl, "),
        ("4711", "Hello, "),
        ("Anna Maria Rossi", "Hi Anna, "),
        ("Jean-Luc O'Neill", "Hi Jean-Luc, "),
        ("Prof. Ada Lovelace", "Hi Prof. Ada Lovelace, "),
        ("Ada M. Lovelace", "Hi Ada M. Lovelace, "),
        ("Dr Ada Lovelace", "Hi Dr Ada Lovelace, "),
        ("Oldtown Bikes", "Hi Oldtown Bikes, "),
        ("The Corner Shop", "Hi The Corner Shop, "),
        ("tired of waiting", "Hi tired of waiting, "),
        ("Carla Customer 🦊", "Hi Carla, "),
        ("ACME GMBH", "Hi ACME GMBH, "),
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
