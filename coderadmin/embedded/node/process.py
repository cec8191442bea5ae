"""One pod's program as a process of this machine: started, probed, started again, stopped, as a kubelet does it."""

import asyncio
import logging
import shutil
import signal
import socket
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from coderadmin.embedded.instance import CHECKOUT
from coderadmin.embedded.node.api import Api, ApiError, Object
from coderadmin.embedded.node.environment import ConfigMissingError, pod_environment
from coderadmin.embedded.node.service_account import fill_folder, renew_forever
from coderadmin.embedded.node.statuses import Seen, is_shown, make_status, now, waiting
from coderadmin.embedded.processes import Child

logger = logging.getLogger(__name__)
PROGRAM = ["coderadmin", "envproxy"]
TICK_SECONDS, READY_TICK_SECONDS = 0.2, 1.0
PROBE_SECONDS = 5.0  # once ready; before that at every tick
PROBE_FAILURES = 3
PROBE_TIMEOUT = aiohttp.ClientTimeout(total=3)
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 30.0  # before a crashed program is started again, doubled each time
STEADY_SECONDS = 60.0
KEPT_LOGS = 50  # each pod has its own
BROKEN = "broken"  # an image with this in its name can't be pulled, as in the sandbox


@dataclass(frozen=True)
class Machine:
    """What all processes of the node share: `variables` go into every environment, `folder` keeps files and logs."""

    folder: Path
    variables: Mapping[str, str]
    probe: aiohttp.ClientSession


