"""What the simulator knows for certain: for checks from outside."""

from starlette.responses import Response, StreamingResponse

from x_simulator import clock, lines
from x_simulator.routes.control.calling import BadControl, Body, limit, route
from x_simulator.world import World


async def ledger(world: World, body: Body) -> Body:
    """Everything that was written, in the order of ids."""
    hidden = world.moderation.hidden_posts()
    return {
        "dms": [
            {
                "id": str(dm.id),
                "sender_id": str(dm.sender_id),
                "recipient_id": _text(dm.recipient_id or None),
                "conversation_id": dm.conversation_id,
                "event_type": dm.event_type,
                "text": dm.text,
                "created_at": clock.iso(dm.created_ms),
                "source": dm.source,
            }
            for dm in world.messages.all()
        ],
        "posts": [
            {
                "id": str(post.id),
                "author_id": str(post.author_id),
                "text": post.text,
                "conversation_id": str(post.conversation_id),
                "in_reply_to_post_id": _text(post.in_reply_to_post_id),
                "created_at": clock.iso(post.created_ms),
                "source": post.source,
                "deleted": post.deleted_ms is not None,
                "hidden": post.id in hidden,
            }
            for post in world.posts.all()
        ],
        "chats": [
            {
                "id": str(said.id),
                "message_id": said.message_id,
                "conversation_id": said.chat,
                "sender_id": str(said.sender_id),
                "text": said.text,
                "created_at": clock.iso(said.created_ms),
            }
            for said in world.chats.all_said()
        ],
        "dm_blocks": [
            {"user_id": str(user_id), "other_id": str(other_id)}
            for user_id, other_id in world.moderation.dm_blocks()
        ],
    }


def _text(number: int | None) -> str | None:
    return None if number is None else str(number)


async def calls(world: World, body: Body) -> Body:
    return {"calls": world.ledger.calls(limit(body))}


async def deliveries(world: World, body: Body) -> Body:
    return {"deliveries": world.ledger.deliveries(limit(body))}


async def ledger_lines(world: World, body: Body) -> Response:
    """All that there is at this moment, however long it takes to be told."""
    given = body.get("kind", "")
    kinds = given.split(",") if given else [*lines.KINDS]
    for kind in kinds:
        if kind not in lines.KINDS:
            raise BadControl(f"kind [{kind}] is not one of {', '.join(lines.KINDS)}")
    return StreamingResponse(lines.of(world.store, kinds), media_type=lines.MEDIA_TYPE)


ROUTES = (
    route("GET", "ledger", ledger),
    route("GET", "ledger.jsonl", ledger_lines, "kind"),
    route("GET", "calls", calls, "limit"),
    route("GET", "deliveries", deliveries, "limit"),
)
