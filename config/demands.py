"""What production asks of its environment, and everything that is wrong with it, said at once.

Looked at before the settings are read, so that a first start names all that is missing in one go.
No sentence carries a value: these lines end up in logs.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator, Mapping
from urllib.parse import parse_qs, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

from config import env

Environment = Mapping[str, str]
Complaints = Iterator[str]

LOOPBACK = {"127.0.0.1", "localhost", "::1"}
SECRET_KEY_LENGTH = 50
# Sixty-four random hexadecimal digits have fewer than this only once in billions of keys.
SECRET_KEY_VARIETY = 10
PASSWORD_LENGTH = 12
METRICS_TOKEN_LENGTH = 24
TELLTALES = ("change", "secret", "example", "insecure", "password", "default", "placeholder")

# Recipes, no secrets.
MAKE_SECRET_KEY = "Make one: openssl rand -hex 48"  # noqa: S105
MAKE_TOKEN_KEY = "Make one: openssl rand -base64 32 | tr '+/' '-_'"  # noqa: S105
MAKE_PASSWORD = "Make one: openssl rand -hex 24"  # noqa: S105
FROM_X = "Copy it from the app's page in X's developer console."


def require(environment: Environment, *, pretend_x: bool = False) -> None:
    """Raises ImproperlyConfigured with one line for every complaint."""
    x = pretended_x_address if pretend_x else x_address
    asked = (
        secret_key,
        token_keys,
        metrics_token,
        database,
        queue,
        web_url,
        live_url,
        x,
        x_keys,
        proxies,
        mail,
    )
    lines = [line for ask in asked for line in ask(environment)]
    if lines:
        told = "\n".join(f"  - {line}" for line in lines)
        raise ImproperlyConfigured(
            f"Handled does not start like this (docs/settings.md, docs/deployment.md):\n{told}"
        )


# Secrets


def secret_key(environment: Environment) -> Complaints:
    name, key = "HANDLED_SECRET_KEY", environment.get("HANDLED_SECRET_KEY", "")
    if not key:
        yield f"{name} is missing. {MAKE_SECRET_KEY}"
    elif len(key) < SECRET_KEY_LENGTH:
        yield f"{name} has {len(key)} characters of {SECRET_KEY_LENGTH}. {MAKE_SECRET_KEY}"
    elif reason := made_by_hand(key):
        yield f"{name} can be guessed: {reason}. {MAKE_SECRET_KEY}"


def made_by_hand(key: str) -> str:
    """Why no generator made this, or nothing."""
    if any(word in key.lower() for word in TELLTALES):
        return "it holds a word that stands in examples"
    if any(character.isspace() for character in key):
        return "it has spaces, as a sentence has"
    if len(set(key)) < SECRET_KEY_VARIETY or is_repetitive(key):
        return "it repeats itself"
    return ""


def is_repetitive(key: str) -> bool:
    """Whether the same three characters follow each other again and again."""
    triples = [key[at : at + 3] for at in range(len(key) - 2)]
    return len(set(triples)) < len(triples) / 2


def token_keys(environment: Environment) -> Complaints:
    name = "HANDLED_TOKEN_KEYS"
    keys = [key.strip() for key in environment.get(name, "").split(",") if key.strip()]
    if not keys:
        yield f"{name} is missing. {MAKE_TOKEN_KEY}"
    for place, key in enumerate(keys, start=1):
        if reason := flaw_of_fernet_key(key):
            yield f"{name}: key {place} of {len(keys)} {reason}. {MAKE_TOKEN_KEY}"


def flaw_of_fernet_key(key: str) -> str:
    try:
        raw = base64.b64decode(key, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return "is not a Fernet key (32 bytes in URL-safe base64)"
    if len(raw) != 32:
        return f"holds {len(raw)} bytes and not 32"
    if sum(32 <= byte < 127 for byte in raw) >= 28 or len(set(raw)) < SECRET_KEY_VARIETY:
        return "can be guessed: it is text or repeats itself"
    return ""


def metrics_token(environment: Environment) -> Complaints:
    name, token = "HANDLED_METRICS_TOKEN", environment.get("HANDLED_METRICS_TOKEN", "")
    if token and len(token) < METRICS_TOKEN_LENGTH:
        length = f"{len(token)} characters of {METRICS_TOKEN_LENGTH}"
        yield f"{name} has {length}. {MAKE_PASSWORD}"
    elif token and (reason := made_by_hand(token)):
        yield f"{name} can be guessed: {reason}. {MAKE_PASSWORD}"


# Servers


def database(environment: Environment) -> Complaints:
    name = "DATABASE_URL"
    url = environment.get(name, "")
    parts = urlsplit(url)
    if not url:
        yield f"{name} is missing: postgresql://user:password@host:5432/name"
    elif parts.scheme not in {"postgresql", "postgres"}:
        yield f"{name} must begin with postgresql://"
    elif not is_socket(url) and (reason := flaw_of_password(parts.username, parts.password)):
        yield f"{name}: the password {reason}. {MAKE_PASSWORD}"


def is_socket(url: str) -> bool:
    """On a socket Postgres can tell who calls without a password."""
    parts = urlsplit(url)
    host = parse_qs(parts.query).get("host", [parts.hostname or ""])[-1]
    return not host or host.startswith("/")


def flaw_of_password(user: str | None, password: str | None) -> str:
    password = unquote(password or "")
    if not password:
        return "is missing"
    if len(password) < PASSWORD_LENGTH or password == user:
        return "can be guessed"
    if any(word in password.lower() for word in TELLTALES):
        return "can be guessed: it holds a word that stands in examples"
    return ""


def queue(environment: Environment) -> Complaints:
    url = environment.get("REDIS_URL", "")
    if not url:
        yield "REDIS_URL is missing: redis://host:6379/0"
    elif urlsplit(url).scheme not in {"redis", "rediss", "unix"}:
        yield "REDIS_URL must begin with redis://, rediss:// or unix://"


# Addresses


def web_url(environment: Environment) -> Complaints:
    yield from https_origin(environment, "HANDLED_WEB_URL", "https://desk.your-company.com")


def live_url(environment: Environment) -> Complaints:
    if environment.get("HANDLED_LIVE_URL"):
        yield from https_origin(environment, "HANDLED_LIVE_URL", "the same as HANDLED_WEB_URL")


def https_origin(environment: Environment, name: str, like: str) -> Complaints:
    url = environment.get(name, "")
    parts = urlsplit(url)
    if not url:
        yield f"{name} is missing: the address of this installation, such as {like}"
    elif parts.scheme != "https" or not parts.hostname:
        yield f"{name} must be an https:// address, such as {like}"
    elif parts.path.strip("/") or parts.query or parts.username:
        yield f"{name} must be an origin without path, such as {like}"


def x_address(environment: Environment) -> Complaints:
    url = environment.get("X_API_URL", "") or "https://api.x.com"
    if urlsplit(url).hostname in LOOPBACK:
        yield "X_API_URL is a loopback address: production speaks to X alone. Leave it out."
    elif urlsplit(url).scheme != "https":
        yield "X_API_URL must begin with https://. Leave it out to speak to X."


def pretended_x_address(environment: Environment) -> Complaints:
    for name in ("X_API_URL", "X_AUTHORIZE_URL"):
        host = urlsplit(environment.get(name, "")).hostname or "x.com"
        if f".{host}".endswith((".x.com", ".twitter.com")):
            yield f"{name} must be the pretend X's in a rehearsal (docs/deployment.md)"


def x_keys(environment: Environment) -> Complaints:
    for name in ("X_CONSUMER_KEY", "X_CONSUMER_SECRET", "X_CLIENT_ID", "X_CLIENT_SECRET"):
        if not environment.get(name, "").strip():
            yield f"{name} is missing. {FROM_X}"
    yield from switch(environment, "X_STREAM")
    yield from former_secrets(environment)


def former_secrets(environment: Environment) -> Complaints:
    name = "X_FORMER_SECRETS"
    try:
        for word in filter(None, environment.get(name, "").split(",")):
            env.term(word.strip())
    except ValueError:
        yield f"{name} must be SECRET@MOMENT, like …@2026-12-01T12:00Z"


# Numbers and switches


def proxies(environment: Environment) -> Complaints:
    yield from number(environment, "HANDLED_TRUSTED_PROXIES", lambda value: value >= 1, "1 or more")


def mail(environment: Environment) -> Complaints:
    yield from number(environment, "EMAIL_PORT", lambda value: 0 < value < 65536, "1 to 65535")
    if not environment.get("EMAIL_HOST", "").strip():
        yield "EMAIL_HOST is missing: the mail server that invitations and new passwords leave by"
    yield from switch(environment, "EMAIL_USE_TLS")


def number(
    environment: Environment, name: str, is_fine: Callable[[int], bool], range_of: str
) -> Complaints:
    value = environment.get(name, "")
    if value and not (value.isdecimal() and is_fine(int(value[:6]))):
        yield f"{name} must be a number, {range_of}"


def switch(environment: Environment, name: str) -> Complaints:
    if (environment.get(name) or "yes") not in {"yes", "no"}:
        yield f"{name} must be yes or no"
