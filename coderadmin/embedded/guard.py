"""A small process that cleans up when the supervisor is killed.

It reads the pids of started programs from its standard input, `+pid` and `-pid`, one a line. The end of input means
that the supervisor is gone: what is left of those programs' sessions gets some time to end (the kernel has told
them), and is killed then. It holds the instance lock until that is done, so that a new instance can wait for it.
"""

import signal
import subprocess
import sys
import time
from collections.abc import Iterable

from coderadmin.embedded.errors import EmbeddedError
from coderadmin.embedded.processes import POLL_SECONDS, kill_sessions, session_members

GRACE_SECONDS = 2.0


class Guard:
    """The supervisor's side of the guard process."""

    def __init__(self, lock: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "coderadmin.embedded.guard"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(lock,),
            start_new_session=True,
        )

    def watch(self, pid: int) -> None:
        """Clean up this program's session if the supervisor dies."""
        self._tell(f"+{pid}\n")

    def forget(self, pid: int) -> None:
        self._tell(f"-{pid}\n")

    def close(self) -> None:
        """Let it clean up what is left, and wait for that."""
        if self._process.stdin:
            self._process.stdin.close()
        self._process.wait()

    def _tell(self, line: str) -> None:
        if not self._process.stdin or self._process.poll() is not None:
            raise EmbeddedError("The guard process has ended; without it a crash could leave programs running.")
        self._process.stdin.write(line.encode())
        self._process.stdin.flush()


def read_sessions(lines: Iterable[str]) -> set[int]:
    """The pids that are being watched when the input ends."""
    watched: set[int] = set()
    for line in lines:
        pid = int(line[1:])
        if line.startswith("+"):
            watched.add(pid)
        else:
            watched.discard(pid)
    return watched


def main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    sessions = read_sessions(sys.stdin)
    deadline = time.monotonic() + GRACE_SECONDS
    while session_members(sessions):
        if time.monotonic() > deadline:
            kill_sessions(sessions)
        time.sleep(POLL_SECONDS)


if __name__ == "__main__":
    main()
