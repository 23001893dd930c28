"""The customer page: a person picks who to be and which brand to write to, as on a phone.

Fragments are the same for the first load and for every change; the page's script fetches them again
when the event stream says so.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from x_simulator import clock, deeds, ids, pictures, text, wire
from x_simulator.chat import chatting
from x_simulator.chat.chats import ChatEvent
from x_simulator.composing import Place, Told
from x_simulator.messages import DirectMessage
from x_simulator.people import USERNAME, InvalidPerson, Person
from x_simulator.posts import Post
from x_simulator.templates import render
from x_simulator.world import World

COMPOSE = {(host, "/messages/compose") for host in ("twitter.com", "x.com")}
MOST_TO_PICK = 500  # whoever else there is can be asked for by id in the address


class Unwelcome(Exception):
    """Why something cannot be written, for the person who tried."""

    def __init__(self, sentence: str, status: int = 400) -> None:
        super().__init__(sentence)
        self.status = status


@dataclass(frozen=True, slots=True)
class Scene:
    """Who looks, at which brand."""

    world: World
    customer: Person | None
    brand: Person | None

    @classmethod
    def of(cls, world: World, given: Mapping[str, str]) -> "Scene":
        return cls(
            world,
            _chosen(world, given.get("customer"), brand=False),
            _chosen(world, given.get("brand"), brand=True),
        )

    @property
    def address(self) -> str:
        people = {"customer": self.customer, "brand": self.brand}
        chosen = {name: str(person.id) for name, person in people.items() if person}
        return f"/?{urlencode(chosen)}"


def _chosen(world: World, given: str | None, *, brand: bool) -> Person | None:
    """The one asked for, else the first there is."""
    asked = world.people.get(ids.parse(given or "") or 0)
    if asked is not None and asked.brand == brand:
        return asked
    people = world.people.brands() if brand else world.people.customers(1)
    return people[0] if people else None


# What is shown


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a text: a plain one, a link, one that begins a message, or a name or tag."""

    words: str
    kind: str = ""
    href: str = ""


def pieces(wire_text: str, entities: text.Entities, scene: Scene) -> list[Piece]:
    """A text from the wire for people: first cut by its entities, then unescaped."""
    items = [(kind, item) for kind, found in entities.items() for item in found]
    items.sort(key=lambda one: int(one[1]["start"]))
    cut: list[Piece] = []
    position = 0
    for kind, item in items:
        if item["start"] < position or item["end"] > len(wire_text):
            continue
        cut.append(Piece(text.unescape(wire_text[position : item["start"]])))
        cut.append(_piece(kind, item, wire_text[item["start"] : item["end"]], scene))
        position = item["end"]
    return [*cut, Piece(text.unescape(wire_text[position:]))]


def _piece(kind: str, item: dict[str, Any], words: str, scene: Scene) -> Piece:
    href = str(item.get("expanded_url") or item.get("url") or "")
    if kind != "urls" or urlsplit(href).scheme not in ("http", "https"):
        return Piece(text.unescape(words), "name")
    shown = str(item.get("display_url") or words)
    if message := _message_begun(href, scene):
        return Piece(shown, "message", message)
    return Piece(shown, "link", href)


def _message_begun(href: str, scene: Scene) -> str:
    """Where a link leads that opens X's app with a message begun; "" for all others."""
    parts = urlsplit(href)
    if (parts.hostname, parts.path) not in COMPOSE:
        return ""
    asked = dict(parse_qsl(parts.query))
    begun = {"brand": asked.get("recipient_id", ""), "message": asked.get("text", "")}
    me = {"customer": str(scene.customer.id)} if scene.customer else {}
    return f"/?{urlencode(me | begun)}#dm-text"


def _message(message: DirectMessage | ChatEvent, scene: Scene) -> dict[str, Any]:
    """What the customer's phone shows, which can read what is encrypted."""
    mine = scene.customer is not None and message.sender_id == scene.customer.id
    if isinstance(message, ChatEvent):
        shown = [Piece(message.text)]
    else:
        shown = pieces(message.text, message.entities, scene)
    return {
        "id": message.id,
        "mine": mine,
        "encrypted": isinstance(message, ChatEvent),
        "pieces": shown,
        "at": clock.iso(message.created_ms),
    }


