"""The folder where `./run` keeps everything, its owner's alone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from config.embedded import manage
from config.embedded.data_dir import DataDir, DataDirError


def test_secrets_are_made_once_and_are_the_owners_alone(tmp_path: Path) -> None:
    folder = DataDir(tmp_path / "data")
    with folder.claim():
        first = folder.secrets()

        assert folder.secrets() == first
    assert (folder.path / "secrets.json").stat().st_mode & 0o777 == 0o600
    assert folder.path.stat().st_mode & 0o777 == 0o700
    assert len(set(first.values())) == len(first)


def test_a_folder_of_somebody_else_is_never_touched(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")

    with pytest.raises(DataDirError, match="nothing was touched"):
        DataDir(tmp_path).claim()

    assert os.listdir(tmp_path) == ["thesis.txt"]


def test_fresh_removes_everything_but_what_marks_the_folder(tmp_path: Path) -> None:
    folder = DataDir(tmp_path)
    with folder.claim():
        folder.secrets()
        (folder.folder("postgres") / "PG_VERSION").write_text("18")

        folder.empty()

    assert sorted(os.listdir(tmp_path)) == ["handled.json", "lock"]


def test_a_folder_in_use_is_refused_and_its_user_named(tmp_path: Path) -> None:
    folder = DataDir(tmp_path)
    inside = pytest.raises(DataDirError, match=f"already running.*process {os.getpid()}")
    with folder.claim(), inside:
        DataDir(tmp_path).claim()

    with folder.claim():
        assert folder.marker.exists()


def test_manage_takes_over_from_a_running_one_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = DataDir(tmp_path)
    for name in manage.NOWHERE:
        monkeypatch.delenv(name, raising=False)
    with folder.claim():
        folder.run_file.write_text('{"environment": {"DATABASE_URL": "postgresql://here/x"}}')
        assert manage.take_over(DataDir(tmp_path))
        assert os.environ["DATABASE_URL"] == "postgresql://here/x"

    assert not manage.take_over(DataDir(tmp_path))
