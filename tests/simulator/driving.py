"""Calls of every route that the simulator serves, so that each says everything it can.

A case makes the calls; whoever looks on (`Contract`) judges the answers. A case that is not here
fails `test_contract.py`.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from tests.simulator import sayings
from tests.simulator.contract import Contract
from tests.simulator.document import TWEET_TO_POST
from tests.simulator.program import CREDENTIALS, EVERYTHING, Json, Program
from tests.simulator.receiver import Receiver
from x_simulator.pictures import png

SCOPES = f"{EVERYTHING} tweet.moderate.write media.write"
POST_TO_TWEET = {new: old for old, new in TWEET_TO_POST.items()}
TWEET_EXPANSIONS = (
    "author_id,referenced_tweets.id,referenced_tweets.id.author_id,in_reply_to_user_id,"
    "attachments.media_keys,entities.mentions.username,sender_id,participant_ids,"
    "pinned_tweet_id,nonsense"
)
NOBODY = "999"
PNG = png(1)
GIF = b"GIF89a" + (20).to_bytes(2, "little") + (10).to_bytes(2, "little") + b"\0" * 20
FILM = b"\0\0\0\x18ftypmp42" + b"\0" * 40


def coded(content: bytes) -> str:
    return base64.b64encode(content).decode()


PICTURE = {"media_type": "image/png", "content": coded(PNG), "alt_text": "A square"}

Case = Callable[["Stage"], None]
CASES: dict[str, Case] = {}


def drives(*routes: str) -> Callable[[Case], Case]:
    def register(case: Case) -> Case:
        for route in routes:
            assert route not in CASES, f"{route} is driven twice"
            CASES[route] = case
        return case

    return register


class Stage:
    """A brand and its customer, with something of every kind between them."""

    def __init__(self, program: Program, contract: Contract, receiver: Receiver) -> None:
        self.program, self.contract, self.receiver = program, contract, receiver
        self.document = contract.document
        self.brand = program.person("stagebrand", brand=True, location="Hamburg")
        self.token = program.token(self.brand, SCOPES)
        self.bearer = program.bearer()
        self.customer = program.person("stagecustomer")
        self.closed = program.person("stageclosed", receives_your_dm=False)
        self.webhook_id = ""
        self._write()

    def _write(self) -> None:
        program, brand, customer = self.program, self.brand, self.customer
        link = "https://example.com/hours"
        self.mention = program.post(customer, f"@{brand['username']} #late ${'LATE'} see {link}")
        said = {"text": f"Sorry! {link}", "reply": {"in_reply_to_tweet_id": self.mention}}
        self.answer = self.made("/2/tweets", said)["id"]
        self.quote = program.post(
            customer, f"@{brand['username']} look", quoted_post_id=self.answer
        )
        lost = program.post(customer, f"@{brand['username']} oops")
        self.orphan = program.post(
            customer, f"@{brand['username']} oops again", in_reply_to_post_id=lost
        )
        program.control("POST", "posts/delete", id=lost)
        for number in range(12):
            program.post(customer, f"@{brand['username']} number {number}")
        self.received = program.dm(customer, brand, f"Where is it? {link} #late @{brand['name']}")
        pictures = [PICTURE, {"media_type": "image/gif", "content": coded(GIF)}]
        films = [{"media_type": "video/mp4", "content": coded(FILM)}]
        self.seen = program.dm(customer, brand, "Look", media=[PICTURE])
        self.picture = program.post(customer, f"@{brand['username']} see", media=pictures + films)
        writer = program.person("stagewriter", long_posts=True)
        long = f"@{brand['username']} " + "it broke and then it broke again, " * 12 + f"#sad {link}"
        self.long = program.post(writer, long)
        self.shared = program.dm(customer, brand, f"See https://x.com/a/status/{self.answer}")
        self._gather()
        there = f"/2/dm_conversations/with/{customer['id']}/messages"
        self.sent = self.made(there, {"text": "Here."})["dm_event_id"]
        low, high = sorted((int(brand["id"]), int(customer["id"])))
        self.conversation = f"{low}-{high}"

    def _gather(self) -> None:
        """A group of three, of whom one has come later and one has left."""
        program, brand, customer = self.program, self.brand, self.customer
        third, fourth = program.person("stagethird"), program.person("stagefourth")
        members = {"creator_id": customer["id"], "member_ids": [brand["id"], third["id"]]}
        self.group = program.control("POST", "groups", **members)["id"]
        facts = {"group_id": self.group, "user_id": fourth["id"]}
        program.control("POST", "groups/join", inviter_id=customer["id"], **facts)
        program.control("POST", "groups/leave", **facts)

    def made(self, path: str, body: Json) -> Json:
        answer = self.call("POST", path, json=body)
        assert answer.status_code in (200, 201), answer.text
        data: Json = answer.json()["data"]
        return data

    def call(
        self, method: str, path: str, token: str | None = None, **options: Any
    ) -> httpx.Response:
        return self.program.call(method, path, self.token if token is None else token, **options)

    def refused(self, status: int, method: str, path: str, **options: Any) -> None:
        """As the case says it must be; which words, the table of refusals says."""
        answer = self.call(method, path, **options)
        assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text}"

    def read(self, path: str, token: str | None = None, **query: Any) -> list[Json]:
        """By default, and with everything asked for in each vocabulary."""
        taken = self.document.parameters(self.contract.route("GET", path))
        taken |= {"tweet.fields"} if "post.fields" in taken else set()
        answers = [
            self.call("GET", path, token, params={**query, **_only(taken, asked)})
            for asked in ({}, self.everything_in_tweets(), self.everything_in_posts())
        ]
        assert {answer.status_code for answer in answers} == {200}, [a.text for a in answers]
        return [answer.json() for answer in answers]

    def everything_in_tweets(self) -> dict[str, str]:
        schemas = self.document.raw["components"]["schemas"]

        def every(kind: str) -> str:
            names = [POST_TO_TWEET.get(name, name) for name in schemas[kind]["properties"]]
            return ",".join([*names, "shoe_size"])

        fields = {"tweet.fields": "Post", "user.fields": "User", "dm_event.fields": "DmEvent"}
        asked = {name: every(kind) for name, kind in fields.items()}
        return {**asked, "media.fields": every("Media"), "expansions": TWEET_EXPANSIONS}

    def everything_in_posts(self) -> dict[str, str]:
        def every(*names: str) -> str:
            return ",".join([c for name in names for c in self.document.choices(name)] + ["mood"])

        return {
            "post.fields": every("PostFieldsParameter"),
            "user.fields": every("UserFieldsParameter"),
            "dm_event.fields": every("DmEventFieldsParameter"),
            "media.fields": every("MediaFieldsParameter"),
            "expansions": every("PostExpansionsParameter", "DmEventExpansionsParameter"),
        }


def _only(names: set[str], asked: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in asked.items() if name in names}


def drive(stage: Stage) -> dict[str, str]:
    """What went wrong with each case, apart from what the answers themselves showed."""
    failures: dict[str, str] = {}
    for case in dict.fromkeys(CASES.values()):
        try:
            case(stage)
        except AssertionError as error:
            failures[case.__name__] = str(error)
    return failures


# Everywhere


@drives("")
def every_call(stage: Stage) -> None:
    """What all calls have in common."""
    stage.refused(401, "GET", "/2/users/me", token="")
    stage.refused(401, "GET", "/2/users/me", token="nobody's")
    stage.refused(403, "GET", "/2/users/me", token=stage.bearer)
    stage.refused(403, "POST", "/2/webhooks", json={"url": "https://example.com/"})
    narrow = stage.program.token(stage.brand, "users.read")
    stage.refused(403, "GET", "/2/users/me", token=narrow)
    stage.refused(404, "GET", "/2/nowhere")
    stage.refused(405, "PUT", "/2/users/me")
    stage.refused(400, "GET", "/2/users/me?flavour=mint")


# People


@drives("GET /2/users/me")
def me(stage: Stage) -> None:
    stage.read("/2/users/me")


@drives("GET /2/users")
def people(stage: Stage) -> None:
    ids = f"{stage.brand['id']},{stage.customer['id']},{NOBODY}"
    stage.read("/2/users", ids=ids)
    stage.read("/2/users", stage.bearer, ids=ids)
    assert stage.call("GET", f"/2/users?ids={NOBODY}").json().keys() == {"errors"}
    stage.refused(400, "GET", "/2/users")
    stage.refused(400, "GET", "/2/users?ids=x")
    stage.refused(400, "GET", "/2/users?ids=" + ",".join(["1"] * 101))


@drives("GET /2/users/by")
def people_by_name(stage: Stage) -> None:
    stage.read("/2/users/by", usernames=f"{stage.brand['username']},nobody_here")
    stage.refused(400, "GET", "/2/users/by")
    stage.refused(400, "GET", "/2/users/by?usernames=" + ",".join(["a"] * 101))
    stage.refused(400, "GET", "/2/users/by?usernames=a-b")


@drives("GET /2/users/by/username/{username}")
def person_by_name(stage: Stage) -> None:
    stage.read(f"/2/users/by/username/{stage.customer['username']}")
    assert stage.call("GET", "/2/users/by/username/nobody_here").json().keys() == {"errors"}
    stage.refused(400, "GET", "/2/users/by/username/a-b")


@drives("GET /2/users/{id}")
def person(stage: Stage) -> None:
    stage.read(f"/2/users/{stage.brand['id']}")
    assert stage.call("GET", f"/2/users/{NOBODY}").json().keys() == {"errors"}
    stage.refused(400, "GET", "/2/users/x")


@drives("POST /2/users/{id}/dm/block", "POST /2/users/{id}/dm/unblock")
def block(stage: Stage) -> None:
    for deed in ("block", "unblock"):
        answer = stage.call("POST", f"/2/users/{stage.closed['id']}/dm/{deed}")
        assert answer.json() == {"data": {"blocked": deed == "block"}}
        stage.refused(404, "POST", f"/2/users/{NOBODY}/dm/{deed}")
        stage.refused(403, "POST", f"/2/users/{stage.brand['id']}/dm/{deed}")


# Direct messages


@drives("GET /2/dm_events")
def messages(stage: Stage) -> None:
    for body in stage.read("/2/dm_events"):
        assert len(body["data"]) >= 2
    first = stage.call("GET", "/2/dm_events?max_results=1").json()
    token = first["meta"]["next_token"]
    second = stage.call("GET", f"/2/dm_events?max_results=1&pagination_token={token}").json()
    assert second["meta"]["previous_token"]
    empty = stage.call("GET", "/2/dm_events", stage.program.token(stage.closed, SCOPES)).json()
    assert empty == {"meta": {"result_count": 0}}
    stage.refused(400, "GET", "/2/dm_events?max_results=101")
    stage.refused(400, "GET", "/2/dm_events?pagination_token=nonsense-nonsense")
    stage.refused(400, "GET", "/2/dm_events?event_types=Wave")


@drives("GET /2/dm_events/{event_id}")
def message(stage: Stage) -> None:
    for body in stage.read(f"/2/dm_events/{stage.received}"):
        assert body["data"]["id"] == stage.received
    assert stage.call("GET", f"/2/dm_events/{NOBODY}").json().keys() == {"errors"}
    stage.refused(400, "GET", "/2/dm_events/x")


@drives("DELETE /2/dm_events/{event_id}")
def delete_message(stage: Stage) -> None:
    there = f"/2/dm_conversations/with/{stage.customer['id']}/messages"
    dm_id = stage.made(there, {"text": "Not this."})["dm_event_id"]
    assert stage.call("DELETE", f"/2/dm_events/{dm_id}").json() == {"data": {"deleted": True}}
    stage.refused(403, "DELETE", f"/2/dm_events/{stage.received}")
    stage.refused(400, "DELETE", "/2/dm_events/x")


@drives(
    "GET /2/dm_conversations/with/{participant_id}/dm_events",
    "GET /2/dm_conversations/{id}/dm_events",
)
def conversation(stage: Stage) -> None:
    stage.read(f"/2/dm_conversations/with/{stage.customer['id']}/dm_events")
    stage.read(f"/2/dm_conversations/{stage.conversation}/dm_events")
    for body in stage.read(f"/2/dm_conversations/{stage.group}/dm_events"):
        kinds = [event["event_type"] for event in body["data"]]
        assert kinds == ["ParticipantsLeave", "ParticipantsJoin", "MessageCreate"]
    left = f"/2/dm_conversations/{stage.group}/dm_events?event_types=ParticipantsLeave"
    assert stage.call("GET", left).json()["meta"]["result_count"] == 1
    stage.refused(400, "GET", "/2/dm_conversations/with/x/dm_events")
    stage.refused(400, "GET", "/2/dm_conversations/x/dm_events")
    stage.refused(403, "GET", "/2/dm_conversations/1-2/dm_events")


@drives("POST /2/dm_conversations")
def group(stage: Stage) -> None:
    path, others = "/2/dm_conversations", [stage.customer["id"], stage.program.person()["id"]]
    asked = {"conversation_type": "Group", "participant_ids": others, "message": {"text": "Hi"}}
    made = stage.made(path, asked)
    here = f"{path}/{made['dm_conversation_id']}"
    assert stage.made(f"{here}/messages", {"text": "Hi again"})["dm_conversation_id"] in here
    assert len(stage.call("GET", f"{here}/dm_events").json()["data"]) == 2
    wrong: tuple[Json, ...] = (
        {"conversation_type": "group"},
        {"participant_ids": others[:1]},
        {"participant_ids": [5, 6]},
        {"message": {}},
        {"message": {"text": "Hi", "mood": "b"}},
        {"message": "Hi"},
        {"colour": "red"},
    )
    for part in wrong:
        stage.refused(400, "POST", path, json=asked | part)
    stage.refused(400, "POST", path, json={})
    stage.refused(400, "POST", f"{here}/messages", json={})
    for other in (NOBODY, stage.closed["id"]):
        stage.refused(403, "POST", path, json=asked | {"participant_ids": [*others, other]})
    stranger = stage.program.token(stage.closed, SCOPES)
    stage.refused(403, "POST", f"{here}/messages", token=stranger, json={"text": "Hi"})


@drives(
    "POST /2/dm_conversations/with/{participant_id}/messages",
    "POST /2/dm_conversations/{id}/messages",
)
def send(stage: Stage) -> None:
    there = f"/2/dm_conversations/with/{stage.customer['id']}/messages"
    here = f"/2/dm_conversations/{stage.conversation}/messages"
    for path in (there, here):
        assert stage.call("POST", path, json={"text": "Hi"}).status_code == 201
        for body in ({}, {"text": 5}, {"text": "a", "mood": "b"}, {"text": "x" * 10_001}, []):
            stage.refused(400, "POST", path, json=body)
        stage.refused(400, "POST", path, content="{")
    closed = f"/2/dm_conversations/with/{stage.closed['id']}/messages"
    stage.refused(403, "POST", closed, json={"text": "Hi"})
    stage.refused(403, "POST", there, json={"attachments": [{"media_id": NOBODY}]})
    locked = stage.program.person("stagelocked", brand=True, locked=True)
    token = stage.program.token(locked, SCOPES)
    stage.refused(403, "POST", there, token=token, json={"text": "Hi"})


# Posts


@drives("POST /2/tweets")
def publish(stage: Stage) -> None:
    made = stage.made("/2/tweets", {"text": "We are open"})
    edit = {"text": "We are open again", "edit_options": {"previous_post_id": made["id"]}}
    assert len(stage.made("/2/tweets", edit)["edit_history_tweet_ids"]) == 2
    stage.refused(403, "POST", "/2/tweets", json=edit)
    stage.refused(403, "POST", "/2/tweets", json={"text": "We are open again"})
    stage.refused(400, "POST", "/2/tweets", json={"text": "界" * 141})
    for body in ({}, {"text": 5}, {"text": "a", "mood": "b"}, {"text": "a", "reply": {}}):
        stage.refused(400, "POST", "/2/tweets", json=body)
    stage.refused(400, "POST", "/2/tweets", json={"text": "a", "quote_tweet_id": "x"})
    stranger = stage.program.post(stage.customer, "Nothing to do with it")
    for parent in (stranger, NOBODY):
        said = {"text": "We see you", "reply": {"in_reply_to_tweet_id": parent}}
        stage.refused(403, "POST", "/2/tweets", json=said)


@drives("GET /2/tweets")
def posts(stage: Stage) -> None:
    known = (stage.long, stage.picture, stage.mention, stage.answer, stage.quote, stage.orphan)
    ids = ",".join([*known, NOBODY])
    for token in (stage.token, stage.bearer):
        for body in stage.read("/2/tweets", token, ids=ids):
            assert len(body["data"]) == len(known)
            assert body["errors"]
    stage.refused(400, "GET", "/2/tweets")


@drives("GET /2/tweets/{id}")
def post(stage: Stage) -> None:
    stage.read(f"/2/tweets/{stage.answer}")
    assert stage.call("GET", f"/2/tweets/{NOBODY}").json().keys() == {"errors"}
    stage.refused(400, "GET", "/2/tweets/x")


@drives("DELETE /2/tweets/{id}")
def delete_post(stage: Stage) -> None:
    post_id = stage.made("/2/tweets", {"text": "Not for long"})["id"]
    assert stage.call("DELETE", f"/2/tweets/{post_id}").json() == {"data": {"deleted": True}}
    stage.refused(403, "DELETE", f"/2/tweets/{stage.mention}")
    stage.refused(400, "DELETE", "/2/tweets/x")


@drives("PUT /2/tweets/{id}/hidden")
def hide(stage: Stage) -> None:
    own = stage.made("/2/tweets", {"text": "What do you think?"})["id"]
    below = stage.program.post(stage.customer, "Not much", in_reply_to_post_id=own)
    for hidden in (True, False):
        answer = stage.call("PUT", f"/2/tweets/{below}/hidden", json={"hidden": hidden})
        assert answer.json() == {"data": {"hidden": hidden}}
    stage.refused(403, "PUT", f"/2/tweets/{stage.mention}/hidden", json={"hidden": True})
    stage.refused(404, "PUT", f"/2/tweets/{NOBODY}/hidden", json={"hidden": True})
    stage.refused(400, "PUT", f"/2/tweets/{below}/hidden", json={})


@drives("GET /2/users/{id}/mentions", "GET /2/users/{id}/tweets")
def timelines(stage: Stage) -> None:
    for path in (f"/2/users/{stage.brand['id']}/mentions", f"/2/users/{stage.brand['id']}/tweets"):
        stage.read(path, max_results=100)
        stage.refused(400, "GET", f"{path}?max_results=4")
        stage.refused(400, "GET", f"{path}?since_id=x")
        stage.refused(400, "GET", f"{path}?until_id=x")
        stage.refused(400, "GET", f"{path}?start_time=yesterday")
        stage.refused(400, "GET", f"{path}?end_time=tomorrow")
    own = f"/2/users/{stage.brand['id']}/tweets"
    stage.call("GET", f"{own}?exclude=replies,retweets")
    stage.refused(400, "GET", f"{own}?exclude=everything")
    mentions = f"/2/users/{stage.brand['id']}/mentions"
    token = stage.call("GET", f"{mentions}?max_results=5").json()["meta"]["next_token"]
    second = stage.call("GET", f"{mentions}?max_results=5&pagination_token={token}").json()
    assert second["meta"]["previous_token"]
    assert stage.call("GET", f"/2/users/{NOBODY}/mentions").json().keys() == {"errors"}


@drives("GET /2/tweets/search/recent")
def search(stage: Stage) -> None:
    path = "/2/tweets/search/recent"
    for token in (stage.token, stage.bearer):
        stage.read(path, token, query=f"conversation_id:{stage.mention}")
    body = stage.call("GET", path, params={"query": f"@{stage.brand['username']}"}).json()
    token = body["meta"]["next_token"]
    stage.call("GET", path, params={"query": f"@{stage.brand['username']}", "next_token": token})
    stage.refused(400, "GET", path)
    stage.refused(400, "GET", path, params={"query": "colour:red"})
    stage.refused(400, "GET", path, params={"query": "a", "sort_order": "random"})
    stage.refused(400, "GET", path, params={"query": "a", "next_token": "nonsense"})


# Media


@drives(
    "POST /2/media/upload/initialize",
    "POST /2/media/upload/{id}/append",
    "POST /2/media/upload/{id}/finalize",
    "GET /2/media/upload",
    "POST /2/media/upload",
)
def upload(stage: Stage) -> None:
    path = "/2/media/upload"
    film = {"media_type": "video/mp4", "media_category": "tweet_video", "total_bytes": len(FILM)}
    wrong: tuple[Json, ...] = (
        {},
        film | {"media_type": "image/png"},
        film | {"media_category": "tweet_sound"},
        film | {"total_bytes": 0},
    )
    for body in wrong:
        stage.refused(400, "POST", f"{path}/initialize", json=body)
    film_id = stage.made(f"{path}/initialize", film)["id"]
    stage.refused(400, "POST", f"{path}/{film_id}/finalize")
    piece = {"segment_index": 0, "media": coded(FILM)}
    for body in ({**piece, "segment_index": 1000}, {**piece, "media": "?"}, {}):
        stage.refused(400, "POST", f"{path}/{film_id}/append", json=body)
    assert stage.made(f"{path}/{film_id}/append", piece)["expires_at"]
    done = stage.made(f"{path}/{film_id}/finalize", {})
    assert done["processing_info"]["state"] == "pending"
    stage.refused(400, "POST", f"{path}/{film_id}/append", json=piece)
    assert stage.call("GET", path, params={"media_id": film_id}).status_code == 200
    stage.refused(400, "GET", path)
    stage.refused(400, "GET", f"{path}?media_id=x")
    stage.refused(400, "GET", f"{path}?media_id={film_id}&command=START")
    stage.refused(404, "GET", f"{path}?media_id={NOBODY}")
    other = stage.program.token(stage.customer, SCOPES)
    stage.refused(404, "POST", f"{path}/{film_id}/finalize", token=other)
    at_once = {"media": coded(GIF), "media_category": "dm_gif"}
    assert stage.made(path, at_once)["processing_info"]
    picture = {"media": PICTURE["content"], "media_category": "dm_image"}
    attached = {"attachments": [{"media_id": stage.made(path, picture)["id"]}]}
    there = f"/2/dm_conversations/with/{stage.customer['id']}/messages"
    assert stage.call("POST", there, json=attached).status_code == 201
    said = {"text": "See", "media": {"media_ids": [attached["attachments"][0]["media_id"]]}}
    stage.refused(400, "POST", "/2/tweets", json=said)


@drives("POST /2/media/metadata")
def describe(stage: Stage) -> None:
    path = "/2/media/metadata"
    media_id = stage.made(
        "/2/media/upload", {"media": PICTURE["content"], "media_category": "dm_image"}
    )["id"]
    described = {"id": media_id, "metadata": {"alt_text": {"text": "A cup"}}}
    answer = stage.made(path, described)
    assert answer == {"id": media_id, "associated_metadata": described["metadata"]}
    for metadata in ({"alt_text": {}}, {"alt_text": {"text": "x" * 1_001}}, {"mood": {}}, "A cup"):
        stage.refused(400, "POST", path, json=described | {"metadata": metadata})
    stage.refused(400, "POST", path, json={})
    stage.refused(404, "POST", path, json=described | {"id": NOBODY})


@drives("GET /2/dm_conversations/media/{dm_id}/{media_id}/{resource_id}")
def medium_of_message(stage: Stage) -> None:
    asked = {"expansions": "attachments.media_keys", "media.fields": "url"}
    event = stage.call("GET", f"/2/dm_events/{stage.seen}", params=asked).json()
    address = event["includes"]["media"][0]["url"].partition("/dm/")[2]
    path = f"/2/dm_conversations/media/{address}"
    answer = stage.call("GET", path)
    assert (answer.content, answer.headers["content-type"]) == (PNG, "image/png")
    stage.refused(404, "GET", path, token=stage.program.token(stage.closed, SCOPES))
    stage.refused(404, "GET", f"{path}x")
    stage.refused(400, "GET", "/2/dm_conversations/media/x/1/a")
    stage.refused(400, "GET", f"/2/dm_conversations/media/{stage.seen}/x/a")


# Webhooks and activity


@drives("POST /2/webhooks", "GET /2/webhooks")
def webhooks(stage: Stage) -> None:
    stage.call("GET", "/2/webhooks", stage.bearer)
    hook = {"url": stage.receiver.url}
    for url in ("nonsense", "http://example.com/", "https://example.com/" + "x" * 200):
        stage.refused(400, "POST", "/2/webhooks", token=stage.bearer, json={"url": url})
    stage.refused(400, "POST", "/2/webhooks", token=stage.bearer, json={})
    nobody = {"url": "http://127.0.0.1:9/"}
    stage.refused(400, "POST", "/2/webhooks", token=stage.bearer, json=nobody)
    made = stage.call("POST", "/2/webhooks", stage.bearer, json=hook)
    stage.webhook_id = made.json()["data"]["id"]
    stage.refused(400, "POST", "/2/webhooks", token=stage.bearer, json=hook)
    other = {"url": f"{stage.receiver.url}/other"}
    stage.refused(400, "POST", "/2/webhooks", token=stage.bearer, json=other)
    assert len(stage.call("GET", "/2/webhooks", stage.bearer).json()["data"]) == 1


@drives(
    "POST /2/activity/subscriptions",
    "GET /2/activity/subscriptions",
    "PUT /2/activity/subscriptions/{subscription_id}",
    "DELETE /2/activity/subscriptions/{subscription_id}",
    "DELETE /2/activity/subscriptions",
)
def subscriptions(stage: Stage) -> None:
    path, brand_id = "/2/activity/subscriptions", stage.brand["id"]
    own = {"user_id": brand_id}
    body = {"event_type": "dm.received", "filter": own, "tag": "a", "webhook_id": stage.webhook_id}
    first = stage.made(path, body)["subscription"]["subscription_id"]
    second = stage.made(path, {"event_type": "post.create", "filter": own})["subscription"]
    wrong: tuple[Json, ...] = (
        {},
        body,
        {"event_type": "wave", "filter": own},
        {"event_type": "dm.sent", "filter": {}},
        {"event_type": "dm.sent", "filter": {"user_id": NOBODY}},
        {"event_type": "dm.sent", "filter": {**own, "mood": "b"}},
        {"event_type": "dm.sent", "filter": {**own, "direction": "up"}},
        {"event_type": "dm.sent", "filter": own, "tag": ""},
        {"event_type": "dm.sent", "filter": own, "webhook_id": NOBODY},
    )
    for bad in wrong:
        stage.refused(400, "POST", path, json=bad)
    other = {"event_type": "dm.sent", "filter": {"user_id": stage.customer["id"]}}
    stage.refused(403, "POST", path, json=other)
    stage.refused(403, "POST", path, token=stage.bearer, json=body)
    for token in (stage.token, stage.bearer):
        stage.call("GET", f"{path}?max_results=1", token)
    changed = stage.call("PUT", f"{path}/{first}", stage.bearer, json={"tag": "b"})
    assert changed.json()["data"]["subscription"]["tag"] == "b"
    stage.refused(404, "PUT", f"{path}/{NOBODY}", token=stage.bearer, json={"tag": "b"})
    stage.refused(400, "DELETE", f"{path}/x", token=stage.bearer)
    stage.call("DELETE", f"{path}/{first}", stage.bearer)
    several = f"{path}?ids={second['subscription_id']},{NOBODY}"
    assert stage.call("DELETE", several, stage.bearer).status_code == 200


@drives("POST /2/compliance/jobs", "GET /2/compliance/jobs", "GET /2/compliance/jobs/{id}")
def compliance(stage: Stage) -> None:
    path = "/2/compliance/jobs"
    wrong: tuple[Json, ...] = (
        {},
        {"type": "dms"},
        {"type": "tweets", "name": "x" * 65},
        {"type": "tweets", "resumable": "yes"},
        {"type": "tweets", "until": 1},
    )
    for body in wrong:
        stage.refused(400, "POST", path, token=stage.bearer, json=body)
    stage.refused(403, "POST", path, json={"type": "tweets"})
    made = stage.call("POST", path, stage.bearer, json={"type": "tweets", "name": "daily"})
    job = made.json()["data"]
    for query in ("type=tweets", "type=tweets&status=created", "type=users"):
        assert stage.call("GET", f"{path}?{query}", stage.bearer).status_code == 200
    for query in ("", "?type=dms", "?type=tweets&status=late"):
        stage.refused(400, "GET", f"{path}{query}", token=stage.bearer)
    fields = "compliance_job.fields=status,download_url"
    assert stage.call("GET", f"{path}/{job['id']}?{fields}", stage.bearer).status_code == 200
    stage.refused(400, "GET", f"{path}/{job['id']}?compliance_job.fields=x", token=stage.bearer)
    stage.refused(404, "GET", f"{path}/{NOBODY}", token=stage.bearer)


@drives("POST /2/webhooks/replay")
def replay(stage: Stage) -> None:
    path, now = "/2/webhooks/replay", datetime.now(UTC)
    hour_ago, tomorrow = minute(now - timedelta(hours=1)), minute(now + timedelta(days=1))
    span = {"webhook_id": stage.webhook_id, "from_date": hour_ago, "to_date": minute(now)}
    wrong: tuple[Json, ...] = (
        {"from_date": minute(now - timedelta(hours=25))},
        {"from_date": minute(now), "to_date": hour_ago},
        {"to_date": tomorrow},
        {"from_date": tomorrow, "to_date": tomorrow},
        {"from_date": "yesterday"},
        {"to_date": "202613010000"},
        {"webhook_id": NOBODY},
        {"webhook_id": 5},
    )
    for part in wrong:
        stage.refused(400, "POST", path, token=stage.bearer, json=span | part)
    stage.refused(400, "POST", path, token=stage.bearer, json={"webhook_id": stage.webhook_id})
    stage.refused(403, "POST", path, json=span)
    stage.receiver.crc_status = 503
    stage.refused(400, "POST", path, token=stage.bearer, json=span)
    stage.receiver.crc_status = 200
    stage.program.subscribe({**stage.brand, "token": stage.token}, "dm.received", stage.webhook_id)
    stage.program.dm(stage.customer, stage.brand, "Still there?")
    stage.receiver.wait_for(1)
    stage.receiver.awake.clear()
    assert stage.call("POST", path, stage.bearer, json=span).status_code == 200
    stage.refused(400, "POST", path, token=stage.bearer, json=span)
    stage.receiver.awake.set()


def minute(moment: datetime) -> str:
    """As a replay names it."""
    return f"{moment:%Y%m%d%H%M}"


@drives("PUT /2/webhooks/{webhook_id}", "DELETE /2/webhooks/{webhook_id}")
def webhook(stage: Stage) -> None:
    path = f"/2/webhooks/{stage.webhook_id}"
    assert stage.call("PUT", path, stage.bearer).json() == {"data": {"valid": True}}
    assert stage.call("DELETE", path, stage.bearer).json() == {"data": {"deleted": True}}
    stage.refused(400, "PUT", path, token=stage.bearer)
    stage.refused(400, "DELETE", path, token=stage.bearer)


# Streams


@drives("GET /2/activity/stream")
def activity_stream(stage: Stage) -> None:
    path, program = "/2/activity/stream", stage.program
    listener = program.person("stagelistener", brand=True)
    token = program.token(listener, SCOPES)
    for kind in ("dm.received", "post.create", "post.mention.create", "post.delete"):
        body = {"event_type": kind, "filter": {"user_id": listener["id"]}, "tag": "t"}
        assert stage.call("POST", "/2/activity/subscriptions", token, json=body).status_code == 200
    with program.listen(path, stage.bearer) as stream, program.listen(path, stage.bearer):
        stage.refused(429, "GET", path, token=stage.bearer)
        for number in range(20):  # some of their numbers are below zero
            program.dm(stage.customer, listener, f"number {number}")
        program.post(stage.customer, f"@{listener['username']} hello")
        own = program.post(listener, "Hello")
        program.control("POST", "posts/delete", id=own)
        assert len({told["data"]["event_uuid"] for told in stream.lines(23)}) == 23
        program.control("POST", "streams/end")
    with program.listen(path, stage.bearer, start_time="2020-01-01T00:00:00Z") as stream:
        assert {one["data"]["event_type"] for one in stream.rest()} >= {"dm.received"}
    for row in sayings.ENDINGS:
        with program.listen(path, stage.bearer, backfill_minutes=5) as stream:
            program.control("POST", "streams/end", disconnect_type=row.name)
            assert stream.rest()[-1]["errors"]
    stage.refused(400, "GET", f"{path}?backfill_minutes=6", token=stage.bearer)
    stage.refused(400, "GET", f"{path}?start_time=yesterday", token=stage.bearer)


@drives(
    "GET /2/tweets/search/stream/rules",
    "POST /2/tweets/search/stream/rules",
    "GET /2/tweets/search/stream/rules/counts",
)
def rules(stage: Stage) -> None:
    path, bearer = "/2/tweets/search/stream/rules", stage.bearer
    assert stage.call("GET", path, bearer).json() == {"meta": {"result_count": 0}}
    wanted = [{"value": f"from:{stage.customer['username']}", "tag": "t"}, {"value": "acme"}]
    bad = [{"value": "-acme"}, {"value": "has:media"}, {"value": "colour:red"}, {"value": "acme"}]
    told = stage.call("POST", path, bearer, json={"add": [*wanted, *bad]}).json()
    assert (len(told["data"]), len(told["errors"])) == (2, 4)
    dry = stage.call("POST", path, bearer, params={"dry_run": "true"}, json={"add": wanted}).json()
    assert dry["meta"]["summary"]["not_created"] == 2
    first = stage.call("GET", f"{path}?max_results=1", bearer).json()
    token = first["meta"]["next_token"]
    stage.call("GET", f"{path}?pagination_token={token}", bearer)
    stage.call("GET", f"{path}?ids={told['data'][0]['id']}", bearer)
    for query in ("", "?rules_count.fields=all_project_client_apps"):
        assert stage.call("GET", f"{path}/counts{query}", bearer).json()["data"]
    gone = {"delete": {"values": ["acme"], "ids": [NOBODY]}}
    summary = stage.call("POST", path, bearer, json=gone).json()["meta"]["summary"]
    assert summary == {"deleted": 1, "not_deleted": 1}
    many = [{"value": f"word{number}"} for number in range(1_001)]
    stage.refused(400, "POST", path, token=bearer, json={"add": many})
    for query in ("ids=x", "max_results=1001", "pagination_token=x"):
        stage.refused(400, "GET", f"{path}?{query}", token=bearer)
    for body in ({}, {"add": [5]}, {"add": [{}]}, {"delete": {}}, {"delete": {"ids": ["x"]}}):
        stage.refused(400, "POST", path, token=bearer, json=body)
    for query in ("dry_run=yes", "delete_all=yes"):
        stage.refused(400, "POST", f"{path}?{query}", token=bearer, json={"add": wanted})


@drives("GET /2/tweets/search/stream")
def filtered_stream(stage: Stage) -> None:
    path, rules, bearer = "/2/tweets/search/stream", "/2/tweets/search/stream/rules", stage.bearer
    asked = _only(stage.document.parameters(f"GET {path}"), stage.everything_in_tweets())
    body = {"add": [{"value": f"from:{stage.customer['username']} OR from:stagewriter"}]}
    stage.call("POST", rules, bearer, params={"delete_all": "true"}, json={})
    stage.refused(409, "GET", path, token=bearer)
    assert stage.call("POST", rules, bearer, json=body).status_code == 200
    with stage.program.listen(path, bearer, backfill_minutes=5) as stream:
        stage.refused(429, "GET", path, token=bearer)
        assert {"data", "matching_rules"} == stream.line().keys()
    with stage.program.listen(path, bearer, start_time="2020-01-01T00:00:00Z", **asked) as stream:
        told = stream.rest()
        assert {stage.mention, stage.long, stage.quote} <= {line["data"]["id"] for line in told}
    stage.refused(400, "GET", f"{path}?backfill_minutes=6", token=bearer)
    stage.call("POST", rules, bearer, params={"delete_all": "true"}, json={})


@drives(
    "GET /2/connections",
    "DELETE /2/connections",
    "DELETE /2/connections/all",
    "DELETE /2/connections/{endpoint_id}",
)
def connections(stage: Stage) -> None:
    path, stream, bearer = "/2/connections", "/2/activity/stream", stage.bearer
    asked = {"connection.fields": ",".join(stage.document.choices("ConnectionFieldsParameter"))}
    with stage.program.listen(stream, bearer), stage.program.listen(stream, bearer):
        for query in ({}, asked):
            both = stage.call("GET", path, bearer, params=query).json()["data"]
            assert len(both) == 2
        uuids = {"uuids": [both[0]["id"], "nobody"]}
        told = stage.call("DELETE", path, bearer, json=uuids).json()["data"]
        assert (told["successful_kills"], told["failed_kills"]) == (1, 1)
        told = stage.call("DELETE", f"{path}/all", bearer).json()["data"]
        assert (told["successful_kills"], told["failed_kills"]) == (1, 0)
    ended = stage.call("GET", path, bearer, params={**asked, "status": "inactive"}).json()
    assert ended["data"][0]["disconnect_reason"] == "ForceDisconnect"
    assert stage.call("GET", path, bearer).json() == {"meta": {"result_count": 0}}
    one = stage.call("GET", f"{path}?status=all&max_results=1", bearer).json()
    token = one["meta"]["next_token"]
    stage.call("GET", f"{path}?status=all&pagination_token={token}", bearer)
    stage.call("DELETE", f"{path}/filtered_stream", bearer)
    wrong = ("status=open", "endpoints=activity", "endpoints=", "max_results=101")
    for query in (*wrong, "pagination_token=x"):
        stage.refused(400, "GET", f"{path}?{query}", token=bearer)
    for body in ({}, {"uuids": "all"}, {"uuids": []}, {"uuids": [5]}):
        stage.refused(400, "DELETE", path, token=bearer, json=body)
    stage.refused(400, "DELETE", f"{path}/brook_stream", token=bearer)


# Encrypted chat


@drives(
    "GET /2/chat/conversations",
    "GET /2/chat/conversations/{id}",
    "GET /2/chat/conversations/{id}/events",
)
def chats(stage: Stage) -> None:
    """An account of its own: between the others nothing may be encrypted."""
    program = stage.program
    brand = program.brand()
    token, customer = program.token(brand, SCOPES), program.person()
    empty = stage.call("GET", "/2/chat/conversations", token).json()
    assert empty.keys() == {"meta"}
    for number in range(3):
        program.chat(customer, brand, f"number {number}")
    people = {"creator_id": customer["id"], "member_ids": [brand["id"], stage.customer["id"]]}
    group = program.control("POST", "chat/groups", name="Neighbours", **people)["id"]
    program.control("POST", "chat", sender_id=brand["id"], conversation_id=group, text="Hello all")
    every = {
        name: ",".join(stage.document.choices(parameter))
        for name, parameter in (
            ("chat_conversation.fields", "ChatConversationFieldsParameter"),
            ("expansions", "ChatConversationExpansionsParameter"),
            ("user.fields", "UserFieldsParameter"),
        )
    }
    first = stage.call("GET", "/2/chat/conversations", token, params=every | {"max_results": 1})
    next_token = first.json()["meta"]["next_token"]
    further = {"max_results": 1, "pagination_token": next_token}
    for asked in ({}, every, every | further):
        listed = stage.call("GET", "/2/chat/conversations", token, params=asked).json()
        assert listed["data"]
    fields = ",".join(stage.document.choices("ChatMessageEventFieldsParameter"))
    for chat in (customer["id"], listed["data"][0]["id"], group):
        path = f"/2/chat/conversations/{chat}"
        for asked in ({}, every):
            assert stage.call("GET", path, token, params=asked).json()["data"]["id"]
        for asked in ({}, {"chat_message_event.fields": fields}, {"max_results": 1}):
            told = stage.call("GET", f"{path}/events", token, params=asked).json()
            assert told["meta"]["conversation_key_events"]
        stage.refused(404, "GET", path, token=stage.program.token(stage.closed, SCOPES))
        stage.refused(400, "GET", f"{path}/events?max_results=101", token=token)
        stage.refused(400, "GET", f"{path}/events?pagination_token=nonsense", token=token)
    stage.refused(400, "GET", "/2/chat/conversations/a:b", token=token)
    stage.refused(404, "GET", f"/2/chat/conversations/{NOBODY}/events", token=token)


# Access


@drives("POST /2/oauth2/token", "POST /2/oauth2/revoke")
def tokens(stage: Stage) -> None:
    program = stage.program
    code = program.decide(stage.customer)["code"]
    assert program.redeem(code, verifier="x" * 43).status_code == 400
    assert program.redeem(code, uri="https://desk.example.com/callback").status_code == 400
    pair = program.redeem(code).json()
    assert program.redeem(code).status_code == 400
    newer = program.trade(grant_type="refresh_token", refresh_token=pair["refresh_token"]).json()
    assert program.trade(grant_type="refresh_token", refresh_token="nonsense").status_code == 400
    assert program.trade(grant_type="refresh_token").status_code == 400
    assert program.trade(grant_type="password").status_code == 400
    url = f"{program.url}/2/oauth2/revoke"
    form = {"token": newer["access_token"]}
    assert program.http.post(url, data=form, auth=program.client()).json() == {"revoked": True}
    assert program.http.post(url, data=form).status_code == 401


@drives("POST /oauth2/token")
def bearer(stage: Stage) -> None:
    url, form = f"{stage.program.url}/oauth2/token", {"grant_type": "client_credentials"}
    key, secret = CREDENTIALS["X_CONSUMER_KEY"], CREDENTIALS["X_CONSUMER_SECRET"]
    assert stage.program.http.post(url, data=form, auth=(key, secret)).status_code == 200
    assert stage.program.http.post(url, data=form, auth=(key, "nonsense")).status_code == 403
