"""Publishing, deleting, looking up and finding posts."""

from typing import Any

from x_simulator import deeds, errors, ids, wire
from x_simulator.api import Answer, Call, Endpoint, checked_body
from x_simulator.composing import Place, Told
from x_simulator.matching import found_by
from x_simulator.media import Medium
from x_simulator.pages import Page
from x_simulator.posts import Post
from x_simulator.query import InvalidQuery
from x_simulator.quotas import Limits

READ = frozenset({"tweet.read", "users.read"})
WRITE = frozenset({"tweet.read", "tweet.write", "users.read"})
FIELDS = frozenset(
    {
        "tweet.fields",
        "post.fields",
        "expansions",
        "user.fields",
        "media.fields",
        "poll.fields",
        "place.fields",
    }
)
SPAN = FIELDS | {
    "max_results",
    "pagination_token",
    "since_id",
    "until_id",
    "start_time",
    "end_time",
}
MAX_QUERY = 512
_BODY: dict[str, type | tuple[type, ...]] = {
    "text": str,
    "reply": dict,
    "reply_settings": str,
    "quote_tweet_id": str,
    "media": dict,
    "direct_message_deep_link": str,
    "made_with_ai": bool,
    "paid_partnership": bool,
    "for_super_followers_only": bool,
    "nullcast": bool,
    "edit_options": dict,
}
_MEDIA = {"media_ids", "tagged_user_ids"}
_REPLY_SETTINGS = ("following", "mentionedUsers", "subscribers", "verified")
_REPLY = {"in_reply_to_tweet_id", "exclude_reply_user_ids", "auto_populate_reply_metadata"}


async def create(call: Call) -> Answer:
    body = checked_body(call, _BODY)
    if body.get("reply_settings", "verified") not in _REPLY_SETTINGS:
        raise errors.invalid(f"$.reply_settings: is not one of [{','.join(_REPLY_SETTINGS)}]")
    media = _attached(call, body.get("media"))
    if not body.get("text") and not media:
        raise errors.invalid("$: required fields missing: one of text, media, poll")
    author = call.world.people.get(call.caller.viewer)
    if author is None:
        raise errors.unauthorized()
    told = Told(body.get("text", ""), media=media)
    try:
        if "edit_options" in body:
            former = _former(call, body["edit_options"])
            post = deeds.edit_post(call.world, told, former, source="api")
        else:
            post = deeds.publish_post(
                call.world, told, _place(call, body), author=author, source="api"
            )
    except deeds.PostTooLong as error:
        raise errors.text_too_long() from error
    except deeds.NotAllowed as error:
        raise errors.forbidden(str(error)) from error
    # The tweet vocabulary whatever was asked: so it was seen live.
    forms = [str(post_id) for post_id in (*post.earlier_ids, post.id)]
    said = {"id": str(post.id), "text": post.text, "edit_history_tweet_ids": forms}
    return Answer({"data": said}, status=201)


def _attached(call: Call, given: dict[str, Any] | None) -> tuple[Medium, ...]:
    """At most four, uploaded for a post by its author."""
    if given is None:
        return ()
    asked = given.get("media_ids")
    if not given.keys() <= _MEDIA or not isinstance(asked, list) or not 1 <= len(asked) <= 4:
        raise errors.invalid("$.media: is not valid")
    wanted = [_body_id(media_id) for media_id in asked]
    found = call.world.media.by_ids(wanted)
    media = [found[media_id] for media_id in wanted if media_id in found]
    if len(media) < len(wanted) or not all(
        medium.may_be_attached_by(call.caller.viewer, "tweet") for medium in media
    ):
        raise errors.invalid(
            "Your media IDs are invalid.", **{"media.media_ids": f"[{','.join(asked)}]"}
        )
    return tuple(media)


def _former(call: Call, options: dict[str, Any]) -> Post:
    """The newest form of one of the caller's own posts."""
    if options.keys() != {"previous_post_id"}:
        raise errors.invalid("$.edit_options: is not valid")
    former = call.world.posts.get(_body_id(options["previous_post_id"]))
    if former is None or former.author_id != call.caller.viewer:
        raise errors.forbidden("You are not permitted to edit this Tweet.")
    return former


def _place(call: Call, body: dict[str, Any]) -> Place:
    """Where the post goes and whom it leaves out; refuses what X's reply gate refuses."""
    quoted = _body_id(body["quote_tweet_id"]) if "quote_tweet_id" in body else None
    reply = body.get("reply")
    if reply is None:
        return Place(quoted_post_id=quoted)
    if not reply.keys() <= _REPLY or "in_reply_to_tweet_id" not in reply:
        raise errors.invalid("$.reply: is not valid")
    parent_id = _body_id(reply["in_reply_to_tweet_id"])
    parent = call.world.posts.get(parent_id)
    visible = parent is not None and parent.deleted_ms is None
    if (
        parent is not None
        and visible
        and not deeds.may_answer(call.world, call.caller.viewer, parent)
    ):
        raise errors.forbidden(
            "Reply to this conversation is not allowed because you have not been mentioned or"
            " otherwise engaged by the author of the post you are replying to."
        )
    left_out = reply.get("exclude_reply_user_ids", [])
    if not isinstance(left_out, list):
        raise errors.invalid("$.reply.exclude_reply_user_ids: has the wrong type")
    excluded = frozenset(_body_id(given) for given in left_out)
    return Place(in_reply_to_post_id=parent_id, quoted_post_id=quoted, excluded=excluded)


