"""What arrives at the webhook, and when: signed, in order, once; and bulk delivery."""

from __future__ import annotations

import pytest

from tests.simulator.program import Json, Program
from tests.simulator.receiver import Receiver

EVERYTHING = (
    "dm.received",
    "dm.sent",
    "post.create",
    "post.delete",
    "post.mention.create",
    "post.reply.create",
)


@pytest.fixture
def brand(program: Program, webhook: str) -> Json:
    """Subscribed to everything."""
    brand = program.brand()
    for event_type in EVERYTHING:
        program.subscribe(brand, event_type, webhook, tag="acct:1")
    return brand


def kinds(bodies: list[Json]) -> list[str]:
    return [body["data"]["event_type"] for body in bodies]


def dm_ids(bodies: list[Json]) -> list[str]:
    return [body["data"]["payload"]["direct_message_events"][0]["id"] for body in bodies]


def test_a_subscription_hears_of_its_own_direction(
    program: Program, receiver: Receiver, webhook: str
) -> None:
    one, other, customer = program.brand(), program.brand(), program.person()
    for brand, direction in ((one, "outbound"), (other, "inbound")):
        asked = {"user_id": brand["id"], "direction": direction}
        program.subscribe(brand, "dm.received", webhook, filter=asked)
        program.dm(customer, brand)
    (body,) = receiver.wait_for(1)
    assert body["data"]["filter"] == {"user_id": other["id"], "direction": "inbound"}


def test_a_customers_message_is_delivered(
    program: Program, receiver: Receiver, brand: Json
) -> None:
    customer = program.person()
    dm_id = program.dm(customer, brand, f"Hi @{brand['username']}, see https://example.com/ #now")
    (body,) = receiver.wait_for(1)
    told = body["data"]
    assert told["filter"] == {"user_id": brand["id"]}
    assert (told["event_type"], told["tag"]) == ("dm.received", "acct:1")
    (event,) = told["payload"]["direct_message_events"]
    assert (event["type"], event["id"]) == ("message_create", dm_id)
    created = event["message_create"]
    assert created["sender_id"] == customer["id"]
    assert created["target"] == {"recipient_id": brand["id"]}
    text, entities = created["message_data"]["text"], created["message_data"]["entities"]
    (link,), (mention,), (tag,) = (entities[k] for k in ("urls", "user_mentions", "hashtags"))
    assert text[slice(*link["indices"])] == link["url"]
    assert (mention["screen_name"], mention["id_str"]) == (brand["username"], brand["id"])
    assert mention["id"] == int(brand["id"])
    assert tag == {"text": "now", "indices": [len(text) - 4, len(text)]}
    people = told["payload"]["users"]
    assert people.keys() == {customer["id"], brand["id"]}
    metrics = people[brand["id"]]["data"]["public_metrics"]
    assert metrics["followers_count_str"] == str(metrics["followers_count"])


def test_our_own_api_send_comes_back_as_sent(
    program: Program, receiver: Receiver, brand: Json
) -> None:
    customer = program.person()
    answer = program.call(
        "POST",
        f"/2/dm_conversations/with/{customer['id']}/messages",
        brand["token"],
        json={"text": "From the API"},
    )
    (body,) = receiver.wait_for(1)
    assert body["data"]["event_type"] == "dm.sent"
    assert dm_ids([body]) == [answer.json()["data"]["dm_event_id"]]


def test_deliveries_keep_their_order(program: Program, receiver: Receiver, brand: Json) -> None:
    customer = program.person()
    sent = [program.dm(customer, brand, f"number {n}") for n in range(12)]
    assert dm_ids(receiver.wait_for(12)) == sent


def test_a_mention_a_reply_and_a_deletion_are_told(
    program: Program, receiver: Receiver, brand: Json
) -> None:
    customer = program.person()
    mention = program.post(customer, f"@{brand['username']} second day")
    own = program.post(brand, "We are on it", in_reply_to_post_id=mention)
    answer = program.post(customer, "no, still down", in_reply_to_post_id=own)
    program.control("POST", "posts/delete", id=own)
    bodies = receiver.wait_for(4)
    assert kinds(bodies) == [
        "post.mention.create",
        "post.create",
        "post.reply.create",
        "post.delete",
    ]
    first, second, third, fourth = (body["data"] for body in bodies)
    assert (first["event_uuid"], first["payload"]["id"]) == (mention, mention)
    assert first["payload"]["entities"]["mentions"][0]["start_str"] == "0"
    people = [person["id"] for person in first["includes"]["users"]]
    assert people == [customer["id"], brand["id"]]
    assert second["payload"]["in_reply_to_tweet_id"] == mention
    assert (third["payload"]["id"], third["includes"]) == (answer, {})
    assert third["payload"]["in_reply_to_user_id"] == brand["id"]
    assert fourth["payload"] == {"id": own, "author_id": brand["id"]}
    assert fourth["includes"]["users"][0]["data"]["id"] == brand["id"]


def test_an_implicit_mention_is_not_told(program: Program, receiver: Receiver, brand: Json) -> None:
    customer, friend = program.person(), program.person()
    mention = program.post(customer, f"@{brand['username']} hm")
    program.post(friend, "same here", in_reply_to_post_id=mention)
    explicit = program.post(friend, f"@{brand['username']} me too", in_reply_to_post_id=mention)
    bodies = receiver.wait_for(2)
    assert [body["data"]["payload"]["id"] for body in bodies] == [mention, explicit]


