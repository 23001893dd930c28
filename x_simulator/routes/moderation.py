"""Refusing somebody's messages, hiding answers to one's own posts."""

from x_simulator import errors
from x_simulator.api import Answer, Call, Endpoint, checked_body
from x_simulator.posts import Post
from x_simulator.quotas import Limits

BLOCK = frozenset({"dm.write", "tweet.read", "users.read"})
HIDE = frozenset({"tweet.moderate.write", "tweet.read", "users.read"})


async def block(call: Call) -> Answer:
    return _block(call, on=True)


async def unblock(call: Call) -> Answer:
    return _block(call, on=False)


def _block(call: Call, *, on: bool) -> Answer:
    """Twice is as good as once. The account itself is not blocked: it still sees and answers."""
    other_id = call.path_id("id")
    if other_id == call.caller.viewer:
        raise errors.forbidden("You cannot block yourself.")
    if call.world.people.get(other_id) is None:
        raise errors.not_found()
    call.world.moderation.block_dms(call.caller.viewer, other_id, on=on)
    return Answer({"data": {"blocked": on}})


async def hide(call: Call) -> Answer:
    """An answer in a conversation that the caller began; twice is as good as once."""
    body = checked_body(call, {"hidden": bool}, required=("hidden",))
    post = call.world.posts.get(call.path_id("id"))
    if post is None or post.deleted_ms is not None:
        raise errors.not_found()
    if not _is_below_own_post(call, post):
        raise errors.forbidden()
    call.world.moderation.hide(post.id, on=body["hidden"])
    return Answer({"data": {"hidden": body["hidden"]}})


def _is_below_own_post(call: Call, post: Post) -> bool:
    first = call.world.posts.get(post.conversation_id)
    return (
        post.in_reply_to_post_id is not None
        and first is not None
        and first.author_id == call.caller.viewer
    )


_BLOCKS = Limits(user=10, together=25, user_day=400, app_day=1_000)
ENDPOINTS = (
    Endpoint("POST", "/2/users/{id}/dm/block", block, _BLOCKS, BLOCK),
    Endpoint("POST", "/2/users/{id}/dm/unblock", unblock, _BLOCKS, BLOCK),
    Endpoint("PUT", "/2/tweets/{id}/hidden", hide, Limits(user=50), HIDE),
)