def _thread(scene: Scene, posts: list[Post]) -> list[dict[str, Any]]:
    people = scene.world.people.by_ids(post.author_id for post in posts)
    me = scene.customer.id if scene.customer else None
    return [
        {
            "id": post.id,
            "author": people[post.author_id],
            "pieces": pieces(post.text, post.entities, scene),
            "at": clock.iso(post.created_ms),
            "is_reply": post.in_reply_to_post_id is not None,
            "mine": post.author_id == me,
            "may_edit": post.author_id == me and wire.is_editable(post),
            "words": text.unescape(post.text),
        }
        for post in posts
        if post.author_id in people
    ]


def _who(scene: Scene) -> dict[str, Any]:
    return {"customer": scene.customer, "brand": scene.brand}


def _messages_shown(scene: Scene) -> dict[str, Any]:
    messages: list[DirectMessage | ChatEvent] = []
    if scene.customer and scene.brand:
        both = (scene.customer.id, scene.brand.id)
        messages += scene.world.messages.between(*both)
        messages += scene.world.chats.said_between(*both)
    messages.sort(key=lambda one: one.id)
    return {"messages": [_message(one, scene) for one in messages], "brand": scene.brand}


def _encryption_shown(scene: Scene) -> dict[str, Any]:
    both = (scene.customer.id, scene.brand.id) if scene.customer and scene.brand else (0, 0)
    return {"encrypted": scene.world.chats.is_upgraded(*both), **_who(scene)}


def _posts_shown(scene: Scene) -> dict[str, Any]:
    threads = scene.world.posts.conversations_with(scene.brand.id) if scene.brand else []
    return {"threads": [_thread(scene, one) for one in threads], **_who(scene)}


async def page(request: Request) -> Response:
    world: World = request.app.state.world
    scene = Scene.of(world, request.query_params)
    customers = world.people.customers(MOST_TO_PICK)
    if scene.customer is not None and scene.customer not in customers:
        customers.append(scene.customer)
    return render(
        "customer.html",
        {
            "customers": customers,
            "brands": world.people.brands(),
            "chatty": world.chatty.on,
            "begun": request.query_params.get("message", ""),
            **_messages_shown(scene),
            **_encryption_shown(scene),
            **_posts_shown(scene),
        },
    )


async def messages(request: Request) -> Response:
    scene = Scene.of(request.app.state.world, request.query_params)
    return render("_messages.html", _messages_shown(scene))


async def encryption(request: Request) -> Response:
    scene = Scene.of(request.app.state.world, request.query_params)
    return render("_encryption.html", _encryption_shown(scene))


async def posts(request: Request) -> Response:
    scene = Scene.of(request.app.state.world, request.query_params)
    return render("_posts.html", _posts_shown(scene))


async def chatty(request: Request) -> Response:
    world: World = request.app.state.world
    return render("_chatty.html", {"chatty": world.chatty.on})


async def changes(request: Request) -> Response:
    world: World = request.app.state.world
    return StreamingResponse(
        world.feed.stream(),
        media_type="text/event-stream",
        headers={"cache-control": "no-store"},
    )


async def picture(request: Request) -> Response:
    user_id = ids.parse(request.path_params["id"]) or 0
    lasting = {"cache-control": "public, max-age=86400"}
    return Response(pictures.png(user_id), media_type="image/png", headers=lasting)


async def medium(request: Request) -> Response:
    """Of a post; those of messages are to be had through the API alone."""
    world: World = request.app.state.world
    found = world.media.get(ids.parse(request.path_params["id"]) or 0)
    public = found is not None and not found.category.startswith("dm_")
    if found is None or not public or found.resource != request.path_params["resource"]:
        return PlainTextResponse("There is no such picture.", 404)
    lasting = {"cache-control": "public, max-age=86400"}
    return Response(world.media.content(found.id), media_type=found.media_type, headers=lasting)


# What is written


async def _written(request: Request) -> tuple[Scene, dict[str, str]]:
    """Who writes what. Refuses forms of other sites."""
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        raise Unwelcome("This form was sent from another site.", 403)
    form = dict(parse_qsl((await request.body()).decode(errors="replace"), keep_blank_values=True))
    return Scene.of(request.app.state.world, form), form


def _both(scene: Scene, words: str) -> tuple[Person, Person]:
    if scene.customer is None or scene.brand is None:
        raise Unwelcome("Pick a customer and a brand first.")
    if not words:
        raise Unwelcome("Write something first.")
    return scene.customer, scene.brand


async def write_message(request: Request) -> Response:
    scene, form = await _written(request)
    words = form.get("text", "").strip()
    customer, brand = _both(scene, words)
    try:
        chatting.write(scene.world, Told(words), sender=customer, recipient=brand)
    except deeds.MessageTooLong as error:
        raise Unwelcome(str(error)) from error
    except deeds.NotAllowed as error:
        sentence = f"@{brand.username} doesn’t take messages from everyone."
        raise Unwelcome(sentence, 403) from error
    return _back(scene)


