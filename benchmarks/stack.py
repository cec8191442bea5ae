"""The servers and programs of a run: temporary PostgreSQL and Valkey, and children that end with it."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg import sql

from coderadmin.embedded.processes import Child, stop_children
from coderadmin.embedded.temporary import temporary_services

CHECKOUT = Path(__file__).resolve().parent.parent
START_SECONDS = 60.0
SETTINGS = {"DJANGO_SETTINGS_MODULE": "coderadmin.settings", "CODERADMIN_LOG_LEVEL": "WARNING"}

Environment = dict[str, str]


class BenchmarkError(Exception):
    """A program of the run failed."""


@dataclass
class Stack:
    """One run's folder, variables and children."""

    folder: Path
    variables: Environment = field(repr=False)
    children: list[Child] = field(default_factory=list)

    def database(self, name: str, **variables: str) -> Environment:
        """A migrated database of its own; gives the environment of the programs that use it."""
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            template = sql.Identifier(self.variables["DATABASE_URL"].rpartition("/")[2])
            connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), template))
        return {**os.environ, **self.variables, "DATABASE_URL": self._url(name), **variables}

    def run(self, arguments: Sequence[str], environment: Environment | None = None, *, given: str = "") -> str:
        """Run a Python module to its end, `given` on its standard input, and return what it printed.

        Raises BenchmarkError.
        """
        done = subprocess.run(
            [sys.executable, "-m", *arguments],
            env=environment or {**os.environ, **self.variables},
            cwd=CHECKOUT,
            input=given,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise BenchmarkError(f"{arguments[0]} failed: {done.stderr[-2000:]}")
        return done.stdout

    def start(self, name: str, command: list[str], environment: Environment) -> Child:
        child = Child(name=name, argv=command, log=self.folder / f"{name}.log", env=environment, cwd=CHECKOUT)
        child.start()
        self.children.append(child)
        return child

    def stop(self, child: Child) -> None:
        stop_children([child])
        self.children.remove(child)

    def stop_all(self) -> None:
        stop_children(self.children)
        self.children.clear()

    def _url(self, database: str) -> str:
        return f"{self.variables['DATABASE_URL'].rpartition('/')[0]}/{database}"


@contextmanager
def running_stack() -> Iterator[Stack]:
    """A stack whose first database is migrated and serves as the template of the others."""
    with tempfile.TemporaryDirectory(prefix="ca-bench-") as folder, temporary_services() as variables:
        stack = Stack(Path(folder), {**variables, **SETTINGS})
        try:
            stack.run(["manage", "migrate", "--verbosity", "0"])
            yield stack
        finally:
            stack.stop_all()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def wait_for(condition: Callable[[], bool], what: str, seconds: float = START_SECONDS) -> None:
    """Raises BenchmarkError when `condition` stays false."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise BenchmarkError(f"{what} after {seconds:g} s")
        time.sleep(0.05)
