"""`coderadmin run`, the whole of it, in a process of its own."""

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.embedded.folders import open_folder

START_SECONDS = 90
STOP_SECONDS = 40
READY = "Ctrl-C stops it."
SET_BY_THE_TEST_RUN = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "CODERADMIN_ACCESS_URL", "CODERADMIN_EMBEDDED")


@dataclass
class Run:
    """One `coderadmin run`; its output is in a file, so that nobody has to read along."""

    process: subprocess.Popen[bytes]
    log: Path
    port: int

    def output(self) -> str:
        return self.log.read_text()

    def wait_for(self, text: str) -> None:
        wait_until(lambda: text in self.output() or self.process.poll() is not None, START_SECONDS)
        assert text in self.output(), self.output()

    def page(self, path: str) -> int:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
            return int(answer.status)


def wait_until(condition: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)


def command_line(path: Path) -> bytes:
    """Of a process that may end at any moment."""
    try:
        return path.read_bytes()
    except OSError:
        return b""


def status_of(port: int, host: str, path: str) -> int:
    """Of a GET to this port of the loopback; 0 when there is no answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path, headers={"Host": host})
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(data_dir: Path, **variables: str) -> Iterator[Run]:
    port = free_port()
    kept = {name: value for name, value in os.environ.items() if name not in SET_BY_THE_TEST_RUN}
    env = {**kept, "CODERADMIN_DATA_DIR": str(data_dir), "CODERADMIN_PORT": str(port), **variables}
    log = data_dir.with_name(f"{data_dir.name}-{port}.log")
    with log.open("wb") as output:
        command = [sys.executable, "-m", "coderadmin.cli", "run"]
        process = subprocess.Popen(command, env=env, stdout=output, stderr=subprocess.STDOUT)
    try:
        yield Run(process, log, port)
    finally:
        process.terminate()
        process.wait(STOP_SECONDS)
        log.unlink()


def processes_of(data_dir: Path) -> list[str]:
    """The command lines of all processes that work in, were given, or know this data folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            with suppress(OSError):
                traces = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
                if os.fsencode(data_dir) in traces + os.fsencode((entry / "cwd").readlink()):
                    found.append((entry / "cmdline").read_text().replace("\0", " "))
    return found


@pytest.fixture(scope="module")
def data_folder() -> Iterator[Path]:
    with open_folder() as folder:
        yield folder


@pytest.fixture(scope="module")
def first_run(data_folder: Path) -> Iterator[Run]:
    with running(data_folder) as run:
        run.wait_for(READY)
        yield run


def test_it_serves_pages_when_it_says_so(first_run: Run) -> None:
    assert (first_run.page("/healthz"), first_run.page("/readyz")) == (200, 200)


def test_it_prints_the_first_sign_in_with_a_generated_password(first_run: Run, data_folder: Path) -> None:
    found = re.search(r"sign in as  (\S+)\n  password    (\S{12,}) ", first_run.output())
    assert found
    logs = "".join(path.read_text() for path in (data_folder / "logs").iterdir())
    assert found[2] not in logs


def test_its_demo_providers_answer_through_the_ingress(first_run: Run, data_folder: Path) -> None:
    """Each has a real envproxy, which is ready after its first beat."""
    port = int((data_folder / "ingress-port").read_text())
    for name in ("sydney", "europe"):
        wait_until(lambda name=name: status_of(port, f"{name}.localhost:{port}", "/proxy/healthz") == 200, 60)
        assert status_of(port, f"{name}.localhost:{port}", "/proxy/healthz") == 200
    assert status_of(port, f"us-central.localhost:{port}", "/proxy/healthz") == 404, "it has lost its release"


def test_it_refuses_a_second_instance_on_the_same_data(first_run: Run, data_folder: Path) -> None:
    with running(data_folder) as second:
        assert second.process.wait(START_SECONDS) == 1
        assert f"process {first_run.process.pid}, http://localhost:{first_run.port}" in second.output()


def test_it_starts_a_killed_program_again(first_run: Run, data_folder: Path) -> None:
    schedule = f"{data_folder}/beat-schedule".encode()
    (scheduler,) = [path for path in Path("/proc").glob("[0-9]*/cmdline") if schedule in command_line(path)]
    os.kill(int(scheduler.parent.name), signal.SIGKILL)
    first_run.wait_for("Worker-operations was ended by SIGKILL")
    first_run.wait_for("Worker-operations was started again.")


def test_it_refuses_a_taken_port_before_anything_is_started(data_dir: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with running(data_dir, CODERADMIN_PORT=str(other.getsockname()[1])) as run:
            assert run.process.wait(START_SECONDS) == 1
            assert "is taken by another program" in run.output()
    assert [path.name for path in data_dir.iterdir()] == ["instance.lock"]


def test_it_leaves_no_process_when_killed_and_keeps_its_data(data_dir: Path) -> None:
    preset = {"CODERADMIN_ADMIN_EMAIL": "grace@navy.example", "CODERADMIN_ADMIN_PASSWORD": "correct horse battery"}
    with running(data_dir, **preset) as run:
        run.wait_for(READY)
        assert "sign in as  grace@navy.example\n  logs" in run.output()
        assert len(processes_of(data_dir)) > 8
        os.kill(run.process.pid, signal.SIGKILL)
        run.process.wait()
        wait_until(lambda: not processes_of(data_dir), 20)
        assert processes_of(data_dir) == []
    with running(data_dir) as again:
        again.wait_for(READY)
        assert "sign in as  grace@navy.example" in again.output()
        assert "password" not in again.output()
        again.process.send_signal(signal.SIGINT)
        assert again.process.wait(STOP_SECONDS) == 0
    assert processes_of(data_dir) == []


def test_ctrl_c_while_the_database_is_being_made_is_a_stop_and_no_failure(data_dir: Path) -> None:
    """A terminal sends it to all programs of the foreground."""
    env = {name: value for name, value in os.environ.items() if name not in SET_BY_THE_TEST_RUN}
    env |= {"CODERADMIN_DATA_DIR": str(data_dir), "CODERADMIN_PORT": str(free_port())}
    command = [sys.executable, "-m", "coderadmin.cli", "run"]
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        wait_until(lambda: list(data_dir.rglob("data-unfinished")) != [], START_SECONDS)
        os.killpg(process.pid, signal.SIGINT)
        output, _ = process.communicate(timeout=STOP_SECONDS)
    assert process.returncode == 0, output
    assert "Stopping.\n" in output and "could not be made" not in output
    assert processes_of(data_dir) == []
