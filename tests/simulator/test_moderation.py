"""Refusing somebody's messages and hiding answers."""

from __future__ import annotations

import httpx
import pytest

from tests.simulator.program import EVERYTHING, Json, Program

NO_PERMISSION = "You do not have permission to DM one or more participants."


def block(program: Program, brand: Json, person: Json, deed: str = "block") -> httpx.Response:
    return program.call("POST", f"/2/users/{person['id']}/dm/{deed}", brand["token"])


def write(program: Program, sender: Json, recipient: Json) -> httpx.Response:
    path = f"/2/dm_conversations/with/{recipient['id']}/messages"
    return program.call("POST", path, program.token(sender), json={"text": "Hello"})


def hide(program: Program, token: str, post_id: str, body: object = None) -> httpx.Response:
    sent = {"hidden": True} if body is None else body
    return program.call("PUT", f"/2/tweets/{post_id}/hidden", token, json=sent)


def moderator(program: Program, brand: Json) -> str:
    return program.token(brand, f"{EVERYTHING} tweet.moderate.write")


def is_hidden(program: Program, post_id: str) -> bool:
    posts = program.control("GET", "ledger")["posts"]
    return next(bool(post["hidden"]) for post in posts if post["id"] == post_id)


def test_a_blocked_person_and_the_brand_write_to_each_other_no_more(program: Program) -> None:
    brand, customer = program.brand(), program.person()
    answer = block(program, brand, customer)
    assert (answer.status_code, answer.json()) == (200, {"data": {"blocked": True}})
    for sender, recipient in ((customer, brand), (brand, customer)):
        refused = write(program, sender, recipient)
        assert (refused.status_code, refused.json()["detail"]) == (403, NO_PERMISSION)
    assert write(program, program.person(), brand).status_code == 201


def test_unblocked_they_write_again(program: Program) -> None:
    brand, customer = program.brand(), program.person()
    block(program, brand, customer)
    answer = block(program, brand, customer, "unblock")
    assert (answer.status_code, answer.json()) == (200, {"data": {"blocked": False}})
    assert write(program, customer, brand).status_code == 201
    assert write(program, brand, customer).status_code == 201


@pytest.mark.parametrize("deed", ["block", "unblock"])
def test_twice_is_as_good_as_once(program: Program, deed: str) -> None:
    brand, customer = program.brand(), program.person()
    assert (
        block(program, brand, customer, deed).json() == block(program, brand, customer, deed).json()
    )


def test_a_block_of_messages_blocks_nothing_else(program: Program) -> None:
    brand, customer = program.brand(), program.person()
    block(program, brand, customer)
    program.post(customer, f"@{brand['username']} you do not answer")
    fields = {"user.fields": "connection_status,receives_your_dm"}
    seen = program.get(f"/2/users/{customer['id']}", brand["token"], **fields)["data"]
    assert (seen["connection_status"], seen["receives_your_dm"]) == ([], False)


def test_blocking_needs_the_scope_a_person_and_not_oneself(program: Program) -> None:
    brand, customer = program.brand(), program.person()
    reader = {**brand, "token": program.token(brand, "dm.read tweet.read users.read")}
    assert block(program, reader, customer).status_code == 403
    assert block(program, brand, {"id": "12345"}).status_code == 404
    assert block(program, brand, brand).status_code == 403
    assert block(program, {**brand, "token": program.bearer()}, customer).status_code == 403


def test_it_blocks_ten_in_a_quarter_of_an_hour(program: Program) -> None:
    brand, customer = program.brand(), program.person()
    answers = [block(program, brand, customer).status_code for _ in range(11)]
    assert answers == [200] * 10 + [429]
    assert block(program, brand, customer, "unblock").status_code == 200


def test_the_author_of_a_conversation_hides_and_shows_an_answer(program: Program) -> None:
    brand, customer = program.brand(), program.person()
    first = program.post(brand, "We are back")
    answer_id = program.post(customer, "Too late", in_reply_to_post_id=first)
    deeper = program.post(customer, "And again", in_reply_to_post_id=answer_id)
    token = moderator(program, brand)
    for post_id in (answer_id, answer_id, deeper):
        answer = hide(program, token, post_id)
        assert (answer.status_code, answer.json()) == (200, {"data": {"hidden": True}})
    assert is_hidden(program, answer_id)
    shown = hide(program, token, answer_id, {"hidden": False})
    assert (shown.status_code, shown.json()) == (200, {"data": {"hidden": False}})
    assert not is_hidden(program, answer_id)
    assert is_hidden(program, deeper)


def test_nobody_hides_below_a_post_of_somebody_else(program: Program) -> None:
    brand, customer = program.brand(), program.person()
    theirs = program.post(customer, f"@{brand['username']} help")
    below = program.post(program.person(), "Me too", in_reply_to_post_id=theirs)
    own = program.post(brand, "Good morning")
    token = moderator(program, brand)
    for post_id in (theirs, below, own):
        assert hide(program, token, post_id).status_code == 403
    assert not is_hidden(program, below)


def test_hiding_needs_the_scope_a_post_and_a_flag(program: Program) -> None:
    brand, customer = program.brand(), program.person()
    first = program.post(brand, "We are back")
    answer_id = program.post(customer, "Too late", in_reply_to_post_id=first)
    assert hide(program, brand["token"], answer_id).status_code == 403
    token = moderator(program, brand)
    for wrong in ({}, {"hidden": "yes"}, {"hidden": True, "why": "rude"}):
        assert hide(program, token, answer_id, wrong).status_code == 400
    program.control("POST", "posts/delete", id=answer_id)
    assert hide(program, token, answer_id).status_code == 404