@dataclass
class PodProcess:
    """`run` is the whole life of the pod on this node, until `stop` was called and the process has ended."""

    api: Api
    pod: Object
    machine: Machine
    port: int = 0
    is_ready: bool = False
    child: Child | None = None
    _restarts: int = 0
    _since: str = field(default_factory=now)
    _state: Object = field(default_factory=lambda: waiting("ContainerCreating"))
    _last_state: Object = field(default_factory=dict)
    _failures: int = 0
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)
    _kill_at: float = 0.0

    @property
    def uid(self) -> str:
        return str(self.pod["metadata"]["uid"])

    @property
    def name(self) -> str:
        return f"{self.pod['metadata']['namespace']}.{self.pod['metadata']['name']}"

    @property
    def takes_connections(self) -> bool:
        return self.is_ready and not self._stopping.is_set()

    @property
    def path(self) -> str:
        return f"/api/v1/namespaces/{self.pod['metadata']['namespace']}/pods/{self.pod['metadata']['name']}"

    def stop(self, grace_seconds: float) -> None:
        """Ask it to end; killed after the grace time. Asked again, only the shorter time counts."""
        kill_at = time.monotonic() + grace_seconds
        if not self._stopping.is_set():
            self._kill_at = kill_at
            self._stopping.set()
            self._signal(signal.SIGTERM)
        self._kill_at = min(self._kill_at, kill_at)

    async def run(self) -> None:
        pause = FIRST_PAUSE_SECONDS
        try:
            while not self._stopping.is_set():
                began_at = time.monotonic()
                try:
                    await self._live()
                except ApiError as error:
                    logger.warning("%s can't be started: %s", self.name, error)
                if time.monotonic() - began_at > STEADY_SECONDS:
                    pause = FIRST_PAUSE_SECONDS
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._stopping.wait(), pause)
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
            await self._delete()
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)
            _forget_old_logs(self.machine.folder / "logs")

    async def _live(self) -> None:
        """One life of the program, from its start to its end. Raises ApiError if it could not be prepared."""
        image = self.pod["spec"]["containers"][0]["image"]
        if BROKEN in image:
            await self._turn(waiting("ImagePullBackOff", f'Back-off pulling image "{image}"'))
            return
        try:
            variables = await pod_environment(self.api, self.pod)
        except ConfigMissingError as error:
            await self._turn(waiting("CreateContainerConfigError", str(error)))
            return
        await fill_folder(self.api, self.pod, self._folder)
        renewing = asyncio.create_task(renew_forever(self.api, self.pod, self._folder))
        try:
            await self._run_child(self._make_child(variables))
        finally:
            renewing.cancel()

    def _make_child(self, variables: Mapping[str, str]) -> Child:
        self.port = _free_port()
        own = {
            "ENVPROXY_HOST": "127.0.0.1",
            "ENVPROXY_PORT": str(self.port),
            "SERVICE_ACCOUNT_DIR": str(self._folder),
            "TERMINATION_GRACE_SECONDS": str(self.pod["spec"].get("terminationGracePeriodSeconds", 30)),
        }
        return Child(
            name=self.name,
            argv=[sys.executable, "-m", "coderadmin.cli", *PROGRAM[1:]],
            log=self.machine.folder / "logs" / f"{self.api.kubeconfig.name}.{self.name}.log",
            env={**variables, **self.machine.variables, **own},
            cwd=CHECKOUT,
            death_signal=signal.SIGKILL,  # SIGTERM would let open connections go on for hours
        )

    async def _run_child(self, child: Child) -> None:
        if self._stopping.is_set():
            return
        child.start()
        self.child, started_at = child, now()
        self._state = {"running": {"startedAt": started_at}}
        probe_at = 0.0
        while child.runs():
            if self._stopping.is_set():
                if time.monotonic() >= self._kill_at:
                    self._signal(signal.SIGKILL)
            elif time.monotonic() >= probe_at:
                await self._probe()
                probe_at = time.monotonic() + (PROBE_SECONDS if self.is_ready else 0.0)
            await self._rest()
        self._set_ready(False)
        if not self._stopping.is_set():
            await self._tell_crash(child, started_at)

    async def _rest(self) -> None:
        """A tick, which is longer while the program is ready and nobody asks it to end."""
        if self._stopping.is_set() or not self.is_ready:
            await asyncio.sleep(TICK_SECONDS)
            return
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), READY_TICK_SECONDS)

    async def _tell_crash(self, child: Child, started_at: str) -> None:
        code = child.exit_code() or 0
        logger.warning("%s", child.failure())
        ended = {"exitCode": 128 - code if code < 0 else code, "startedAt": started_at, "finishedAt": now()}
        self._last_state = {"terminated": ended | {"reason": "Error" if code else "Completed"}}
        self._restarts += 1
        await self._turn(waiting("CrashLoopBackOff", f"back-off restarting failed container of {self.name}"))

    async def _probe(self) -> None:
        """Ask the program whether it is ready, and write the pod's status if it says something else."""
        if await self._answers():
            self._failures = 0
            self._set_ready(True)
        else:
            self._failures += 1
            if self._failures >= PROBE_FAILURES:
                self._set_ready(False)
        await self._report()

    async def _answers(self) -> bool:
        try:
            async with self.machine.probe.get(f"http://127.0.0.1:{self.port}/readyz", timeout=PROBE_TIMEOUT) as answer:
                return answer.status == 200
        except (aiohttp.ClientError, TimeoutError):
            return False

    async def _turn(self, state: Object) -> None:
        self._state = state
        self._set_ready(False)
        await self._report()

    def _set_ready(self, ready: bool) -> None:
        if ready != self.is_ready:
            self.is_ready, self._since = ready, now()

    async def _report(self) -> None:
        """Write the status unless the cluster shows it already; a refusal is tried again with the next probe."""
        seen = Seen(
            ready=self.is_ready,
            since=self._since,
            state=self._state,
            last_state=self._last_state,
            restarts=self._restarts,
        )
        status = make_status(self.pod, seen)
        if is_shown(self.pod, status):
            return
        try:
            await self.api.patch(f"{self.path}/status", {"status": status})
        except ApiError as error:
            if error.status != 404:
                logger.warning("the status of %s was not written: %s", self.name, error)

    async def _delete(self) -> None:
        """Tell the cluster that the pod has ended; until it knows, for it may be away."""
        while True:
            try:
                await self.api.delete(self.path, uid=self.uid, grace_seconds=0)
                return
            except ApiError as error:
                logger.warning("%s has ended but is not deleted: %s", self.name, error)
                await asyncio.sleep(1)

    def _signal(self, number: signal.Signals) -> None:
        if self.child and self.child.runs():
            self.child.process.send_signal(number)  # type: ignore[union-attr]

    @property
    def _folder(self) -> Path:
        return self.machine.folder / "pods" / self.uid


def _forget_old_logs(folder: Path) -> None:
    logs = sorted(folder.glob("*.log*"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in logs[KEPT_LOGS:]:
        path.unlink(missing_ok=True)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
