"""What the cases call from: a brand and its customer, with something of every kind between them."""

from __future__ import annotations

import base64
from typing import Any

import httpx

from tests.simulator.contract import Contract
from tests.simulator.document import TWEET_TO_POST
from tests.simulator.program import EVERYTHING, Json, Program
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
            self.call("GET", path, token, params={**query, **only(taken, asked)})
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


def only(names: set[str], asked: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in asked.items() if name in names}
