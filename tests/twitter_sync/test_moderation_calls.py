"""Refusing somebody's messages and hiding answers, as `twitter_sync.client` asks X for it."""

from __future__ import annotations

import pytest

from tests.x import Simulator
from twitter_sync.client import Client
from twitter_sync.errors import Forbidden, NotFound, OutOfBudget


def test_a_blocked_person_is_written_to_again_after_the_unblock(simulator, client_of_acme):
    carla = simulator.person()
    assert client_of_acme.block_dms(carla["id"]) == {"data": {"blocked": True}}
    assert client_of_acme.block_dms(carla["id"]) == {"data": {"blocked": True}}
    with pytest.raises(Forbidden) as refusal:
        client_of_acme.send_dm("Hello", to=carla["id"])
    assert refusal.value.reason == "You do not have permission to DM one or more participants."
    assert client_of_acme.unblock_dms(carla["id"]) == {"data": {"blocked": False}}
    assert client_of_acme.send_dm("Hello", to=carla["id"])["data"]["dm_event_id"]


def test_the_eleventh_block_of_a_quarter_of_an_hour_is_not_even_tried(
    simulator: Simulator, client_of_acme: Client
) -> None:
    carla = simulator.person()
    for _ in range(10):
        client_of_acme.block_dms(carla["id"])
    with pytest.raises(OutOfBudget):
        client_of_acme.block_dms(carla["id"])
    assert len(simulator.calls(f"/2/users/{carla['id']}/dm/block")) == 10
    assert client_of_acme.unblock_dms(carla["id"]) == {"data": {"blocked": False}}


def test_an_answer_is_hidden_and_shown(simulator, client_of_acme, brand):
    first = simulator.post("posts", author_id=brand.x_user_id, text="We are back")["id"]
    answer = simulator.post(
        "posts", author_id=simulator.person()["id"], text="Late", in_reply_to_post_id=first
    )["id"]
    assert client_of_acme.hide_post(answer) == {"data": {"hidden": True}}
    assert client_of_acme.unhide_post(answer) == {"data": {"hidden": False}}


def test_what_x_will_not_hide_is_a_named_error(simulator, client_of_acme, brand):
    theirs = simulator.post("posts", author_id=simulator.person()["id"], text="Help!")["id"]
    with pytest.raises(Forbidden):
        client_of_acme.hide_post(theirs)
    with pytest.raises(NotFound):
        client_of_acme.hide_post("12345")
