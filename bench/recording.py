"""Which statements a page runs, with their parameters: what its floor then runs as well."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.test import Client

from bench import Refused

# Who asks: the floor knows nobody, so it need not look the session and its person up.
SESSION, PERSON = '"django_session"', 'FROM "accounts_user" WHERE "accounts_user"."id" = '


@contextmanager
def recorded() -> Iterator[list[str]]:
    """The statements that run inside, as Postgres gets them."""
    found: list[str] = []

    def record(
        execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]
    ) -> Any:
        found.append(context["cursor"].mogrify(sql, params).decode())
        return execute(sql, params, many, context)

    with connection.execute_wrapper(record):
        yield found


def statements_of(client: Client, path: str, headers: dict[str, str]) -> list[str]:
    """What the product runs for a page. Raises Refused when the page does not answer 200."""
    with recorded() as found:
        answer = client.get(path, headers=headers)
    if answer.status_code != 200:
        raise Refused(f"{path} answers {answer.status_code}")
    return found


def without_sign_in(statements: list[str]) -> list[str]:
    return [one for one in statements if not is_sign_in(one)]


def is_sign_in(statement: str) -> bool:
    return SESSION in statement or PERSON in statement
