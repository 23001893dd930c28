"""What the docs name exists, and what must be documented is."""

from __future__ import annotations

import ast
import os
import re
from functools import cache
from pathlib import Path

import pytest
from django.core.management import get_commands

from config.embedded import options

ROOT = Path(__file__).resolve().parent.parent
SIMULATORS = ("x_simulator/DIFFERENCES.md", "x_simulator/*/README.md")
DOCS = sorted(
    path
    for pattern in ("*.md", "docs/*.md", "*/README.md", *SIMULATORS)
    for path in ROOT.glob(pattern)
    if "node_modules" not in path.parts
)
APPS = ("accounts", "config", "inbox", "twitter_sync", "x_simulator")

# Environment variables of ours, as they stand in code and docs.
OURS = (
    r"(?:HANDLED|X|EMAIL)_(?:[A-Z]+_)*[A-Z]+"
    r"|DATABASE_URL|REDIS_URL|SHARED_DATA|DJANGO_SETTINGS_MODULE"
)
# Told by one of our programs to the next.
BETWEEN_US = {"HANDLED_STARTED_AT", "HANDLED_PART_OF"}
OPTION = re.compile(r"(?<![\w-])--[a-z-]+")


@pytest.fixture(params=DOCS, ids=lambda path: str(path.relative_to(ROOT)))
def page(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


def code_in(text: str) -> str:
    """What stands in backticks and in blocks of code."""
    blocks = re.findall(r"```.*?\n(.*?)```", text, re.DOTALL)
    inline = re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    return "\n".join(blocks + inline)


# Names


def test_every_link_leads_somewhere(page):
    links = re.findall(r"\]\(([^)\s]+)\)|(?:src|srcset)=\"([^\"]+)\"", page.read_text())
    targets = {a or b for a, b in links}
    local = {target.partition("#")[0] for target in targets if "://" not in target}
    missing = [target for target in local if target and not (page.parent / target).exists()]
    assert not missing


def test_every_path_that_is_named_is_there(page):
    tops = "|".join([*APPS, "docs", "static", "templates", "tests", "scripts"])
    named = re.findall(rf"(?<![\w/.-])((?:{tops})/[\w./-]*)", code_in(page.read_text()))
    # A folder may name what lies in it as seen from the folder.
    places = (ROOT, page.parent)
    assert not [path for path in named if not any((place / path).exists() for place in places)]


def test_every_make_target_is_one(page):
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z-]+)", code_in(page.read_text()))) <= targets


def test_every_option_of_run_is_one(page, capsys):
    with pytest.raises(SystemExit):
        options.parse(["--help"], {})
    known = set(OPTION.findall(capsys.readouterr().out))
    lines = [line for line in code_in(page.read_text()).splitlines() if "./run" in line]
    assert set(OPTION.findall("\n".join(lines))) <= known


def test_every_management_command_is_one(page):
    named = re.findall(r"manage\.py ([a-z_]+)", page.read_text())
    assert set(named) <= get_commands().keys()


# Settings


def test_every_variable_is_documented():
    documented = set(re.findall(rf"`({OURS})`", (ROOT / "docs" / "settings.md").read_text()))
    assert variables_in_code() - BETWEEN_US <= documented


def test_every_documented_variable_is_read(page):
    named = set(re.findall(rf"\b({OURS})\b", code_in(page.read_text())))
    assert named <= variables_in_code()


@cache
def variables_in_code() -> set[str]:
    """Every text of our programs and tests that is the name of a variable, and no more; and what
    the compose file reads."""
    own_lists = Path(__file__)
    compose = (ROOT / "docker-compose.yml").read_text()
    modules = (path for folder in (*APPS, "tests") for path in (ROOT / folder).rglob("*.py"))
    return {
        node.value
        for path in modules
        if path != own_lists
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        if re.fullmatch(OURS, node.value)
    } | set(re.findall(rf"\$\{{({OURS})\b", compose))


# Rules

CITATIONS = {
    "trust": (r"trust ([A-Z]\d+(?:(?:, | and | to |–)[A-Z]\d+)*)", r"[A-Z]\d+"),
    "x-api": (r"x-api (§[\d.]*\d(?:, §[\d.]*\d)*)", r"§[\d.]*\d"),
    "design": (r"design (§[\d.]*\d)", r"§[\d.]*\d"),
}


@pytest.mark.parametrize("name", CITATIONS)
def test_every_rule_that_the_code_cites_is_explained(name):
    cited = citations(*CITATIONS[name])
    assert cited
    assert cited <= sections((ROOT / "docs" / "rules.md").read_text(), name)


def citations(citation: str, rule: str) -> set[str]:
    """What the code cites, as `rule` finds it in every `citation`; line breaks don't matter."""
    texts = (path.read_text() for path in source_files())
    cited = (found for text in texts for found in re.findall(citation, re.sub(r"\s+", " ", text)))
    return {one for several in cited for one in re.findall(rule, several)}


def sections(rules: str, name: str) -> set[str]:
    """The first cells of the tables under the headings that begin with `name`."""
    parts = [part for part in rules.split("\n## ") if part.startswith(name)]
    return set(re.findall(r"^\| ([A-Z§][\d.]*\d) \|", "\n".join(parts), re.MULTILINE))


def source_files() -> list[Path]:
    folders = (*APPS, "tests", "static/js", "static/css", "templates", "scripts")
    endings = {".py", ".js", ".css", ".html"}
    found = (path for folder in folders for path in (ROOT / folder).rglob("*"))
    return [path for path in found if path.suffix in endings and path != Path(__file__)]


# The whole


@pytest.mark.parametrize("command", ["run", "test", "manage.py", ".ci/run"])
def test_what_the_readme_starts_can_be_started(command):
    assert os.access(ROOT / command, os.X_OK)


@pytest.mark.parametrize("app", APPS)
def test_every_app_says_what_it_is(app):
    # The pretend X is a program of its own: its README is all that its users have.
    most = 200 if app == "x_simulator" else 120
    assert 5 <= len((ROOT / app / "README.md").read_text().splitlines()) <= most


def test_the_documents_are_short_enough_to_be_read():
    lengths = {path.name: len(path.read_text().splitlines()) for path in ROOT.glob("*.md")}
    assert lengths["README.md"] <= 90
    assert lengths["ARCHITECTURE.md"] <= 180
    assert lengths["SECURITY.md"] <= 44


def test_pictures_are_small():
    heavy = [path for path in (ROOT / "docs" / "images").iterdir() if path.stat().st_size > 300_000]
    assert not heavy
