"""X's objects as its REST answers carry them: people, posts, media, and what they include."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from x_simulator import clock, errors, ids
from x_simulator.fields import Fields, chosen
from x_simulator.media import Medium
from x_simulator.messages import Source
from x_simulator.people import Person
from x_simulator.posts import Post

if TYPE_CHECKING:
    from x_simulator.world import World

Object = dict[str, Any]
EDITABLE_MS = 60 * clock.MINUTE_MS
MOST_EDITS = 5
MEDIA_TYPES = {"image": "photo", "gif": "animated_gif", "video": "video"}


def created_at(ms: int, source: Source) -> str:
    """X's REST answers tell whole seconds; what was loaded keeps the time it came with."""
    return clock.iso(ms) if source == "load" else clock.iso_second(ms)


# People


def person(world: "World", who: Person, wanted: frozenset[str], viewer_id: int | None) -> Object:
    """`viewer_id` is None for the app's own bearer: then nothing is told about relations."""
    whole = profile(world, who)
    if viewer_id is not None and "receives_your_dm" in wanted:
        blocked = world.moderation.is_dm_blocked(viewer_id, who.id)
        may = world.people.may_message(viewer_id, who)
        whole["receives_your_dm"] = may and not blocked
    if viewer_id is not None and "connection_status" in wanted:
        whole["connection_status"] = world.people.connection_status(viewer_id, who.id)
    return chosen(whole, wanted)


def profile(world: "World", who: Person) -> Object:
    """What everyone may know of a person."""
    whole = {
        "id": str(who.id),
        "name": who.name,
        "username": who.username,
        "created_at": clock.iso_second(who.created_ms),
        "description": who.description,
        "is_identity_verified": False,
        "parody": False,
        "profile_banner_url": "",
        "profile_image_url": f"{world.settings.origin}/profile_images/{who.id}/picture_normal.png",
        "protected": who.protected,
        "public_metrics": _followers(who),
        "url": who.url,
        "verified": who.verified_type != "none",
        "verified_type": who.verified_type,
    }
    return whole | {"location": who.location} if who.location else whole


def _followers(who: Person) -> dict[str, int]:
    """Figures that stay the same for a person and look like those of a brand or a customer."""
    seed = hashlib.sha256(str(who.id).encode()).digest()
    scale = 400 if who.brand else 3
    return {
        "followers_count": int.from_bytes(seed[:2], "big") % 997 * scale,
        "following_count": int.from_bytes(seed[2:4], "big") % 600,
        "tweet_count": int.from_bytes(seed[4:6], "big") % 5000,
        "listed_count": seed[6] % 40,
        "like_count": int.from_bytes(seed[7:9], "big") % 9000,
        "media_count": seed[9] % 100,
    }


# Media


def attached(fields: Fields) -> frozenset[str]:
    """The field that the expansion of media brings along."""
    return frozenset({"attachments"} if "attachments.media_keys" in fields.expansions else ())


def protected_address(dm_id: int, medium: Medium) -> str:
    """Answers nobody: the bytes are to be had through the API."""
    return f"https://ton.twitter.com/1.1/ton/data/dm/{dm_id}/{medium.id}/{medium.resource}"


def public_address(world: "World", medium: Medium) -> str:
    return f"{world.settings.origin}/media/{medium.id}/{medium.resource}"


def medium_told(medium: Medium, address: str, fields: Fields) -> Object:
    whole: Object = {
        "media_key": medium.key,
        "type": MEDIA_TYPES[medium.kind],
        "width": medium.width,
        "height": medium.height,
    }
    if medium.alt_text:
        whole["alt_text"] = medium.alt_text
    if medium.kind == "image":
        whole["url"] = address
    else:
        variant = {"content_type": medium.media_type, "url": address}
        whole |= {"preview_image_url": address, "variants": [variant]}
    if medium.kind == "video":
        whole["duration_ms"] = 10_000
    return chosen(whole, fields.media)


def once(media: Sequence[Object]) -> list[Object]:
    return list({one["media_key"]: one for one in media}.values())


# Posts


def post(
    one: Post, fields: Fields, reply_count: int, media: Mapping[int, Medium] | None = None
) -> Object:
    by_expansion = ({"author_id", "in_reply_to_user_id"} & fields.expansions) | attached(fields)
    if any(name.startswith("referenced_tweets.id") for name in fields.expansions):
        by_expansion |= {"referenced_tweets"}
    return chosen(whole_post(one, reply_count, media), fields.tweet | by_expansion)


def whole_post(
    one: Post, reply_count: int = 0, media: Mapping[int, Medium] | None = None
) -> Object:
    """Every field of a post that X could give, in the tweet vocabulary."""
    optional: Object = {
        "entities": one.entities,
        "attachments": _attachments(one, media or {}),
        "note_tweet": _note(one),
        "in_reply_to_user_id": _text(one.in_reply_to_user_id),
        "referenced_tweets": _references(one),
    }
    return {
        "id": str(one.id),
        "text": one.text,
        "author_id": str(one.author_id),
        "conversation_id": str(one.conversation_id),
        "created_at": created_at(one.created_ms, one.source),
        "display_text_range": list(one.display_range),
        "edit_controls": {
            "edits_remaining": MOST_EDITS - len(one.earlier_ids),
            "is_edit_eligible": is_editable(one),
            "editable_until": clock.iso_second(first_ms(one) + EDITABLE_MS),
        },
        "edit_history_tweet_ids": [str(post_id) for post_id in (*one.earlier_ids, one.id)],
        "lang": one.lang,
        "paid_partnership": False,
        "possibly_sensitive": False,
        "public_metrics": {
            "retweet_count": 0,
            "reply_count": reply_count,
            "like_count": 0,
            "quote_count": 0,
            "bookmark_count": 0,
            "impression_count": 0,
        },
        "reply_settings": "everyone",
        **{name: value for name, value in optional.items() if value},
    }


