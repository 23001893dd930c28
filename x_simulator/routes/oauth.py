"""Getting access: the consent page, the token endpoint, the app's bearer."""

import base64
import hmac
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from x_simulator import errors, ids
from x_simulator.api import refusal
from x_simulator.faults.trouble import Trouble
from x_simulator.quotas import Limits
from x_simulator.templates import render
from x_simulator.tokens import SCOPES, InvalidGrant
from x_simulator.world import World

MAX_STATE = 500
MOST_TO_CHOOSE = 500


class InvalidAuthorization(Exception):
    """What is wrong with a request for consent, for the page that says so."""


@dataclass(frozen=True, slots=True)
class Authorization:
    redirect_uri: str
    scope: str
    state: str
    challenge: str

    def redirect(self, **parameters: str) -> Response:
        """Back to the app, with the state as it came."""
        answer = urlencode({**({"state": self.state} if self.state else {}), **parameters})
        joint = "&" if urlsplit(self.redirect_uri).query else "?"
        return RedirectResponse(f"{self.redirect_uri}{joint}{answer}", status_code=302)


def _asked(world: World, given: Mapping[str, str]) -> Authorization:
    """Raises InvalidAuthorization: a page says so, for nothing is safe to redirect to."""
    if given.get("client_id") != world.settings.client_id:
        raise InvalidAuthorization("The client_id is not that of a known app.")
    if given.get("redirect_uri", "") not in world.settings.callback_urls:
        raise InvalidAuthorization("The redirect_uri is not one of the app's callback URLs.")
    if given.get("response_type") != "code":
        raise InvalidAuthorization("The response_type must be code.")
    if given.get("code_challenge_method", "").upper() != "S256":
        raise InvalidAuthorization("The code_challenge_method must be S256.")
    if not given.get("code_challenge"):
        raise InvalidAuthorization("There is no code_challenge.")
    if len(given.get("state", "")) > MAX_STATE:
        raise InvalidAuthorization(f"The state is longer than {MAX_STATE} characters.")
    scope = given.get("scope", "").split()
    if not scope:
        raise InvalidAuthorization("The scope is empty.")
    if unknown := [name for name in scope if name not in SCOPES]:
        raise InvalidAuthorization(f"X has no scope called {', '.join(unknown)}.")
    return Authorization(
        given["redirect_uri"], " ".join(scope), given.get("state", ""), given["code_challenge"]
    )


async def authorize(request: Request) -> Response:
    """The page on which a person chooses an account and lets the app in, or does not."""
    world: World = request.app.state.world
    given = dict(request.query_params)
    try:
        asked = _asked(world, given)
    except InvalidAuthorization as error:
        return render("refused.html", {"reason": str(error)}, status_code=400)
    people = world.people.brands() or world.people.customers(MOST_TO_CHOOSE)
    return render(
        "consent.html",
        {"given": given, "people": people, "scopes": asked.scope.split()},
        form_targets=(asked.redirect_uri,),
    )


async def consent(request: Request) -> Response:
    world: World = request.app.state.world
    form = await _form(request)
    try:
        asked = _asked(world, form)
    except InvalidAuthorization as error:
        return render("refused.html", {"reason": str(error)}, status_code=400)
    if form.get("decision") != "approve":
        return asked.redirect(error="access_denied")
    person = world.people.get(ids.parse(form.get("user_id", "")) or 0)
    if person is None:
        reason = "Nobody was chosen. Go back and pick the account to connect."
        return render("refused.html", {"reason": reason}, status_code=400)
    # Whoever lets the app in is somebody that customers can write to on the customer page.
    world.people.upsert({"id": person.id, "brand": True})
    code = world.tokens.issue_code(
        person.id, redirect_uri=asked.redirect_uri, scope=asked.scope, challenge=asked.challenge
    )
    return asked.redirect(code=code)


# Tokens


