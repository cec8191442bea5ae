"""Runs one child of its own for one Helm call and reads what it says."""

import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

from providers.helm.channel import Request
from providers.helm.failures import sentence
from providers.helm.release import HelmError, HelmErrorCode, redact
from providers.helm.tunnel import open_listener, variables_for

TICK_S = 0.2
# From SIGTERM to SIGKILL.
GRACE_S = 10.0
STDERR_LIMIT = 2000
PROJECT = Path(__file__).resolve().parents[2]
# Helm signs the fields that it writes with the name of its program. With this one it is the same as an admin's helm.
PROGRAM = str(Path(sys.executable).with_name("helm"))
CHILD = ("-m", "providers.helm.child")


@dataclass
class Outcome:
    """How far a child came. `is_written`: it had begun to change the cluster."""

    is_written: bool = False
    is_answered: bool = False
    value: Any = None
    error: HelmError | None = None


def run_child(
    request: Request, *, deadline_s: float, on_line: Callable[[str], None], cancelled: Callable[[], bool]
) -> Outcome:
    """One Helm call. Stops it when `cancelled()`, asked about five times a second, says so, or after `deadline_s`.

    Whatever `on_line` or `cancelled` raise kills the child and comes out here.
    """
    outcome = Outcome()
    with tempfile.TemporaryFile() as stderr, _started(stderr) as process:
        _hand_over(process, request)
        stop = _Stop(process, time.monotonic() + deadline_s)
        for line in _lines(process):
            if line:
                _take(outcome, json.loads(line), on_line)
            elif cancelled():
                stop.ask(HelmErrorCode.CANCELLED)
            stop.enforce()
        returncode = _ended(process)
        if not outcome.is_answered:
            outcome.error = _death(returncode, tail(stderr, request["secrets"]))
        if outcome.error and stop.reason:
            outcome.error = _stopped(stop.reason, deadline_s)
    return outcome


class _Stop:
    """The end of a child before it is done: asked for with SIGTERM, enforced with SIGKILL."""

    def __init__(self, process: subprocess.Popen[bytes], deadline: float) -> None:
        self._process = process
        self._deadline = deadline
        self.reason: HelmErrorCode | None = None

    def ask(self, reason: HelmErrorCode) -> None:
        if self.reason is None:
            self.reason = reason
            self._deadline = time.monotonic() + GRACE_S
            self._process.terminate()

    def enforce(self) -> None:
        if time.monotonic() < self._deadline:
            return
        if self.reason is None:
            self.ask(HelmErrorCode.TIMED_OUT)
        else:
            self._process.kill()


@contextmanager
def _started(stderr: IO[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    """The child in a session of its own, given the listener of its tunnel; it does not outlive the block."""
    with open_listener() as listener:
        process = subprocess.Popen(
            [PROGRAM, *CHILD, str(listener.fileno())],
            executable=sys.executable,
            cwd=PROJECT,
            env=_environment() | variables_for(listener),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            pass_fds=[listener.fileno()],
            start_new_session=True,
        )
    with process:
        try:
            yield process
        finally:
            process.kill()


def _environment() -> dict[str, str]:
    """No secret, no home folder, nobody's proxy; no discovery cache on disk, as another cluster may get the address."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR", "HELM_C_LIB") if name in os.environ}
    return kept | {"HOME": "/nonexistent", "KUBECACHEDIR": f"{os.devnull}/none", "PYTHONDONTWRITEBYTECODE": "1"}


def _hand_over(process: subprocess.Popen[bytes], request: Request) -> None:
    stdin = cast(IO[bytes], process.stdin)
    with suppress(BrokenPipeError):
        stdin.write(json.dumps(request).encode())
        stdin.close()


def _lines(process: subprocess.Popen[bytes]) -> Iterator[bytes]:
    """Each line of stdout as it comes, and an empty one whenever none came for a tick."""
    stdout = cast(IO[bytes], process.stdout)
    rest = b""
    with selectors.DefaultSelector() as selector:
        selector.register(stdout, selectors.EVENT_READ)
        while True:
            if not selector.select(TICK_S):
                yield b""
                continue
            chunk = os.read(stdout.fileno(), 65536)
            if not chunk:
                return
            *lines, rest = (rest + chunk).split(b"\n")
            yield from lines


def _take(outcome: Outcome, message: dict[str, Any], on_line: Callable[[str], None]) -> None:
    match message["type"]:
        case "log":
            on_line(message["text"])
        case "writing":
            outcome.is_written = True
        case "result":
            outcome.is_answered = True
            outcome.value = message["value"]
        case "error":
            outcome.is_answered = True
            outcome.error = HelmError(HelmErrorCode(message["code"]), message["message"])


def _ended(process: subprocess.Popen[bytes]) -> int:
    """The return code of a child that has closed its stdout."""
    with suppress(subprocess.TimeoutExpired):
        return process.wait(GRACE_S)
    process.kill()
    return process.wait()


def tail(stderr: IO[bytes], secrets: list[str]) -> str:
    """The last characters, cut only once no secret is in them any more."""
    size = stderr.seek(0, os.SEEK_END)
    stderr.seek(max(0, size - 100 * STDERR_LIMIT))
    return redact(stderr.read().decode(errors="replace"), secrets)[-STDERR_LIMIT:]


def _death(returncode: int, stderr: str) -> HelmError:
    how = f"by {signal.Signals(-returncode).name}" if returncode < 0 else f"with exit code {returncode}"
    return HelmError(HelmErrorCode.FAILED, sentence(f"The Helm process ended {how} before it was done. {stderr}"))


def _stopped(reason: HelmErrorCode, deadline_s: float) -> HelmError:
    if reason is HelmErrorCode.CANCELLED:
        return HelmError(reason, "Cancelled.")
    return HelmError(reason, f"Helm was not done after {deadline_s:.0f} s.")
