"""Every URL × method × person, against tests/role_matrix.py (trust A1, A2, A10)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from tests.role_matrix import CAST, MATRIX, SIGN_IN, Answer, The
from tests.world import World, snapshot

ALL_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
REFUSALS = {400, 403, 404, 409, 422}
pytestmark = pytest.mark.django_db  # makes the database; the world opens its own transaction
rows = pytest.mark.parametrize("name", MATRIX)


def patterns(resolver: URLResolver, namespace: str = "") -> Iterator[tuple[str, URLPattern]]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            inner = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
            yield from patterns(entry, inner)
        else:
            yield f"{namespace}{entry.name}", entry


def test_every_url_has_a_row_of_its_own():
    names = [name for name, _ in patterns(get_resolver())]
    assert sorted(names) == sorted(MATRIX), "tests/role_matrix.py lists every URL name once"


@pytest.mark.parametrize(("name", "pattern"), list(patterns(get_resolver())))
def test_every_part_of_a_path_is_named_in_its_row(name, pattern):
    assert set(pattern.pattern.converters) == set(MATRIX[name].ids)


@rows
def test_it_answers_each_person_as_the_matrix_says(world: World, name):
    row = MATRIX[name]
    before, wrong = snapshot(), []
    for method, answers in row.methods().items():
        sent = row.query if method == "GET" else world.form(row)
        for who in CAST:
            with world.asking(who, method, world.path(name, row), sent) as response:
                if not is_answer(response, answers[who]):
                    wrong.append(f"{method} by {who}: {response.status_code}, not {answers[who]}")
                if method == "GET" and snapshot() != before:
                    wrong.append(f"GET by {who} wrote something")
    assert not wrong


def is_answer(response, expected: Answer) -> bool:
    if expected == SIGN_IN:
        return response.status_code == 302 and response["Location"].startswith("/sign-in/")
    return response.status_code == expected


@rows
def test_it_refuses_every_other_method(world: World, name):
    row = MATRIX[name]
    undeclared = set(ALL_METHODS) - set(row.methods())
    answers = {
        (method, who): world.ask(who, method, world.path(name, row)).status_code
        for method in undeclared
        for who in ("anonymous", "zoe", "ada")
    }
    assert set(answers.values()) <= {405}, answers


@rows
def test_an_id_of_another_company_leads_nowhere(world: World, name):
    row = MATRIX[name]
    before = snapshot()
    for part in (part for part, value in row.ids.items() if isinstance(value, The)):
        for method in row.methods():
            for who in ("ana", "sam", "ada"):
                path = world.path(name, row, swap=part)
                with world.asking(who, method, path, world.form(row)) as response:
                    assert response.status_code == row.foreign, f"{method} {path} by {who}"
                    assert snapshot() == before, f"{method} {path} by {who} wrote something"


@rows
def test_an_id_of_another_company_in_a_form_is_refused(world: World, name):
    row = MATRIX[name]
    before = snapshot()
    for part in (part for part, value in row.form.items() if isinstance(value, The)):
        if part == "version":
            continue
        for who in ("ana", "sam", "ada"):
            form = world.form(row, swap=part)
            with world.asking(who, "POST", world.path(name, row), form) as response:
                assert response.status_code in REFUSALS, f"{part} of {name} by {who}"
                assert snapshot() == before, f"{part} of {name} by {who} wrote something"


@rows
def test_writing_needs_the_csrf_token(world: World, name):
    row = MATRIX[name]
    if row.post is None or not row.csrf:
        return
    before = snapshot()
    for who in ("anonymous", "ana", "olga"):
        path, form = world.path(name, row), world.form(row)
        with world.asking(who, "POST", path, form, enforce_csrf_checks=True) as response:
            assert response.status_code == 403, f"{path} by {who}"
            assert snapshot() == before, f"{path} by {who} wrote something"
