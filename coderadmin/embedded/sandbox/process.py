"""Start the sandbox as a process of its own and talk to it through its files. Used by tests and by tools."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from coderadmin.embedded.sandbox.faults import Fault, read_faults, read_state, switch_fault

START_SECONDS = 30.0
STOP_SECONDS = 10.0
POLL_SECONDS = 0.02


class SandboxError(Exception):
    """The sandbox process did not start, or did not do what was asked in time."""


class SandboxProcess:
    """One sandbox process serving `clusters`, its files in `state`."""

    def __init__(self, state: Path, clusters: Sequence[str]) -> None:
        self.state = state
        self.clusters = list(clusters)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start and wait until every cluster listens; raises SandboxError with the end of the log otherwise."""
        self.state.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "coderadmin.embedded.sandbox", "--state", str(self.state)]
        command += ["--parent", str(os.getpid())]
        command += [word for name in self.clusters for word in ("--cluster", name)]
        with (self.state / "sandbox.log").open("ab") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        self._process = process
        if not _poll_until(lambda: self._has_settled(process), START_SECONDS) or process.poll() is not None:
            self.stop()
            tail = (self.state / "sandbox.log").read_text()[-2000:]
            raise SandboxError(f"the sandbox did not start:\n{tail}")

    def stop(self) -> None:
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def kubeconfig(self, cluster: str) -> Path:
        return self.state / cluster / "kubeconfig"

    def port(self, cluster: str) -> int:
        state = read_state(self.state / cluster)
        if state is None:
            raise SandboxError(f"cluster {cluster} has never run")
        return state.port

    def fault(self, cluster: str, fault: str, on: bool = True) -> None:
        """Switch a fault and wait until it is in force."""
        folder = self.state / cluster
        wanted = switch_fault(folder, Fault(fault), on=on)
        if not wait_for_faults(folder, wanted):
            raise SandboxError(f"cluster {cluster} did not take the fault {fault} in time")

    def clear_faults(self, cluster: str) -> None:
        for fault in read_faults(self.state / cluster):
            self.fault(cluster, fault, on=False)

    def _has_settled(self, process: subprocess.Popen[bytes]) -> bool:
        if process.poll() is not None:
            return True
        try:
            return (self.state / "ready").read_text().strip() == str(process.pid)
        except FileNotFoundError:
            return False


def wait_for_faults(folder: Path, wanted: frozenset[Fault], seconds: float = 10.0) -> bool:
    """Whether the running process has put exactly `wanted` in force within `seconds`."""

    def in_force() -> bool:
        state = read_state(folder)
        return state is not None and state.faults == wanted

    return _poll_until(in_force, seconds)


def _poll_until(condition: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(POLL_SECONDS)
    return True


@contextmanager
def running_sandbox(state: Path, clusters: Sequence[str]) -> Iterator[SandboxProcess]:
    """A started sandbox with `clusters`, stopped at the end."""
    sandbox = SandboxProcess(state, clusters)
    sandbox.start()
    try:
        yield sandbox
    finally:
        sandbox.stop()
