"""How one run of the simulator is set up: its folder, its callers, X's keys."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

CREDENTIALS = ("X_CONSUMER_KEY", "X_CONSUMER_SECRET", "X_CLIENT_ID", "X_CLIENT_SECRET")


class MissingCredentials(Exception):
    """Names the environment variables that are not set."""


@dataclass(slots=True)
class Settings:
    data_dir: Path
    callback_urls: tuple[str, ...]
    consumer_key: str
    consumer_secret: str
    client_id: str
    client_secret: str
    # Known once the port is: people's pictures are served from here.
    origin: str = ""
    app_id: str = "29820954"


def from_environment(
    environ: Mapping[str, str], *, data_dir: Path, callback_urls: tuple[str, ...]
) -> Settings:
    """Raises MissingCredentials. Both sides read the same four variables, so they agree."""
    missing = [name for name in CREDENTIALS if not environ.get(name)]
    if missing:
        raise MissingCredentials(", ".join(missing))
    return Settings(
        data_dir=data_dir,
        callback_urls=callback_urls,
        consumer_key=environ["X_CONSUMER_KEY"],
        consumer_secret=environ["X_CONSUMER_SECRET"],
        client_id=environ["X_CLIENT_ID"],
        client_secret=environ["X_CLIENT_SECRET"],
    )
