"""The inbox takes what a scene came to, and X is asked for what is left open: by the same few
statements for any number of messages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from accounts.models import BrandAccount
from inbox.actions.receiving import Received, receive_all
from inbox.utterance import Told
from twitter_sync.actions.introducing import ask_who
from twitter_sync.actions.noticing import Heard, notice
from twitter_sync.actions.placing import place
from twitter_sync.actions.remembering import want_above
from twitter_sync.actions.searching import Talk, expect_more
from twitter_sync.payloads import Post
from twitter_sync.scene import Said, Scene
from twitter_sync.utterances import People


def take(scene: Scene) -> None:
    """Receives what was said until now."""
    said, scene.said = scene.said, []
    if said:
        received = receive_all([one.told for one in said])
        follow_up(list(zip(said, received, strict=True)))
    wanted, scene.wanted_above = scene.wanted_above, []
    want_above(scene.tree, wanted)


def follow_up(taken: Sequence[tuple[Said, Received]]) -> None:
    expect_more(
        (talk_of(said.told), received.message.sent_at)
        for said, received in taken
        if said.expects_more
    )
    notice(
        [
            Heard(received, said.event, said.row, said.told.brand)
            for said, received in taken
            if said.event is not None and said.row is not None
        ]
    )
    ask_who(
        [
            (received.message.external_id, said.told.utterance.customer.x_user_id)
            for said, received in taken
            if isinstance(said.event, Post) and is_nameless(said) and received.message.external_id
        ]
    )


def talk_of(told: Told) -> Talk:
    utterance = told.utterance
    return Talk(told.brand.pk, utterance.x_conversation_id, utterance.customer.x_user_id)


def is_nameless(said: Said) -> bool:
    """The payload doesn't say who the customer is."""
    return said.told.utterance.customer.x_user_id not in said.people


def take_post(post: Post, scene: Scene, people: People, *, told: Iterable[BrandAccount]) -> None:
    """One post by itself. Raises MustWait."""
    place(post, scene, people, told=told)
    take(scene)