def _body_id(given: Any) -> int:
    number = ids.parse(given) if isinstance(given, str) else None
    if number is None:
        raise errors.invalid(f"$: [{given}] does not match ^[0-9]{{1,19}}$")
    return number


async def delete(call: Call) -> Answer:
    """Someone else's post is refused; one that is gone already counts as deleted."""
    post = call.world.posts.get(call.path_id("id"))
    if post is not None and post.author_id != call.caller.viewer:
        raise errors.forbidden("You are not authorized to delete this Tweet.")
    if post is not None and post.deleted_ms is None:
        deeds.delete_post(call.world, post)
    return Answer({"data": {"deleted": True}})


async def by_id(call: Call) -> Answer:
    found, lost = wire.looked_up(call.world, [call.path_id("id")], call.viewer_id, "id")
    if not found:
        return Answer({"errors": lost})
    body = wire.post_answer(call.world, found, call.fields, call.viewer_id)
    return Answer(call.fields.answer({**body, "data": body["data"][0]}))


async def by_ids(call: Call) -> Answer:
    found, lost = wire.looked_up(call.world, call.query_ids("ids"), call.viewer_id, "ids")
    body = wire.post_answer(call.world, found, call.fields, call.viewer_id)
    if lost:
        body["errors"] = lost + body.get("errors", [])
    return Answer(call.fields.answer(body))


async def timeline(call: Call) -> Answer:
    author_id = _known_person(call)
    _check_readable(call, author_id)
    excluded = call.query_choices("exclude", ("replies", "retweets"))
    page = call.world.posts.timeline(author_id, call.window(5, 100, 10), excluded)
    return _listing(call, page)


async def mentions(call: Call) -> Answer:
    user_id, window = _known_person(call), call.window(5, 100, 10)
    return _listing(call, call.world.posts.mentioning(user_id, window, call.viewer_id))


def _known_person(call: Call) -> int:
    user_id = call.path_id("id")
    if call.world.people.get(user_id) is None:
        raise errors.Refused(200, {"errors": [errors.missing("user", str(user_id), "id")]})
    return user_id


def _check_readable(call: Call, author_id: int) -> None:
    author, viewer_id = call.world.people.get(author_id), call.viewer_id
    if author is None or not author.protected or viewer_id == author_id:
        return
    if viewer_id is None or not call.world.people.is_related(viewer_id, "following", author_id):
        hidden = errors.not_authorized("user", str(author_id), "id")
        raise errors.Refused(200, {"errors": [hidden]})


async def search(call: Call) -> Answer:
    asked = call.query.get("query", "")
    if not 1 <= len(asked) <= MAX_QUERY:
        rule = f"is not between 1 and {MAX_QUERY} characters"
        raise errors.invalid_query("query", asked, rule)
    try:
        query = found_by(asked)
    except InvalidQuery as error:
        raise errors.invalid(
            f"There were errors processing your request: {error}", query=asked
        ) from error
    call.query_choices("sort_order", ("recency", "relevancy"))
    window = call.window(10, 100, 10)
    return _listing(call, call.world.posts.search(query, window, call.viewer_id))


def _listing(call: Call, page: Page[Post]) -> Answer:
    meta: dict[str, Any] = {"result_count": len(page.items)}
    if page.items:
        meta |= {"newest_id": str(page.items[0].id), "oldest_id": str(page.items[-1].id)}
    tokens = (("next_token", page.next_token), ("previous_token", page.previous_token))
    meta |= {name: token for name, token in tokens if token}
    body = wire.post_answer(call.world, page.items, call.fields, call.viewer_id)
    return Answer(call.fields.answer({**body, "meta": meta}))


ENDPOINTS = (
    Endpoint("POST", "/2/tweets", create, Limits(user=100, app_day=10_000), WRITE),
    Endpoint(
        "GET",
        "/2/tweets",
        by_ids,
        Limits(user=5_000, app=3_500),
        READ,
        app=True,
        parameters=FIELDS | {"ids"},
    ),
    Endpoint(
        "GET",
        "/2/tweets/search/recent",
        search,
        Limits(user=300, app=450),
        READ,
        app=True,
        parameters=SPAN | {"query", "next_token", "sort_order"},
    ),
    Endpoint("DELETE", "/2/tweets/{id}", delete, Limits(user=50), WRITE),
    Endpoint(
        "GET", "/2/tweets/{id}", by_id, Limits(user=900, app=450), READ, app=True, parameters=FIELDS
    ),
    Endpoint(
        "GET",
        "/2/users/{id}/tweets",
        timeline,
        Limits(user=900, app=10_000),
        READ,
        app=True,
        parameters=SPAN | {"exclude"},
    ),
    Endpoint(
        "GET",
        "/2/users/{id}/mentions",
        mentions,
        Limits(user=300, app=450),
        READ,
        app=True,
        parameters=SPAN,
    ),
)
