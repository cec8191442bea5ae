"""What envproxy lives between: a control plane that speaks its protocol, an environment's Service, and the process."""

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tests.clusters import eventually
from tests.envproxy.asking import Browser
from tests.envproxy.environment import Environment
from tests.envproxy.names import ENVIRONMENT, SERVICE, SESSION

TOKEN = "cap_token-of-the-provider"

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class Threaded:
    """An aiohttp server in a thread with a loop of its own."""

    def __init__(self, handler: Handler) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()
        self.port = self.run(self._start(handler))

    def run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(20)

    async def _start(self, handler: Handler) -> int:
        limits = {"max_line_size": 65536, "max_field_size": 65536}
        server = web.Server(handler, handler_cancellation=True, auto_decompress=False, access_log=None, **limits)
        self._runner = web.ServerRunner(server, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        return int(self._runner.addresses[0][1])

    def stop(self) -> None:
        self.run(self._runner.cleanup())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10)
        self.loop.close()


class ControlPlane:
    """Says what the test wants, and remembers what it was asked. `status` other than 200 stands for an outage."""

    def __init__(self) -> None:
        self.beats: list[dict[str, Any]] = []
        self.forget()
        self.server = Threaded(self._answer)
        self.url = f"http://127.0.0.1:{self.server.port}"

    def forget(self) -> None:
        """The person may use the environment, and all is well."""
        self.status = 200
        self.ask_again = 1.0
        self.questions: list[list[dict[str, Any]]] = []
        self.tickets: dict[str, str] = {}  # ticket: environment
        self.verdicts: dict[tuple[str, str], dict[str, Any]] = {}
        self.allow()

    def allow(
        self, state: str = "on", session: str = SESSION, environment: str = ENVIRONMENT, port: int = 3000
    ) -> None:
        verdict = {"allowed": True, "state": state, "service": SERVICE, "port": port}
        self.verdicts[session, environment] = verdict

    def refuse(self) -> None:
        self.verdicts.clear()

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return web.json_response({"error": {"code": "unauthorized", "msg": "no"}}, status=401)
        document = await web.Request.json(request)  # type: ignore[arg-type]
        call = request.path.removeprefix("/api/envproxy/v1/")
        if call == "access":
            self.questions.append(document["uses"])
        if self.status != 200:
            return web.Response(status=self.status)
        return getattr(self, f"_{call}")(document)

    def _beat(self, document: dict[str, Any]) -> web.Response:
        self.beats.append(document)
        return web.json_response({"provider": "sydney", "access_url": self.url, "interval_seconds": 0.3})

    def _sessions(self, document: dict[str, Any]) -> web.Response:
        environment = self.tickets.pop(document["ticket"], None)
        if environment is None:
            return web.json_response({"error": {"code": "not_found", "msg": "no"}}, status=404)
        return web.json_response({"session": SESSION, "environment": environment, "expires_in": 3600})

    def _access(self, document: dict[str, Any]) -> web.Response:
        refusal = {"allowed": False}
        verdicts = [self.verdicts.get((use["session"], use["environment"]), refusal) for use in document["uses"]]
        return web.json_response({"verdicts": verdicts, "ask_again_seconds": self.ask_again})


@dataclass
class Program:
    """`python -m coderadmin.cli envproxy`, with all Services behind one address."""

    control_plane: ControlPlane
    gateway: str
    log: Path
    extra: dict[str, str] = field(default_factory=dict)

    def start(self) -> None:
        self.port = free_port()
        environment = {
            "PATH": os.environ["PATH"],
            "CEMANAGER_ACCESS_URL": self.control_plane.url,
            "CEMANAGER_TOKEN": TOKEN,
            "ENVPROXY_ACCESS_URL": "https://sydney.coder.example.com/proxy",
            "CLUSTER_ADDRESS": "https://203.0.113.7:6443",
            "NAMESPACE": "coder",
            "ENVPROXY_HOST": "127.0.0.1",
            "ENVPROXY_PORT": str(self.port),
            "SERVICE_GATEWAY": self.gateway,
            "SERVICE_ACCOUNT_DIR": "/nowhere",
        }
        command = [sys.executable, "-m", "coderadmin.cli", "envproxy"]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, env=environment | self.extra, stdout=log, stderr=log)

    def stop(self) -> None:
        """At once; then looks into the log for what must not be there."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            assert self.process.wait(15) == 0, self.log.read_text()
        written = self.log.read_text()
        assert not re.search(rf"{SESSION}|cap_|ticket-", written), "a secret is in the log"
        assert "Traceback" not in written, written

    def resident_mb(self) -> float:
        return self._status("VmRSS")

    def peak_mb(self) -> float:
        """Since `forget_peak`."""
        return self._status("VmHWM")

    def forget_peak(self) -> None:
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")

    def _status(self, name: str) -> float:
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(rf"{name}:\s+(\d+) kB", text)
        assert found
        return int(found[1]) / 1024


@dataclass
class World:
    control_plane: ControlPlane
    environment: Environment
    service: Threaded
    program: Program

    def let_go(self) -> None:
        """The environment's handlers that wait go on."""
        self.service.loop.call_soon_threadsafe(self.environment.let_go.set)


@contextmanager
def running_world(folder: Path, settings: dict[str, str]) -> Iterator[World]:
    control_plane, environment = ControlPlane(), Environment()
    service = Threaded(environment.answer)
    program = Program(control_plane, f"127.0.0.1:{service.port}", folder / "envproxy.log", settings)
    world = World(control_plane, environment, service, program)
    try:
        program.start()
        assert eventually(lambda: Browser(program.port).status("/readyz") == 200, 30), program.log.read_text()
        yield world
    finally:
        program.stop()
        world.let_go()
        service.stop()
        control_plane.server.stop()


def world_fixture(scope: str, **settings: str) -> Any:
    """A fixture `world`, with further variables for the program."""

    @pytest.fixture(scope=scope)  # type: ignore[call-overload]
    def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
        with running_world(tmp_path_factory.mktemp("envproxy"), settings) as world:
            yield world

    return world


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
