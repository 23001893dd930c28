"""One `./run`: from an empty or used data directory to a running Handled, until it is stopped."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from config.embedded import environment, owner, parts, postgres, valkey
from config.embedded.addresses import HOST, Ports, SocketFolder
from config.embedded.console import Console, welcome
from config.embedded.data_dir import DataDir, write_json
from config.embedded.environment import Addresses
from config.embedded.options import Options, Outside
from config.embedded.postgres import Cluster
from config.embedded.supervisor import StartError, Supervisor

DATABASE_WITHIN = 10.0


class Session:
    def __init__(
        self, options: Options, outside: Outside, data_dir: DataDir, console: Console
    ) -> None:
        self._options = options
        self._outside = outside
        self._data_dir = data_dir
        self._console = console
        self._secrets = data_dir.secrets()
        self._remembered = data_dir.remembered()
        self._demo = bool(self._remembered.get("demo", options.demo)) and not outside.is_real_x
        self._sign_ins: list[dict[str, str]] = []
        self._is_ready = False
        self._supervisor = Supervisor(console, self._processes_changed)
        self._sockets = SocketFolder(data_dir.path / "sockets")
        self._find_addresses()

    # Where everything is

    def _find_addresses(self) -> None:
        ports = self._ports = Ports()
        last = self._remembered.get("ports", {})
        wish = self._options.port
        web = ports.reserve_exactly(wish) if wish else ports.reserve(last.get("web"))
        chosen = {"web": web} | {
            name: ports.reserve(last.get(name)) for name in ("live", "simulator", "postgres")
        }
        self._port = chosen
        self._data_dir.remember(ports=chosen, demo=self._demo)
        self._x = self._outside.x or {
            "X_API_URL": f"http://{HOST}:{chosen['simulator']}",
            **{name: self._secrets[name] for name in environment.X_SECRETS},
        }
        self._cluster = None if self._outside.database_url else self._own_cluster()
        inner_database = self._outside.database_url or (self._cluster and self._cluster.socket_url)
        outer_database = self._outside.database_url or (self._cluster and self._cluster.tcp_url)
        self._addresses = Addresses(
            web_url=os.environ.get("HANDLED_WEB_URL", f"http://{HOST}:{web}").rstrip("/"),
            live_url=os.environ.get("HANDLED_LIVE_URL", f"http://{HOST}:{chosen['live']}"),
            simulator_url=None if self._outside.is_real_x else self._x["X_API_URL"],
            database_url=str(outer_database),
            redis_url=self._outside.redis_url or valkey.url(self._sockets.path),
        )
        self._django = environment.of_django(
            self._addresses, str(inner_database), self._data_dir.path, self._secrets, self._x
        )

    def _own_cluster(self) -> Cluster:
        return Cluster(
            files=self._data_dir.path / "postgres",
            sockets=self._sockets.path,
            port=self._port["postgres"],
            password=self._secrets["DATABASE_PASSWORD"],
            identity=postgres.identity(),
        )

    # Starting

    async def start(self) -> None:
        """Start every part, side by side as far as one doesn't need another."""
        self._data_dir.folder("mail")
        self._write_run_file()
        helpers = self._begin_helpers()
        await self._start_database()
        pages = self._begin_pages()
        await self._manage("migrate", "--no-input", quietly=True)
        workers = self._begin_workers()
        await self._supervisor.until_ready(*helpers, *pages, *workers)
        await self._fill()
        self._is_ready = True
        self._processes_changed()
        self._greet()

    def _begin_helpers(self) -> list[parts.Part]:
        helpers = []
        if not self._outside.redis_url:
            helpers.append(
                parts.queue(
                    self._sockets.path, self._data_dir.folder("valkey"), environment.inherited()
                )
            )
        if not self._outside.x:
            helpers.append(
                parts.simulator(
                    self._port["simulator"],
                    self._data_dir.folder("simulator"),
                    f"{self._addresses.web_url}/handles/callback/",
                    environment.of_simulator(self._x),
                )
            )
        self._supervisor.begin(*helpers)
        return helpers

    async def _start_database(self) -> None:
        cluster = self._cluster
        if cluster is None:
            await self._require_outside_database()
            return
        if not cluster.files.exists():
            await self._make_cluster(cluster)
        cluster.check_version()
        cluster.hand_over_files()
        await self._supervisor.start(parts.postgres(cluster))
        cluster.create_database()

    async def _make_cluster(self, cluster: Cluster) -> None:
        self._console.say("Making the database")
        postgres.remove(cluster.draft)
        with tempfile.NamedTemporaryFile("w", dir=self._data_dir.path) as password:
            password.write(cluster.password)
            password.flush()
            command = cluster.init_command(Path(password.name))
            await self._supervisor.run(
                "postgres", command, postgres.server_environment(), quietly=True
            )
        cluster.draft.rename(cluster.files)

    async def _require_outside_database(self) -> None:
        deadline = time.monotonic() + DATABASE_WITHIN
        while reason := postgres.refusal(self._addresses.database_url):
            if time.monotonic() > deadline:
                raise StartError(f"The database of DATABASE_URL does not answer: {reason}")
            await asyncio.sleep(0.5)

    def _begin_pages(self) -> list[parts.Part]:
        pages = [
            parts.web(self._port["web"], self._django),
            parts.live(self._port["live"], self._django),
        ]
        self._supervisor.begin(*pages)
        return pages

    def _begin_workers(self) -> list[parts.Part]:
        schedule = self._data_dir.folder("beat") / "schedule"
        workers = [
            parts.worker("ingest", "ingest,default", self._django),
            parts.worker("send", "send,stream", self._django),
            parts.beat(schedule, self._django),
        ]
        self._supervisor.begin(*workers)
        return workers

    # Who may sign in

    async def _fill(self) -> None:
        """The demo, or else the owner; both only until they are there."""
        if self._demo:
            await self._manage("seed_demo")
            self._sign_ins = owner.demo_sign_ins()
        elif not self._remembered.get("owner"):
            self._sign_ins = await owner.create(self._manage, self._console)
            self._data_dir.remember(owner=True)

    async def _manage(self, *command: str, quietly: bool = False) -> list[str]:
        line = [sys.executable, "manage.py", *command]
        return await self._supervisor.run(command[0], line, self._django, quietly)

    # Telling others

    def _greet(self) -> None:
        began = float(os.environ.get("HANDLED_STARTED_AT", time.time()))
        self._console.show(
            welcome(
                self._addresses.web_url,
                self._addresses.simulator_url,
                self._sign_ins,
                time.time() - began,
            )
        )

    def _processes_changed(self) -> None:
        self._write_run_file()
        if self._is_ready and self._options.ready_file:
            write_json(self._options.ready_file, self._facts() | {"sign_ins": self._sign_ins})

    def _write_run_file(self) -> None:
        write_json(
            self._data_dir.run_file,
            self._facts() | {"environment": environment.handed_on(self._django)},
        )

    def _facts(self) -> dict[str, object]:
        pids = {"supervisor": os.getpid()} | self._supervisor.pids()
        return {**vars(self._addresses), "pids": pids}

    # Stopping

    async def stop(self, at_once: bool = False) -> None:
        await self._supervisor.stop(at_once)
        self._data_dir.run_file.unlink(missing_ok=True)
        if self._options.ready_file:
            self._options.ready_file.unlink(missing_ok=True)
        self._sockets.remove()
