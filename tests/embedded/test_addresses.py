"""Sockets and ports of `./run`, kept from one start to the next."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from config.embedded.addresses import LONGEST_SOCKET_PATH, Ports, PortTakenError, SocketFolder
from config.embedded.identity import Identity
from config.embedded.postgres import Cluster

ITSELF = Identity((), os.getuid(), Path("/usr/bin"))


def test_sockets_stay_in_the_data_directory_where_the_path_is_short(tmp_path: Path) -> None:
    sockets = SocketFolder(Path("/tmp") / tmp_path.name)  # noqa: S108 - removed below
    try:
        assert not sockets.is_temporary
        assert sockets.path.stat().st_mode & 0o777 == 0o700
    finally:
        sockets.remove()


def test_a_deep_data_directory_gets_a_short_private_folder_for_sockets(tmp_path: Path) -> None:
    sockets = SocketFolder(tmp_path / ("deep" * 25) / "sockets")
    try:
        assert sockets.is_temporary
        assert sockets.path.stat().st_mode & 0o777 == 0o700
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(sockets.path / ".s.PGSQL.65535"))
        assert len(bytes(sockets.path)) < LONGEST_SOCKET_PATH
    finally:
        sockets.remove()
    assert not sockets.path.exists()


def test_a_reserved_port_is_given_to_nobody_else_but_its_server() -> None:
    port = Ports().reserve(None)
    ports = Ports()
    kept = ports.reserve(None)

    assert port != kept
    for _ in range(2):  # as often as its server is started again
        with socket.socket() as server:
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            server.bind(("127.0.0.1", kept))
            server.listen()
            with pytest.raises(PortTakenError, match=str(kept)):
                Ports().reserve_exactly(kept)


def test_another_port_is_taken_when_the_last_one_is_in_use() -> None:
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        taken = stranger.getsockname()[1]

        assert Ports().reserve(taken) != taken


def test_the_addresses_of_the_database_survive_odd_characters(tmp_path: Path) -> None:
    cluster = Cluster(tmp_path / "files", tmp_path / "so ck", 5433, "p@ss/w:rd?%", ITSELF)

    outer, inner = urlsplit(cluster.tcp_url), urlsplit(cluster.socket_url)

    assert unquote(outer.password or "") == unquote(inner.password or "") == "p@ss/w:rd?%"
    assert (outer.hostname, outer.port, outer.path) == ("127.0.0.1", 5433, "/handled")
    assert parse_qs(inner.query) == {"host": [str(tmp_path / "so ck")], "port": ["5433"]}
