"""The live process: `python -m config.live --host 127.0.0.1 --port 8001`."""

from __future__ import annotations

import argparse
import socket
from types import FrameType

import uvicorn

from config.live_asgi import application
from config.silence import hang_up_on_silence

# Streams end when asked to; this is for what else is under way.
GRACE_S = 3


class Server(uvicorn.Server):
    """Asked to end, it first lets the open streams end, and then ends well (status 0)."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.force_exit = self.should_exit
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        application.state.hub.end()
        await super().shutdown(sockets)


def main() -> None:
    options = _options()
    hang_up_on_silence()
    config = uvicorn.Config(
        application,
        host=options.host,
        port=options.port,
        access_log=False,
        log_config=None,  # Django's settings have set logging up
        log_level="warning",
        timeout_graceful_shutdown=GRACE_S,
        server_header=False,
        # What a proxy says of its caller is not asked for here.
        proxy_headers=False,
    )
    Server(config).run()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m config.live", description="The live stream.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8001)
    return parser.parse_args()


if __name__ == "__main__":
    main()
