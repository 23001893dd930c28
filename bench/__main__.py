"""`python -m bench fill|ingest|desk`: servers up, Django ready, then the bench that is wanted."""

from __future__ import annotations

import os
import subprocess
import sys
from argparse import Namespace
from importlib import import_module

import django
from django.core.management import call_command

from bench import Refused
from bench.options import parse
from bench.surroundings import DidNotStart, surroundings
from config.embedded.data_dir import DataDirError
from config.embedded.identity import PostgresError

MODULES = {"fill": "bench.filling", "ingest": "bench.ingest", "desk": "bench.desk"}


def main(arguments: list[str]) -> int:
    options = parse(arguments)
    if options.program == "desk" and len(options.conversations) > 1:
        return one_by_one(arguments, options)
    try:
        with surroundings(options.data_dir) as environment:
            os.environ.update(environment)
            django.setup()
            program = import_module(MODULES[options.program])
            # Before anything is written: DATABASE_URL may name somebody's own.
            program.refuse(options)
            call_command("migrate", verbosity=0)
            program.main(options)
    except (DataDirError, DidNotStart, PostgresError, Refused) as error:
        print(f"bench/{options.program}: {error}", file=sys.stderr)
        return 1
    return 0


def one_by_one(arguments: list[str], options: Namespace) -> int:
    """Each size in a database of its own: the folder of each is named after it."""
    if "DATABASE_URL" in os.environ:
        print("bench/desk: DATABASE_URL is one database: name one size.", file=sys.stderr)
        return 1
    for size in options.conversations:
        if code := subprocess.run(command_for(size, options), check=False).returncode:
            return code
    return 0


def command_for(size: int, options: Namespace) -> list[str]:
    command = [sys.executable, "-m", "bench", "desk", str(size)]
    command += [
        f"--seed={options.seed}",
        f"--rounds={options.rounds}",
        f"--warm-up={options.warm_up}",
    ]
    if options.data_dir:
        options.data_dir.mkdir(parents=True, exist_ok=True)
        command.append(f"--data-dir={options.data_dir / str(size)}")
    return command + [f"--{flag}" for flag in ("markdown", "plans") if getattr(options, flag)]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
