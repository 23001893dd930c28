"""What `./test` promises about tests that can't run here."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import workers

pytestmark = pytest.mark.processes

ROOT = Path(__file__).resolve().parent.parent
SKIPPED = """
import pytest

@pytest.mark.shared_data
def test_of_real_conversations():
    raise AssertionError("ran without them")

@pytest.mark.xfail(reason="known", strict=True)
def test_expected_to_fail():
    raise AssertionError
"""


def suite(folder: Path, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A test run of its own, on a machine without real conversations."""
    (folder / "test_skipped.py").write_text(SKIPPED)
    ours = ("HANDLED_REQUIRE_ALL", "PYTEST_XDIST_WORKER", "PYTEST_XDIST_WORKER_COUNT")
    known = {k: v for k, v in os.environ.items() if k not in ours}
    config = f"--config-file={ROOT / 'pyproject.toml'}"
    return subprocess.run(
        [sys.executable, "-m", "pytest", config, *options, folder],
        cwd=ROOT,
        env=known | {"SHARED_DATA": str(folder / "nowhere")} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_what_is_missing_is_said_loudly(tmp_path: Path) -> None:
    answer = suite(tmp_path, "-n", "0")

    assert answer.returncode == 0, answer.stdout
    assert "NOT TESTED" in answer.stdout
    assert f"{tmp_path / 'nowhere'} is not there" in answer.stdout


def test_nothing_may_be_skipped_where_everything_is_required(tmp_path: Path) -> None:
    """And a worker says as loudly what is missing."""
    answer = suite(tmp_path, "-n", "1", HANDLED_REQUIRE_ALL="1")

    assert answer.returncode == 1, answer.stdout
    assert "NOT TESTED" in answer.stdout
    assert f"{tmp_path / 'nowhere'} is not there" in answer.stdout
    assert "Skipped, where nothing may be (HANDLED_REQUIRE_ALL)" in answer.stdout
    assert "1 xfailed, 1 error" in answer.stdout


def test_a_folder_with_many_files_is_worth_workers(tmp_path: Path) -> None:
    for number in range(workers.MANY):
        (tmp_path / f"test_{number}.py").touch()
    few = [str(tmp_path / "test_0.py"), f"{tmp_path / 'test_1.py'}::test_it"]

    assert workers.number_of_files([str(tmp_path)]) == workers.MANY
    assert workers.number_of_files(few) == 2


def test_tests_of_one_stack_stay_together_and_stacks_of_their_own_do_not() -> None:
    units = [
        workers.unit_of(f"tests/{nodeid}")
        for nodeid in (
            "browser/test_desk.py::test_a",
            "browser/test_desk.py::test_b",
            "twitter_sync/test_replay_posts.py::test_c[in order]",
            "twitter_sync/test_replay_posts.py::test_c[shuffled]",
            "inbox/test_note.py::TestNote::test_d",
            "inbox/test_note.py::test_e",
        )
    ]

    assert units[0] == units[1]
    files = [path.relative_to(ROOT) for path in (ROOT / "tests/browser").glob("test_*.py")]
    assert len({workers.unit_of(f"{file}::test_f") for file in files}) == workers.STACKS
    assert units[2] != units[3]
    assert units[4] == units[5] == "tests/inbox/test_note.py"
