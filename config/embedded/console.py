"""What `./run` prints: each line with the name of the part that said it, colours on a terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from typing import TextIO

COLOURS = {
    "run": "1;37",
    "postgres": "34",
    "valkey": "31",
    "simulator": "35",
    "web": "32",
    "live": "36",
    "worker-ingest": "33",
    "worker-send": "93",
    "worker-media": "90",
    "beat": "95",
}
OTHER_COLOUR = "90"
WIDTH = max(len(f"[{name}]") for name in COLOURS)
# A line may quote what a customer wrote; it must not drive the terminal.
CONTROL = {code: None for code in (*range(32), 127, *range(128, 160)) if code != ord("\t")}


class Console:
    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout
        self._coloured = self._stream.isatty() and "NO_COLOR" not in os.environ

    def say(self, line: str, part: str = "run") -> None:
        prefix = f"[{part}]".ljust(WIDTH)
        if self._coloured:
            prefix = f"\x1b[{COLOURS.get(part, OTHER_COLOUR)}m{prefix}\x1b[0m"
        self._write(f"{prefix} {line.translate(CONTROL)}")

    def show(self, lines: Iterable[str]) -> None:
        """A block without prefixes, for reading rather than for logs."""
        self._write("\n".join(["", *lines, ""]))

    def _write(self, text: str) -> None:
        try:
            print(text, file=self._stream, flush=True)
        except OSError:
            # Whoever read along has gone (a closed terminal, `./run | head`); run on unheard.
            self._stream = open(os.devnull, "w")  # noqa: SIM115 - for the rest of the run


def welcome(
    web_url: str,
    simulator_url: str | None,
    sign_ins: Iterable[Mapping[str, str]],
    seconds: float,
) -> list[str]:
    """The lines that tell a newcomer where to go and who to be."""
    lines = [f"  Handled is ready after {seconds:.1f} s. Ctrl-C stops it.", ""]
    lines += [f"  The desk          {web_url}/"]
    if simulator_url:
        lines += [f"  Be a customer     {simulator_url}/"]
    rows = [(who["role"], who["email"], who["password"]) for who in sign_ins]
    if rows:
        lines += ["", *table(("Sign in as", "E-mail", "Password"), *rows)]
    return lines


def table(head: tuple[str, ...], *rows: tuple[str, ...]) -> list[str]:
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    lines = ["  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip()
             for row in [head, tuple("-" * w for w in widths), *rows]]  # fmt: skip
    return [f"  {line}" for line in lines]