async def write_post(request: Request) -> Response:
    scene, form = await _written(request)
    words = form.get("text", "").strip()
    customer, _ = _both(scene, words)
    answered = ids.parse(form.get("in_reply_to", ""))
    try:
        deeds.publish_post(
            scene.world,
            Told(words),
            Place(in_reply_to_post_id=answered),
            author=customer,
            source="app",
        )
    except deeds.PostTooLong as error:
        length = text.weighted_length(words)
        raise Unwelcome(f"That is {length} characters; a post has at most 280.") from error
    except deeds.NoSuchPost as error:
        raise Unwelcome("The post you answer was deleted.", 409) from error
    except deeds.NotAllowed as error:
        raise Unwelcome("You said exactly that already today.", 403) from error
    return _back(scene)


def _own_post(scene: Scene, form: Mapping[str, str]) -> Post:
    """Of the customer who looks, as it stands now."""
    post = scene.world.posts.get(ids.parse(form.get("post", "")) or 0)
    if post is None or post.deleted_ms is not None or post.replaced_by is not None:
        raise Unwelcome("That post is gone, or was changed meanwhile.", 409)
    if scene.customer is None or post.author_id != scene.customer.id:
        raise Unwelcome("You can change your own posts only.", 403)
    return post


async def edit_post(request: Request) -> Response:
    scene, form = await _written(request)
    words, former = form.get("text", "").strip(), _own_post(scene, form)
    if not words:
        raise Unwelcome("Write something first.")
    try:
        deeds.edit_post(scene.world, Told(words), former, source="app")
    except deeds.PostTooLong as error:
        length = text.weighted_length(words)
        raise Unwelcome(f"That is {length} characters; a post has at most 280.") from error
    except deeds.NotAllowed as error:
        sentence = "X takes changes for an hour, five at most, and none of an answer."
        raise Unwelcome(sentence, 403) from error
    return _back(scene)


async def delete_post(request: Request) -> Response:
    scene, form = await _written(request)
    deeds.delete_post(scene.world, _own_post(scene, form))
    return _back(scene)


async def add_customer(request: Request) -> Response:
    scene, form = await _written(request)
    username = form.get("username", "").strip().removeprefix("@")
    if not USERNAME.fullmatch(username):
        raise Unwelcome("A username has 1 to 15 letters, digits or underscores.")
    if scene.world.people.by_username(username) is not None:
        raise Unwelcome(f"@{username} is taken.", 409)
    try:
        name = form.get("name", "").strip() or username
        person = scene.world.people.upsert({"username": username, "name": name})
    except InvalidPerson as error:
        raise Unwelcome(str(error)) from error
    scene.world.feed.changed()
    return _back(Scene(scene.world, person, scene.brand))


async def switch_encryption(request: Request) -> Response:
    """X moves a pair's messages to its encrypted chat, or this simulator brings them back."""
    scene, form = await _written(request)
    if scene.customer is None or scene.brand is None:
        raise Unwelcome("Pick a customer and a brand first.")
    chatting.upgrade(scene.world, scene.customer, scene.brand, on=form.get("on") == "true")
    return _back(scene)


async def switch_chatty(request: Request) -> Response:
    scene, form = await _written(request)
    scene.world.chatty.switch(form.get("on") == "true")
    return _back(scene)


def _back(scene: Scene) -> Response:
    return RedirectResponse(scene.address, status_code=303)


def _route(path: str, handler: Any) -> Route:
    async def answer(request: Request) -> Response:
        try:
            response: Response = await handler(request)
            return response
        except Unwelcome as error:
            return PlainTextResponse(str(error), error.status)

    return Route(path, answer, methods=["POST"])


ROUTES = (
    Route("/", page),
    Route("/page/messages", messages),
    Route("/page/encryption", encryption),
    Route("/page/posts", posts),
    Route("/page/chatty", chatty),
    Route("/page/changes", changes),
    Route("/media/{id}/{resource}", medium),
    Route("/profile_images/{id}/picture_normal.png", picture),
    _route("/page/messages", write_message),
    _route("/page/encryption", switch_encryption),
    _route("/page/posts", write_post),
    _route("/page/posts/edit", edit_post),
    _route("/page/posts/delete", delete_post),
    _route("/page/customers", add_customer),
    _route("/page/chatty", switch_chatty),
)
