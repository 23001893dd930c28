"""Where everything of one `./run` is: ports, sockets, addresses, and what the parts are told."""

from __future__ import annotations

import os
from dataclasses import dataclass

from config.embedded import environment, valkey
from config.embedded.addresses import HOST, Ports, SocketFolder
from config.embedded.data_dir import DataDir
from config.embedded.environment import Addresses
from config.embedded.identity import identity
from config.embedded.options import X_SECRETS, Outside
from config.embedded.postgres import Cluster

LISTENERS = ("web", "live", "simulator", "postgres")


@dataclass(frozen=True)
class Layout:
    ports: dict[str, int]
    sockets: SocketFolder
    cluster: Cluster | None  # None where DATABASE_URL names another server
    addresses: Addresses
    django: dict[str, str]
    simulator: dict[str, str] | None  # None where X_API_URL names X or another simulator
    reserved: Ports

    def remove_what_is_temporary(self) -> None:
        self.sockets.remove()
        if self.cluster:
            self.cluster.identity.remove_copy()


def lay_out(web_port: int | None, outside: Outside, data_dir: DataDir) -> Layout:
    """Decide every address. Ports of the last run are taken again: X was told of them."""
    secrets = data_dir.secrets()
    reserved = Ports()
    ports = choose_ports(reserved, web_port, data_dir)
    sockets = SocketFolder(data_dir.path / "sockets")
    cluster = None if outside.database_url else own_cluster(data_dir, sockets, ports, secrets)
    x = outside.x or own_x(ports["simulator"], secrets)
    addresses = Addresses(
        web_url=os.environ.get("HANDLED_WEB_URL", f"http://{HOST}:{ports['web']}").rstrip("/"),
        live_url=os.environ.get("HANDLED_LIVE_URL", f"http://{HOST}:{ports['live']}").rstrip("/"),
        simulator_url=None if outside.is_real_x else x["X_API_URL"],
        database_url=cluster.tcp_url if cluster else str(outside.database_url),
        redis_url=outside.redis_url or valkey.url(sockets.path),
    )
    inner_database = cluster.socket_url if cluster else str(outside.database_url)
    return Layout(
        ports=ports,
        sockets=sockets,
        cluster=cluster,
        addresses=addresses,
        django=environment.of_django(addresses, inner_database, data_dir.path, secrets, x),
        simulator=None if outside.x else environment.of_simulator(data_dir.path, x),
        reserved=reserved,
    )


def choose_ports(reserved: Ports, web_port: int | None, data_dir: DataDir) -> dict[str, int]:
    last = data_dir.remembered().get("ports", {})
    ports = {"web": reserved.reserve_exactly(web_port)} if web_port else {}
    ports |= {name: reserved.reserve(last.get(name)) for name in LISTENERS if name not in ports}
    data_dir.remember(ports=ports)
    return ports


def own_cluster(
    data_dir: DataDir, sockets: SocketFolder, ports: dict[str, int], secrets: dict[str, str]
) -> Cluster:
    return Cluster(
        files=data_dir.path / "postgres",
        sockets=sockets.path,
        port=ports["postgres"],
        password=secrets["DATABASE_PASSWORD"],
        identity=identity(),
    )


def own_x(port: int, secrets: dict[str, str]) -> dict[str, str]:
    return {"X_API_URL": f"http://{HOST}:{port}"} | {name: secrets[name] for name in X_SECRETS}
