"""Children start, end, and are never left behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from coderadmin.embedded.errors import EmbeddedError
from coderadmin.embedded.processes import Child, is_alive, session_members, stop_children

STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(99)"
WITH_STUBBORN_CHILD = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {STUBBORN!r}])"
PARENT = """
import sys, time
from pathlib import Path
from coderadmin.embedded.processes import Child
child = Child(name="x", argv=[sys.executable, "-c", "import time; time.sleep(99)"], log=Path(sys.argv[1]), env={})
print(child.start(), flush=True)
time.sleep(99)
"""


def has_started(child: Child) -> bool:
    return "up" in child.new_log()


def wait_for(condition: Callable[[], bool], seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


def test_it_says_the_last_line_of_a_program_that_fails(python_child: Callable[[str], Child]) -> None:
    child = python_child("import sys; sys.exit('no such table')")
    child.start()
    with pytest.raises(EmbeddedError, match=r"Example ended with exit code 1: no such table \(log: .*example.log\)"):
        child.wait_until(lambda: False, 10)


def test_it_says_when_the_disk_was_full(python_child: Callable[[str], Child]) -> None:
    child = python_child("import os; raise OSError(28, os.strerror(28))")
    child.start()
    with pytest.raises(EmbeddedError, match="because the disk is full"):
        child.wait_until(lambda: False, 10)


def test_it_quotes_only_the_log_of_the_last_start(python_child: Callable[[str], Child]) -> None:
    child = python_child("import os; print('run of', os.getpid())")
    pids = []
    for _ in range(2):
        pids.append(child.start())
        child.wait_until(lambda: child.exit_code() == 0, 10)
    assert child.new_log() == f"run of {pids[1]}"


def test_it_names_a_program_that_does_not_exist(tmp_path: Path) -> None:
    child = Child(name="Ghost", argv=["/no/such/program"], log=tmp_path / "log", env={})
    with pytest.raises(EmbeddedError, match="Ghost could not be started"):
        child.start()


def test_it_keeps_the_environment_out_of_its_repr(tmp_path: Path) -> None:
    child = Child(name="x", argv=["true"], log=tmp_path / "log", env={"SECRET_KEY": "very-secret"})
    assert "very-secret" not in repr(child)


def test_it_captures_output_apart_from_the_log(python_child: Callable[[str], Child]) -> None:
    child = python_child("import sys; print('a password'); print('a warning', file=sys.stderr)")
    child.captures_output = True
    child.start()
    child.wait_until(lambda: child.exit_code() == 0, 10)
    assert (child.output(), child.new_log()) == ("a password\n", "a warning")


def test_it_kills_what_does_not_stop_and_its_children(python_child: Callable[[str], Child]) -> None:
    child = python_child(WITH_STUBBORN_CHILD)
    child.start()
    child.wait_until(lambda: has_started(child), 10)
    assert len(session_members({child.pid})) == 2
    stop_children([child])
    assert wait_for(lambda: session_members({child.pid}) == [])


def test_it_ends_with_a_parent_that_was_killed(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT, tmp_path / "log"], stdout=subprocess.PIPE) as parent:
        assert parent.stdout
        pid = int(parent.stdout.readline())
        assert is_alive(pid)
        os.kill(parent.pid, signal.SIGKILL)
        assert wait_for(lambda: not is_alive(pid))
