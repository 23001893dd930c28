"""One `./run`: from an empty or used data directory to a running Handled, until it is stopped."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
import time
from pathlib import Path

from config.embedded import environment, owner, parts, postgres
from config.embedded.console import Console, welcome
from config.embedded.data_dir import DataDir, write_json
from config.embedded.layout import Layout
from config.embedded.options import Options
from config.embedded.owner import Owner
from config.embedded.parts import Part
from config.embedded.postgres import Cluster
from config.embedded.supervisor import StartError, Supervisor

DATABASE_WITHIN = 10.0


class Session:
    def __init__(
        self,
        options: Options,
        data_dir: DataDir,
        layout: Layout,
        first_owner: Owner | None,
        console: Console,
    ) -> None:
        self._options = options
        self._data_dir = data_dir
        self._layout = layout
        self._first_owner = first_owner
        self._console = console
        self._supervisor = Supervisor(console, self._write_facts)
        self._sign_ins: list[dict[str, str]] = []
        self._is_ready = False

    # Starting

    async def start(self) -> None:
        """Start every part, side by side as far as one doesn't need another."""
        self._write_facts()
        helpers = self._begin(self._helpers())
        is_new = await self._start_database()
        # Beside a new database the pages would only complain until it is migrated.
        pages = [] if is_new else self._begin(self._pages())
        await self._manage("migrate", "--no-input", "--skip-checks", quietly=True)
        pages = pages or self._begin(self._pages())
        workers = self._begin(self._workers())
        await self._supervisor.until_ready(*helpers, *pages, *workers)
        last_words = await self._fill()
        self._is_ready = True
        self._write_facts()
        self._greet(last_words)

    def _begin(self, those: list[Part]) -> list[Part]:
        self._supervisor.begin(*those)
        return those

    def _helpers(self) -> list[Part]:
        """What needs no database."""
        helpers = []
        if not self._options.outside.redis_url:
            folder = self._data_dir.folder("valkey")
            told = environment.of_part(self._data_dir.path)
            helpers.append(parts.queue(self._layout.sockets.path, folder, told))
        if self._layout.simulator is not None:
            helpers.append(
                parts.simulator(
                    self._layout.ports["simulator"],
                    self._data_dir.folder("simulator"),
                    f"{self._layout.addresses.web_url}/handles/callback/",
                    self._layout.simulator,
                )
            )
        return helpers

    def _pages(self) -> list[Part]:
        ports, django = self._layout.ports, self._layout.django
        return [parts.web(ports["web"], django), parts.live(ports["live"], django)]

    def _workers(self) -> list[Part]:
        django = self._layout.django
        return [
            parts.worker("ingest", "ingest,default", django),
            parts.worker("send", "send", django),
            parts.worker("media", "media,stream", django),
            parts.beat(self._data_dir.folder("beat") / "schedule", django),
        ]

    # The database

    async def _start_database(self) -> bool:
        """Answers whether it is a new one."""
        cluster = self._layout.cluster
        if cluster is None:
            await self._require_outside_database()
            return False
        is_new = not cluster.files.exists()
        if is_new:
            await self._make(cluster)
        cluster.check_version()
        cluster.hand_over_files()
        await self._supervisor.start(parts.postgres(cluster))
        cluster.create_database()
        return is_new

    async def _make(self, cluster: Cluster) -> None:
        self._console.say("Making the database")
        postgres.remove(cluster.draft)
        with tempfile.NamedTemporaryFile("w", dir=self._data_dir.path) as password:
            password.write(cluster.password)
            password.flush()
            command = cluster.init_command(Path(password.name))
            told = postgres.server_environment()
            await self._supervisor.run("postgres", command, told, quietly=True)
        cluster.draft.rename(cluster.files)

    async def _require_outside_database(self) -> None:
        deadline = time.monotonic() + DATABASE_WITHIN
        while reason := postgres.refusal(self._layout.addresses.database_url):
            if time.monotonic() > deadline:
                raise StartError(f"The database of DATABASE_URL does not answer: {reason}")
            await asyncio.sleep(0.5)

    # Who may sign in

    async def _fill(self) -> list[str]:
        """Make the demo, or else the first owner; answers what the user must still be told."""
        if self._options.demo:
            # Once; and again when X must be told of another address of ours.
            web_url = self._layout.addresses.web_url
            if self._data_dir.remembered().get("demo_seeded_at") != web_url:
                await self._manage("seed_demo")
                self._data_dir.remember(demo_seeded_at=web_url)
            self._sign_ins = owner.demo_sign_ins()
            return []
        if self._data_dir.remembered().get("has_owner"):
            return []
        return await self._make_owner()

    async def _make_owner(self) -> list[str]:
        first = self._first_owner
        lines = await self._supervisor.run(
            "owner",
            parts.python("config.embedded.make_owner"),
            self._layout.django | (first.environment if first else {}),
            quietly=True,
        )
        answer = json.loads(next(line for line in reversed(lines) if line.startswith("{")))
        if link := answer.get("link"):
            return ["", "  Nobody can sign in yet. Whoever opens this first owns it:", f"  {link}"]
        self._data_dir.remember(has_owner=True)
        if not first or "made" not in answer:
            return []
        self._sign_ins = first.sign_ins
        return [f"  Sign in as        {first.email}"]

    async def _manage(self, *command: str, quietly: bool = False) -> list[str]:
        line = [sys.executable, "manage.py", *command]
        return await self._supervisor.run(command[0], line, self._layout.django, quietly)

    # Telling others

    def _greet(self, last_words: list[str]) -> None:
        began = float(os.environ.get("HANDLED_STARTED_AT", time.time()))
        addresses = self._layout.addresses
        shown = self._sign_ins if self._options.demo else []
        took = time.time() - began
        lines = welcome(addresses.web_url, addresses.simulator_url, shown, took)
        self._console.show(lines + last_words)

    def _write_facts(self) -> None:
        facts = {
            **vars(self._layout.addresses),
            "pids": {"supervisor": os.getpid()} | self._supervisor.pids(),
        }
        told = {"environment": environment.handed_on(self._layout.django)}
        write_json(self._data_dir.run_file, facts | told)
        if self._is_ready and self._options.ready_file:
            write_json(self._options.ready_file, facts | {"sign_ins": self._sign_ins})

    # Stopping

    async def stop(self, at_once: bool = False) -> None:
        self._is_ready = False
        if self._options.ready_file:
            self._options.ready_file.unlink(missing_ok=True)
        await self._supervisor.stop(at_once)
        self._data_dir.run_file.unlink(missing_ok=True)
        self._layout.remove_what_is_temporary()
