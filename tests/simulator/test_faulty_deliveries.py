"""Deliveries that are lost, repeated, late, out of order, or go where nobody listens."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.program import Faults, Json, Program
from tests.simulator.receiver import Receiver


@pytest.fixture
def brand(program: Program, webhook: str) -> Json:
    brand = program.brand()
    program.subscribe(brand, "dm.received", webhook)
    return brand


def arrived(bodies: list[Json]) -> list[str]:
    return [body["data"]["payload"]["direct_message_events"][0]["id"] for body in bodies]


def told_of(program: Program, subject_id: str) -> list[Json]:
    ledger = program.control("GET", "deliveries?limit=200")["deliveries"]
    return [one for one in ledger if one["subject_id"] == subject_id]


def test_a_lost_one_is_never_sent(
    program: Program, faults: Faults, receiver: Receiver, brand: Json
) -> None:
    faults.set("delivery_lost", times=1)
    customer = program.person()
    lost, heard = (program.dm(customer, brand, word) for word in ("lost", "heard"))
    assert arrived(receiver.wait_for(1)) == [heard]
    (told,) = told_of(program, lost)
    assert (told["state"], told["fault"]) == ("dropped", "delivery_lost")


def test_losses_by_share_are_the_same_again(
    program: Program, faults: Faults, receiver: Receiver, brand: Json
) -> None:
    patterns = []
    for _ in range(2):
        customer = program.person()
        faults.set("delivery_lost", share=0.5, seed=3)
        said = [program.dm(customer, brand, f"number {number}") for number in range(12)]
        patterns.append([told_of(program, one)[0]["fault"] for one in said])
        faults.clear()
    assert patterns[0] == patterns[1]
    assert 0 < patterns[0].count("delivery_lost") < 12


def test_a_repeated_one_is_the_same_event_again(
    program: Program, faults: Faults, receiver: Receiver, brand: Json
) -> None:
    faults.set("delivery_repeated", copies=2, times=1)
    dm_id = program.dm(program.person(), brand)
    first, second, third = receiver.wait_for(3)
    assert first == second == third
    attempts = [one["attempt"] for one in told_of(program, dm_id)]
    assert attempts == [1, 2, 3]


def test_a_late_one_is_overtaken_and_goes_out_in_the_end(
    program: Program, faults: Faults, receiver: Receiver, brand: Json
) -> None:
    faults.set("delivery_delayed", seconds=1, times=1)
    customer = program.person()
    late, at_once = (program.dm(customer, brand, word) for word in ("late", "at once"))
    assert arrived(receiver.wait_for(2)) == [at_once, late]


def test_a_disordered_one_stands_behind_those_that_came_after_it(
    program: Program, faults: Faults, receiver: Receiver, brand: Json
) -> None:
    faults.set("delivery_disordered", behind=2, seconds=60, times=1)
    customer = program.person()
    said = [program.dm(customer, brand, f"number {number}") for number in range(4)]
    assert arrived(receiver.wait_for(4)) == [said[1], said[2], said[0], said[3]]


def test_a_disordered_one_that_nothing_follows_goes_out_after_its_time(
    program: Program, faults: Faults, receiver: Receiver, brand: Json
) -> None:
    faults.set("delivery_disordered", behind=5, seconds=0.2)
    dm_id = program.dm(program.person(), brand)
    assert arrived(receiver.wait_for(1)) == [dm_id]


def test_a_dead_webhook_hears_neither_deliveries_nor_challenges(
    program: Program, faults: Faults, receiver: Receiver, webhook: str, brand: Json
) -> None:
    faults.set("webhook_dead")
    customer, challenges = program.person(), receiver.challenges
    lost = program.dm(customer, brand, "into the void")
    refused = program.call("PUT", f"/2/webhooks/{webhook}", program.bearer())
    assert (refused.status_code, receiver.challenges) == (400, challenges)
    faults.clear()
    program.call("PUT", f"/2/webhooks/{webhook}", program.bearer())
    heard = program.dm(customer, brand, "there again")
    assert arrived(receiver.wait_for(1)) == [heard]
    (told,) = told_of(program, lost)
    assert (told["state"], told["reason"], told["fault"]) == (
        "failed",
        "WebhookDead",
        "webhook_dead",
    )


def test_a_stream_loses_repeats_and_disorders_on_its_own(
    program: Program, faults: Faults, receiver: Receiver, brand: Json
) -> None:
    customer = program.person()
    with program.listen("/2/activity/stream", program.bearer()) as stream:
        faults.set("delivery_lost", over="stream", times=1)
        faults.set("delivery_repeated", over="stream", after=1, times=1)
        faults.set("delivery_disordered", over="stream", after=2, times=1, seconds=60)
        said = [program.dm(customer, brand, f"number {number}") for number in range(5)]
        told = arrived(stream.lines(5))
    assert arrived(receiver.wait_for(5)) == said
    assert told == [said[1], said[1], said[3], said[2], said[4]]


def test_only_the_named_brand_and_event_are_struck(
    program: Program, faults: Faults, receiver: Receiver, webhook: str, brand: Json
) -> None:
    other, customer = program.brand(), program.person()
    program.subscribe(other, "dm.received", webhook)
    program.subscribe(brand, "post.mention.create", webhook)
    faults.set("delivery_lost", brand=brand["username"], event_type="dm.*")
    program.dm(customer, brand)
    program.post(customer, f"@{brand['username']} hello?")
    program.dm(customer, other)
    kinds: list[Any] = [body["data"]["event_type"] for body in receiver.wait_for(2)]
    assert kinds == ["post.mention.create", "dm.received"]
