"""What the simulator knows for certain: for checks from outside."""

from x_simulator import clock
from x_simulator.routes.control.calling import Body, limit, route
from x_simulator.world import World


async def ledger(world: World, body: Body) -> Body:
    """Everything that was written, in the order of ids."""
    hidden = world.moderation.hidden_posts()
    return {
        "dms": [
            {
                "id": str(dm.id),
                "sender_id": str(dm.sender_id),
                "recipient_id": str(dm.recipient_id),
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


ROUTES = (
    route("GET", "ledger", ledger),
    route("GET", "calls", calls),
    route("GET", "deliveries", deliveries),
)
