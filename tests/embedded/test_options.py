"""What `./run` is told by its arguments and its environment."""

from __future__ import annotations

import pytest

from config.embedded import options
from config.embedded.options import OptionsError


def test_half_of_xs_settings_are_refused_by_name() -> None:
    with pytest.raises(OptionsError, match="X_CLIENT_ID, X_CLIENT_SECRET"):
        options.outside({"X_CONSUMER_KEY": "k", "X_CONSUMER_SECRET": "s"})


def test_xs_keys_alone_mean_x_itself() -> None:
    found = options.outside(dict.fromkeys(options.X_SECRETS, "given"))

    assert found.x
    assert found.x["X_API_URL"] == "https://api.x.com"
    assert found.is_real_x


@pytest.mark.parametrize("port", ["0", "65536", "-1", "web"])
def test_a_port_that_is_none_is_refused(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        options.parse([f"--port={port}"], {})

    assert "is not a port" in capsys.readouterr().err
