"""What envproxy lives between: a control plane that speaks its protocol, an environment's Service, and the process."""

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

TOKEN = "cap_token-of-the-provider"
ENVIRONMENT = "0b2f1c3e-8a4d-4e55-9d0f-3a1b2c4d5e6f"
OTHER = "77777777-8a4d-4e55-9d0f-3a1b2c4d5e6f"
SESSION = "session-of-the-person-1234567890"
PREFIX = f"/proxy/environments/{ENVIRONMENT}"
COOKIE = {"Cookie": f"coderadmin_environment={SESSION}"}
SERVICE = "env-dev-1234"
SERVICE_HOST = f"{SERVICE}.coder.svc.cluster.local:3000"

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


@dataclass
class ControlPlane:
    """Says what the test wants, and remembers what it was asked. `status` other than 200 stands for an outage."""

    verdicts: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    tickets: dict[str, str] = field(default_factory=dict)  # ticket: environment
    status: int = 200
    ask_again: float = 1
    questions: list[list[dict[str, Any]]] = field(default_factory=list)
    beats: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.allow()
        self.server = Threaded(self._answer)
        self.url = f"http://127.0.0.1:{self.server.port}"

    def allow(self, state: str = "on", session: str = SESSION, environment: str = ENVIRONMENT) -> None:
        verdict = {"allowed": True, "state": state, "service": SERVICE, "port": 3000}
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
        return self._status("VmHWM")

    def _status(self, name: str) -> float:
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(rf"{name}:\s+(\d+) kB", text)
        assert found
        return int(found[1]) / 1024


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
