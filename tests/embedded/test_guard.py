"""The guard kills what outlives the supervisor."""

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

from coderadmin.embedded.guard import Guard, read_sessions
from coderadmin.embedded.processes import Child, session_members
from tests.embedded.test_processes import STUBBORN, WITH_STUBBORN_CHILD, has_started


def make_lock(folder: Path) -> int:
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    return descriptor


def test_it_knows_what_was_started_and_not_stopped() -> None:
    assert read_sessions(["+10\n", "+20\n", "-10\n", "+30\n", "-99\n"]) == {20, 30}


def test_it_kills_a_session_that_does_not_end(tmp_path: Path, python_child: Callable[[str], Child]) -> None:
    child = python_child(WITH_STUBBORN_CHILD)
    lock = make_lock(tmp_path)
    guard = Guard(lock)
    guard.watch(child.start())
    child.wait_until(lambda: has_started(child), 10)
    guard.close()
    os.close(lock)
    assert session_members({child.pid}) == []


def test_it_leaves_a_forgotten_session_alone(tmp_path: Path, python_child: Callable[[str], Child]) -> None:
    child = python_child(STUBBORN)
    lock = make_lock(tmp_path)
    guard = Guard(lock)
    guard.watch(child.start())
    guard.forget(child.pid)
    guard.close()
    os.close(lock)
    assert child.runs()


def test_it_holds_the_lock_until_it_is_done(tmp_path: Path) -> None:
    lock = make_lock(tmp_path)
    guard = Guard(lock)
    os.close(lock)
    second = os.open(tmp_path / "lock", os.O_RDWR)
    try:
        fcntl.flock(second, fcntl.LOCK_EX | fcntl.LOCK_NB)
        taken = True
    except BlockingIOError:
        taken = False
    assert not taken
    guard.close()
    fcntl.flock(second, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(second)