def _note(one: Post) -> Object:
    if one.note is None:
        return {}
    return present(text=one.note.text, entities=one.note.entities)


def _attachments(one: Post, media: Mapping[int, Medium]) -> Object:
    keys = [media[media_id].key for media_id in one.media_ids if media_id in media]
    return {"media_keys": keys} if keys else {}


def first_ms(one: Post) -> int:
    """When its first form was written."""
    return ids.time_of(one.earlier_ids[0]) if one.earlier_ids else one.created_ms


def is_editable(one: Post) -> bool:
    """By kind alone: neither an answer nor a repost."""
    return one.in_reply_to_post_id is None and one.reposted_post_id is None


def _references(one: Post) -> list[Object]:
    named = (
        ("replied_to", one.in_reply_to_post_id),
        ("quoted", one.quoted_post_id),
        ("retweeted", one.reposted_post_id),
    )
    return [{"type": kind, "id": str(post_id)} for kind, post_id in named if post_id]


def post_answer(
    world: "World", posts: Sequence[Post], fields: Fields, viewer_id: int | None
) -> Object:
    """`data` (a list), `includes` and partial `errors`, each only when there is something in it."""
    referenced, lost = _referenced(world, posts, fields, viewer_id)
    counts = world.posts.reply_counts(one.id for one in [*posts, *referenced])
    media = world.media.by_ids(i for one in [*posts, *referenced] for i in one.media_ids)

    def told(one: Post) -> Object:
        return _with_history(world, one, post(one, fields, counts.get(one.id, 0), media))

    shown = [
        medium_told(media[i], public_address(world, media[i]), fields)
        for one in posts
        for i in one.media_ids
        if attached(fields)
    ]
    users = people_told(world, _people_of(posts, referenced, fields), fields, viewer_id)
    return present(
        data=[told(one) for one in posts],
        includes=present(users=users, tweets=[told(one) for one in referenced], media=once(shown)),
        errors=lost,
    )


def _with_history(world: "World", one: Post, told: Object) -> Object:
    """A form that was changed since names the later ones, too."""
    if one.replaced_by is not None and "edit_history_tweet_ids" in told:
        told["edit_history_tweet_ids"] = [str(post_id) for post_id in world.posts.forms(one)]
    return told


def _referenced(
    world: "World", posts: Sequence[Post], fields: Fields, viewer_id: int | None
) -> tuple[list[Post], list[Object]]:
    if not any(name.startswith("referenced_tweets.id") for name in fields.expansions):
        return [], []
    ids = [
        post_id
        for one in posts
        for post_id in (one.in_reply_to_post_id, one.quoted_post_id, one.reposted_post_id)
        if post_id is not None
    ]
    return looked_up(world, ids, viewer_id, "id", of="referenced_tweets.id")


def looked_up(
    world: "World",
    post_ids: Iterable[int],
    viewer_id: int | None,
    parameter: str,
    *,
    of: str = "",
) -> tuple[list[Post], list[Object]]:
    """Those that this viewer may read, and a partial error for each of the others."""
    asked = list(dict.fromkeys(post_ids))
    there = world.posts.there(asked)
    hidden = world.posts.protected_from(viewer_id, there.values())
    lost = [
        (errors.not_authorized if one in hidden else errors.missing)(
            "tweet", str(one), parameter, of=of
        )
        for one in asked
        if one in hidden or one not in there
    ]
    return [there[one] for one in asked if one in there and one not in hidden], lost


def _people_of(posts: Sequence[Post], referenced: Sequence[Post], fields: Fields) -> list[int]:
    asked = fields.expansions
    people: list[int | None] = []
    if "author_id" in asked:
        people += [one.author_id for one in posts]
    if "referenced_tweets.id.author_id" in asked:
        people += [one.author_id for one in referenced]
    if "in_reply_to_user_id" in asked:
        people += [one.in_reply_to_user_id for one in posts]
    if "entities.mentions.username" in asked:
        people += [int(m["id"]) for one in posts for m in one.entities.get("mentions", [])]
    return [user_id for user_id in people if user_id is not None]


def people_told(
    world: "World", user_ids: Iterable[int], fields: Fields, viewer_id: int | None
) -> list[Object]:
    found = world.people.by_ids(user_ids)
    ordered = [found[user_id] for user_id in dict.fromkeys(user_ids) if user_id in found]
    return [person(world, who, fields.user, viewer_id) for who in ordered]


def present(**parts: Any) -> Object:
    """X leaves out what is empty."""
    return {name: value for name, value in parts.items() if value}


def _text(number: int | None) -> str | None:
    return None if number is None else str(number)


def doubled(value: Any) -> Any:
    """As the activity payloads have it: every number again as text, `start` and `start_str`."""
    if isinstance(value, Mapping):
        twice: Object = {}
        for key, item in value.items():
            twice[key] = doubled(item)
            if isinstance(item, int) and not isinstance(item, bool):
                twice[f"{key}_str"] = str(item)
        return twice
    if isinstance(value, list):
        return [doubled(item) for item in value]
    return value