async def token(request: Request) -> Response:
    world: World = request.app.state.world
    form = await _form(request)
    _check_client(world, request, form)
    try:
        if form.get("grant_type") == "authorization_code":
            pair = world.tokens.redeem_code(
                _required(form, "code"),
                redirect_uri=_required(form, "redirect_uri"),
                verifier=_required(form, "code_verifier"),
            )
        elif form.get("grant_type") == "refresh_token":
            pair = world.tokens.refresh(_required(form, "refresh_token"))
        else:
            raise errors.oauth(
                400, "unsupported_grant_type", "Value passed for the grant type was invalid."
            )
    except InvalidGrant as error:
        raise errors.oauth(400, "invalid_request", str(error)) from error
    return JSONResponse(pair.body())


async def revoke(request: Request) -> Response:
    world: World = request.app.state.world
    form = await _form(request)
    _check_client(world, request, form)
    world.tokens.revoke(_required(form, "token"))
    return JSONResponse({"revoked": True})


async def app_bearer(request: Request) -> Response:
    """The older endpoint: consumer key and secret for the app's own bearer."""
    world: World = request.app.state.world
    form = await _form(request)
    settings = world.settings
    if not _same(_basic(request), (settings.consumer_key, settings.consumer_secret)):
        raise errors.bad_app_credentials()
    if form.get("grant_type") != "client_credentials":
        raise errors.bad_app_credentials()
    return JSONResponse({"token_type": "bearer", "access_token": world.tokens.app_bearer()})


async def _form(request: Request) -> dict[str, str]:
    return dict(parse_qsl((await request.body()).decode(errors="replace"), keep_blank_values=True))


def _required(form: Mapping[str, str], name: str) -> str:
    if not form.get(name):
        raise errors.oauth(400, "invalid_request", f"Missing required parameter [{name}].")
    return form[name]


def _check_client(world: World, request: Request, form: Mapping[str, str]) -> None:
    """A confidential client: it must show its id and secret. A public one could not."""
    given = _basic(request)
    if given is None:
        raise errors.oauth(401, "unauthorized_client", "Missing valid authorization header")
    if not _same(given, (world.settings.client_id, world.settings.client_secret)):
        raise errors.oauth(401, "unauthorized_client", "Missing valid authorization header")


def _basic(request: Request) -> tuple[str, str] | None:
    scheme, _, coded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, _, secret = base64.b64decode(coded, validate=True).decode().partition(":")
    except ValueError:  # no base64, or no text in it
        return None
    return unquote(name), unquote(secret)


def _same(given: tuple[str, str] | None, known: tuple[str, str]) -> bool:
    if given is None:
        return False
    return hmac.compare_digest(":".join(given).encode(), ":".join(known).encode())


def _recorded(
    handler: Callable[[Request], Awaitable[Response]],
) -> Callable[[Request], Awaitable[Response]]:
    """Refusals as answers, every call in the ledger, and whatever fault befalls it."""

    async def answer(request: Request) -> Response:
        world: World = request.app.state.world
        method, path = request.method, request.url.path
        trouble = Trouble.of_call(world.faults, f"{method} {path}", None)
        try:
            response = await trouble.instead(world, request, None, Limits())
            response = response or await handler(request)
        except errors.Refused as refused:
            response = refusal(refused)
        world.ledger.record_call(method, path, response.status_code, None, fault=trouble.names)
        return trouble.upon(response)

    return answer


RECORDED = {
    ("POST", "/2/oauth2/token"): token,
    ("POST", "/2/oauth2/revoke"): revoke,
    ("POST", "/oauth2/token"): app_bearer,
}
ROUTES = (
    Route("/i/oauth2/authorize", authorize, methods=["GET"]),
    Route("/i/oauth2/authorize", consent, methods=["POST"]),
    *(
        Route(path, _recorded(handler), methods=[method])
        for (method, path), handler in RECORDED.items()
    ),
)
