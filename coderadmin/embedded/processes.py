"""Child processes that never outlive the process that started them (Linux).

Each child leads a session of its own. Two things end it when its parent dies, even by SIGKILL: the kernel sends
`death_signal` (PR_SET_PDEATHSIG), and `coderadmin.embedded.guard` kills what is left of the session.
The kernel ties a child to the *thread* that started it, so children are started from the main thread only.
"""

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from coderadmin.embedded.errors import EmbeddedError

PR_SET_PDEATHSIG = 1  # linux/prctl.h
POLL_SECONDS = 0.02
LOG_ROTATE_BYTES = 20_000_000
LOG_TAIL_BYTES = 4_000

_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Account:
    """The user and group that a child runs as."""

    uid: int
    gid: int


@dataclass(kw_only=True)
class Child:
    """One program with its log file. `start` may be called again after the program has ended."""

    name: str
    argv: Sequence[str | Path]
    log: Path
    env: Mapping[str, str] = field(repr=False)
    cwd: Path = Path("/")
    account: Account | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    death_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 5.0  # after `stop_signal`, before it is killed
    captures_output: bool = False  # standard output goes to `output` instead of the log; a few lines only
    process: subprocess.Popen[bytes] | None = field(default=None, init=False, repr=False)
    _log_offset: int = field(default=0, init=False, repr=False)

    def start(self) -> int:
        """Start the program and return its pid; raises EmbeddedError if it can't be executed."""
        _rotate(self.log)
        with self.log.open("ab") as log:
            self._log_offset = log.tell()
            try:
                self.process = subprocess.Popen(
                    self.argv,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE if self.captures_output else log,
                    stderr=log,
                    env=self.env,
                    cwd=self.cwd,
                    start_new_session=True,
                    umask=0o077,
                    preexec_fn=_tie_to_parent(self.death_signal),
                    **account_arguments(self.account),
                )
            except (OSError, subprocess.SubprocessError) as error:
                raise EmbeddedError(f"{self.name} could not be started: {error}.") from error
        return self.process.pid

    @property
    def pid(self) -> int:
        """The pid of the running or last program; 0 before the first start."""
        return self.process.pid if self.process else 0

    def exit_code(self) -> int | None:
        """The exit code (negative: the signal) once the program has ended; None while it runs or was never started."""
        return self.process.poll() if self.process else None

    def runs(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def output(self) -> str:
        """What a program that has ended wrote to its standard output, if it `captures_output`."""
        if self.process is None or self.process.stdout is None:
            return ""
        with self.process.stdout as pipe:
            return pipe.read().decode()

    def new_log(self) -> str:
        """The end of what the program has written since its last start."""
        with self.log.open("rb") as log:
            size = log.seek(0, os.SEEK_END)
            log.seek(max(self._log_offset, size - LOG_TAIL_BYTES))
            return log.read().decode(errors="replace").strip()

    def failure(self) -> str:
        """A sentence on why the program has ended or does not get ready."""
        text = self.new_log()
        if "No space left on device" in text:
            return f"{self.name} failed because the disk is full; free some space and start again (log: {self.log})."
        code = self.exit_code()
        if code is not None and code < 0:
            return f"{self.name} was ended by {signal.Signals(-code).name} (log: {self.log})."
        ended = "does not get ready" if code is None else f"ended with exit code {code}"
        last = text.splitlines()[-1].strip() if text else "it wrote nothing"
        return f"{self.name} {ended}: {last} (log: {self.log})."

    def wait_until(self, ready: Callable[[], bool], seconds: float) -> None:
        """Return once `ready()`; raises EmbeddedError if the program ends before, or after `seconds`."""
        deadline = time.monotonic() + seconds
        while not ready():
            if not self.runs() or time.monotonic() > deadline:
                raise EmbeddedError(self.failure())
            time.sleep(POLL_SECONDS)


def account_arguments(account: Account | None) -> dict[str, Any]:
    """The arguments of `subprocess` that make a program run as this account."""
    return {"user": account.uid, "group": account.gid, "extra_groups": []} if account else {}


def stop_children(children: Iterable[Child]) -> None:
    """Ask all to stop at once, wait, then kill what is left of their sessions."""
    started = [child for child in children if child.process]
    for child in started:
        if child.runs():
            with suppress(ProcessLookupError):
                os.kill(child.pid, child.stop_signal)
    asked_at = time.monotonic()
    while any(child.runs() and time.monotonic() < asked_at + child.stop_seconds for child in started):
        time.sleep(POLL_SECONDS)
    kill_sessions(child.pid for child in started)
    for child in started:
        if child.process:
            child.process.wait()


def kill_sessions(leaders: Iterable[int]) -> None:
    """SIGKILL every process of the sessions with these leaders' pids."""
    for pid in session_members(set(leaders)):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def session_members(leaders: set[int]) -> list[int]:
    """The pids of all living processes in these sessions (zombies left out)."""
    pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [pid for pid in pids if _living_session(pid) in leaders]


def is_alive(pid: int) -> bool:
    """Whether a process with this pid lives; a zombie does not."""
    return pid > 0 and _living_session(pid) is not None


def die_with_parent(parent: int) -> bool:
    """Have the kernel end this process with its parent; False when the parent `parent` (0: any) is gone already."""
    _libc.prctl(PR_SET_PDEATHSIG, int(signal.SIGTERM))
    return parent in (0, os.getppid())


def _living_session(pid: int) -> int | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    # proc(5): the name in parentheses may hold anything; then state, ppid, pgrp, session
    state, _, _, session = text.rpartition(")")[2].split()[:4]
    return None if state in "ZX" else int(session)


def _tie_to_parent(death_signal: signal.Signals) -> Callable[[], None]:
    parent = os.getpid()

    def tie() -> None:
        _libc.prctl(PR_SET_PDEATHSIG, int(death_signal))
        if os.getppid() != parent:  # it died before the tie was made
            os._exit(1)

    return tie


def _rotate(log: Path) -> None:
    log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > LOG_ROTATE_BYTES:
        log.replace(log.with_suffix(".log.1"))
