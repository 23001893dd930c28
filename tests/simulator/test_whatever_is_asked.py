"""schemathesis asks for whatever X's document allows, and for what it does not; every answer is one
that X could give."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import Case, GenerationMode

from tests.simulator import document
from tests.simulator.contract import Contract, routes
from tests.simulator.document import ACCESS, shape
from tests.simulator.driving.stage import SCOPES
from tests.simulator.program import Json, Program

pytestmark = pytest.mark.shared_data
FEW, MANY = 4, 25
FORM = "multipart/form-data"  # test_media.py sends it
WHAT = ("params", "json", "data")


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    program = Program(tmp_path_factory.mktemp("asked"), Contract(document.document()))
    program.start()
    program.control("POST", "quotas", lifted=True)
    yield program
    assert program.end() == 0, program.log()


@pytest.fixture(scope="module")
def brand(asked: Program) -> Json:
    brand = asked.person("askedbrand", brand=True)
    return brand | {"token": asked.token(brand, SCOPES), "bearer": asked.bearer()}


def served() -> list[tuple[str, str]]:
    """Method and path as the document names them; none where there is no document."""
    if not document.path().is_file():
        return []
    ours = {shape(route) for route in routes() if route not in ACCESS}
    paths = document.document().raw["paths"]
    known = [(method.upper(), path) for path, methods in paths.items() for method in methods]
    return [one for one in known if shape(" ".join(one)) in ours]


@cache
def schema() -> Any:
    loaded = schemathesis.openapi.from_dict(document.document().raw)
    loaded.config.generation.update(modes=list(GenerationMode))
    return loaded


@pytest.mark.parametrize("examples", [FEW, pytest.param(MANY, marks=pytest.mark.deep)])
@pytest.mark.parametrize(("method", "path"), served())
def test_any_call_is_answered_as_x_would(
    asked: Program, brand: Json, method: str, path: str, examples: int
) -> None:
    operation = schema()[path][method]
    people_may = any("OAuth2UserToken" in way for way in operation.definition.raw["security"])
    token = brand["token"] if people_may else brand["bearer"]

    cases = operation.as_strategy().filter(lambda case: case.media_type != FORM)

    @seed(2167)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases)
    def ask(case: Case) -> None:
        call = case.as_transport_kwargs(base_url=asked.url)
        with asked.http.stream(  # some of them have no end
            call["method"],
            call["url"],
            headers={"authorization": f"Bearer {token}"},
            **{name: call[name] for name in WHAT if call.get(name) is not None},
        ) as answer:
            assert answer.status_code < 500

    ask()