def test_a_revocation_is_told_without_a_subscription(
    program: Program, receiver: Receiver, webhook: str
) -> None:
    brand = program.brand()
    program.control("POST", "revoke", user_id=brand["id"])
    (body,) = receiver.wait_for(1)
    told = body["data"]
    assert (told["event_type"], told["filter"]) == ("oauth.revoke", {})
    assert told["payload"].keys() == {"date_time", "user_id", "app_id"}
    assert told["payload"]["user_id"] == brand["id"]
    assert program.call("GET", "/2/users/me", brand["token"]).status_code == 401


def test_some_event_uuids_are_below_zero(program: Program, receiver: Receiver, brand: Json) -> None:
    customer = program.person()
    for number in range(20):
        program.dm(customer, brand, f"number {number}")
    uuids = {int(body["data"]["event_uuid"]) for body in receiver.wait_for(20)}
    assert len(uuids) == 20
    assert min(uuids) < 0 < max(uuids)


def test_a_failed_delivery_is_written_down_and_not_tried_again(
    program: Program, receiver: Receiver, brand: Json
) -> None:
    customer = program.person()
    receiver.status = 503
    lost = program.dm(customer, brand)
    receiver.wait_for(1)
    receiver.status = 200
    program.dm(customer, brand)
    assert len(receiver.wait_for(2)) == 2
    ledger = program.control("GET", "deliveries?limit=50")["deliveries"]
    (told,) = [one for one in ledger if one["subject_id"] == lost]
    assert (told["state"], told["reason"]) == ("failed", "status 503")


def test_an_invalid_webhook_gets_nothing(
    program: Program, receiver: Receiver, webhook: str, brand: Json
) -> None:
    receiver.secret, right = "another secret", receiver.secret
    program.call("PUT", f"/2/webhooks/{webhook}", program.bearer())
    receiver.secret = right
    dm_id = program.dm(program.person(), brand)
    told = program.control("POST", "deliver", events=[{"kind": "dm", "id": dm_id}])
    assert told == {"delivered": 0, "dropped": 0, "failed": 1, "unsubscribed": 0}
    assert receiver.bodies == []


def test_it_can_write_without_delivering(program: Program, receiver: Receiver, brand: Json) -> None:
    customer = program.person()
    program.dm(customer, brand, deliver=False)
    told = program.dm(customer, brand, "this one")
    assert dm_ids(receiver.wait_for(1)) == [told]


# Bulk


def loaded(program: Program, brand: Json, number: int) -> list[str]:
    customer = program.person()
    base = int(customer["id"])
    dms = [
        {
            "id": str(base + 1 + n),
            "sender_id": customer["id"],
            "recipient_id": brand["id"],
            "text": f"loaded {n}",
            "created_at": f"2017-11-01T00:00:{n:02d}.000Z",
        }
        for n in range(number)
    ]
    assert program.control("POST", "load", dms=dms)["dms"] == number
    return [dm["id"] for dm in dms]


def test_loading_tells_nobody_and_delivering_tells_in_order(
    program: Program, receiver: Receiver, brand: Json
) -> None:
    ids = loaded(program, brand, 10)
    assert receiver.bodies == []
    events = [{"kind": "dm", "id": dm_id} for dm_id in reversed(ids)]
    told = program.control("POST", "deliver", events=events)
    assert told == {"delivered": 10, "dropped": 0, "failed": 0, "unsubscribed": 0}
    assert dm_ids(receiver.bodies) == ids[::-1]


def test_a_repeated_delivery_is_the_same_event(
    program: Program, receiver: Receiver, brand: Json
) -> None:
    (dm_id,) = loaded(program, brand, 1)
    told = program.control("POST", "deliver", events=[{"kind": "dm", "id": dm_id}], repeat=3)
    assert told["delivered"] == 3
    assert receiver.bodies[0] == receiver.bodies[1] == receiver.bodies[2]


def test_losses_are_seeded(program: Program, receiver: Receiver, brand: Json) -> None:
    events = [{"kind": "dm", "id": dm_id} for dm_id in loaded(program, brand, 40)]
    arrived = []
    for _ in range(2):
        receiver.bodies.clear()
        told = program.control("POST", "deliver", events=events, drop=0.5, seed=7)
        assert told["dropped"] + told["delivered"] == 40
        arrived.append(dm_ids(receiver.bodies))
    assert arrived[0] == arrived[1]
    assert 5 < len(arrived[0]) < 35


def test_posts_are_delivered_as_what_they_are_to_whom(
    program: Program, receiver: Receiver, brand: Json
) -> None:
    customer = program.person()
    spec = {"author_id": customer["id"], "text": f"@{brand['username']} loaded & <new>"}
    post = {**spec, "id": str(int(customer["id"]) + 5), "created_at": "2017-11-01T00:00:00Z"}
    program.control("POST", "load", posts=[post])
    told = program.control("POST", "deliver", events=[{"kind": "post", "id": post["id"]}])
    assert told["delivered"] == 1
    payload = receiver.bodies[0]["data"]["payload"]
    assert payload["text"] == f"@{brand['username']} loaded &amp; &lt;new&gt;"
    assert payload["created_at"] == "2017-11-01T00:00:00.000Z"


def test_what_nobody_subscribed_to_is_counted(program: Program, receiver: Receiver) -> None:
    dm_id = program.dm(program.person(), program.person())
    told = program.control("POST", "deliver", events=[{"kind": "dm", "id": dm_id}])
    assert told == {"delivered": 0, "dropped": 0, "failed": 0, "unsubscribed": 1}
