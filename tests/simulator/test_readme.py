"""What the README has people type works as it stands."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

README = Path(__file__).parents[2] / "x_simulator" / "README.md"
AT_THE_END = "trap 'kill $!' EXIT\n"


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl")
def test_what_one_is_to_try_works(tmp_path: Path) -> None:
    typed = "".join(re.findall(r"```sh\n(.*?)```", README.read_text(), re.DOTALL))
    typed = typed.replace("python -m", f"{sys.executable} -m").replace("9000", str(free_port()))
    typed = re.sub(r"--data-dir \S+", f"--data-dir {tmp_path}", typed)
    typed = typed.replace(" &\n", f" &\n{AT_THE_END}")
    ended = subprocess.run(
        ["sh", "-eu"], input=typed, capture_output=True, text=True, timeout=120, check=False
    )
    assert ended.returncode == 0, ended.stderr
    told = [line for line in ended.stdout.splitlines() if line.startswith("{")]
    answers = [json.loads(line) for line in told]
    assert answers[0]["users"][0]["username"] == "larkwing"
    assert answers[2]["data"][0]["text"] == "@larkwing where is my parcel?"
    assert "Service Unavailable" in ended.stdout
    faults = [one["fault"] for one in answers if "fault" in one and "id" in one]
    assert faults == [
        "server_error",
        "cut",
        "too_many_requests",
        "lookup_lag",
        "delivery_lost",
        "delivery_disordered",
    ]
    assert answers[-1] == {"cleared": 6}
    assert "error" not in [key for one in answers for key in one]


def free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        port: int = asked.getsockname()[1]
        return port
