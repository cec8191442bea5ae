"""Starts everything that CoderAdmin consists of, keeps it running, and stops it in good order: `coderadmin run`."""

import signal
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from types import FrameType

from coderadmin.embedded.errors import EmbeddedError
from coderadmin.embedded.guard import Guard
from coderadmin.embedded.ingress_port import VARIABLE as INGRESS_PORT
from coderadmin.embedded.ingress_port import choose_ingress_port
from coderadmin.embedded.instance import (
    Instance,
    check_free_disk,
    check_port,
    instance_lock,
    make_data_dir,
    program_environment,
    read_instance,
)
from coderadmin.embedded.parts import (
    PREPARE_SECONDS,
    FirstSignIn,
    Part,
    node_part,
    prepare_part,
    read_first_sign_in,
    sandbox_part,
    web_part,
    worker_parts,
)
from coderadmin.embedded.postgres import MAJOR_VERSION, PostgresServer
from coderadmin.embedded.processes import kill_sessions, stop_children
from coderadmin.embedded.valkey import ValkeyServer

READY_SECONDS = 60.0
WATCH_SECONDS = 0.2
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 30.0
STEADY_SECONDS = 60.0  # a program that ran that long starts again with the first pause
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopRequestedError(Exception):
    """Ctrl-C, or a signal that asks the supervisor to stop."""


class StopRequest:
    """Whether a signal has asked to stop.

    The handler only notes it. An exception out of a handler would break off whatever line is being run, and inside
    `subprocess` leave a lock taken that the stop needs.
    """

    def __init__(self) -> None:
        self.has_arrived = False

    def listen(self) -> None:
        for number in STOP_SIGNALS:
            signal.signal(number, self._note)

    def check(self) -> None:
        """Raise StopRequestedError once asked to stop."""
        if self.has_arrived:
            raise StopRequestedError

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self.has_arrived = True


@dataclass
class Watched:
    """A part that is being kept running; times are those of `time.monotonic`."""

    part: Part
    started_at: float = field(default_factory=time.monotonic)
    pause: float = FIRST_PAUSE_SECONDS
    restart_at: float | None = None


class Supervisor:
    """All processes of one instance, from the first to the last moment."""

    def __init__(self, instance: Instance, environ: Mapping[str, str], stop: StopRequest) -> None:
        self._instance = instance
        self._stop_request = stop
        self._began_at = time.monotonic()
        self._ingress_port = choose_ingress_port(instance, environ.get(INGRESS_PORT, ""))
        self._admin_password = environ.get("CODERADMIN_ADMIN_PASSWORD", "")
        self._env = program_environment(instance, environ)
        self._env.pop("CODERADMIN_ADMIN_PASSWORD", None)
        self._servers: list[Watched] = []
        self._programs: list[Watched] = []

    def run(self, lock: int) -> None:
        """Start all and watch it until asked to stop. Raises EmbeddedError if something does not start."""
        self._say(f"Starting in {self._instance.data_dir}.")
        self._guard = Guard(lock)
        try:
            self._start_servers()
            sign_in = self._prepare()
            self._start_programs()
            self._announce(sign_in)
            self._watch()
        except StopRequestedError:
            self._say("Stopping.")
        except EmbeddedError:
            if not self._stop_request.has_arrived:  # it may have ended what was being started, too
                raise
            self._say("Stopping.")
        finally:
            self._stop()

    def _start_servers(self) -> None:
        sandbox = sandbox_part(self._instance, self._env)
        self._launch(sandbox, self._servers)
        if not self._env.get("REDIS_URL"):
            valkey = ValkeyServer(self._instance.data_dir)
            self._env["REDIS_URL"] = valkey.url
            self._launch(valkey, self._servers)
        if not self._env.get("DATABASE_URL"):
            self._start_postgres()
        for watched in self._servers:
            self._wait_for(watched.part, READY_SECONDS)
            self._say(f"{watched.part.child.name} is ready.")

    def _start_postgres(self) -> None:
        postgres = PostgresServer(self._instance.data_dir)
        if postgres.home.is_elsewhere:
            self._say(f"PostgreSQL does not run as root; its private folder is {postgres.home.folder}.")
        check_free_disk(postgres.home.folder)
        if postgres.create_database():
            self._say(f"PostgreSQL {MAJOR_VERSION} has a new database.")
        self._env["DATABASE_URL"] = postgres.url
        self._launch(postgres, self._servers)

    def _prepare(self) -> FirstSignIn | None:
        preset = {"CODERADMIN_ADMIN_PASSWORD": self._admin_password} if self._admin_password else {}
        part = prepare_part(self._instance, self._env | preset)
        self._launch(part, self._programs)
        self._wait_for(part, PREPARE_SECONDS)
        self._programs.clear()
        self._guard.forget(part.child.pid)
        self._say("The database is up to date.")
        return read_first_sign_in(part.child.output())

    def _start_programs(self) -> None:
        web = web_part(self._instance, self._env)
        self._launch(web, self._programs)
        self._wait_for(web, READY_SECONDS)  # first, since a person waits for it
        # Before the workers: what they deploy finds it there.
        self._launch(node_part(self._instance, self._env, self._ingress_port), self._programs)
        for worker in worker_parts(self._instance, self._env):
            self._launch(worker, self._programs)
        self._say("Web, node and workers run, one of them as scheduler.")

    def _launch(self, part: Part, group: list[Watched]) -> None:
        self._stop_request.check()
        part.launch()
        self._guard.watch(part.child.pid)
        group.append(Watched(part))

    def _wait_for(self, part: Part, seconds: float) -> None:
        def is_ready() -> bool:
            self._stop_request.check()
            return part.is_ready()

        part.child.wait_until(is_ready, seconds)

    def _announce(self, sign_in: FirstSignIn | None) -> None:
        lines = ["", f"CoderAdmin is ready at {self._instance.local_url}"]
        if self._instance.access_url != self._instance.local_url:
            lines.append(f"  access URL  {self._instance.access_url}")
        lines.append(f"  ingress     port {self._ingress_port}, where the providers' environments open")
        if sign_in:
            lines.append(f"  sign in as  {sign_in.email}")
            if sign_in.password:
                lines.append(f"  password    {sign_in.password}   (shown this once)")
        lines += [f"  logs        {self._instance.data_dir / 'logs'}", "  Ctrl-C stops it.", ""]
        _write("\n".join(lines))

    def _watch(self) -> None:
        while True:
            self._stop_request.check()
            for watched in self._servers + self._programs:
                if watched.restart_at is not None:
                    self._restart_when_due(watched)
                elif not watched.part.child.runs():
                    self._plan_restart(watched)
            time.sleep(WATCH_SECONDS)

    def _plan_restart(self, watched: Watched) -> None:
        child = watched.part.child
        kill_sessions([child.pid])
        self._guard.forget(child.pid)
        now = time.monotonic()
        if now - watched.started_at > STEADY_SECONDS:
            watched.pause = FIRST_PAUSE_SECONDS
        watched.restart_at = now + watched.pause
        self._say(f"{child.failure()} It is started again in {watched.pause:.0f} s.")
        watched.pause = min(watched.pause * 2, LONGEST_PAUSE_SECONDS)

    def _restart_when_due(self, watched: Watched) -> None:
        if watched.restart_at is None or time.monotonic() < watched.restart_at:
            return
        watched.part.launch()
        self._guard.watch(watched.part.child.pid)
        watched.started_at, watched.restart_at = time.monotonic(), None
        self._say(f"{watched.part.child.name} was started again.")

    def _stop(self) -> None:
        stop_children([watched.part.child for watched in self._programs])
        stop_children([watched.part.child for watched in self._servers])
        self._guard.close()
        self._say("Everything has stopped.")

    def _say(self, text: str) -> None:
        _write(f"[{time.monotonic() - self._began_at:6.1f} s] {text}\n")


def run(environ: Mapping[str, str]) -> None:
    """Run one instance until it is asked to stop. Raises EmbeddedError with a sentence if it can't start."""
    instance = read_instance(environ)
    stop = StopRequest()
    stop.listen()
    try:
        make_data_dir(instance.data_dir)
        with instance_lock(instance, stop.check) as lock:
            stop.check()
            check_port(instance)
            check_free_disk(instance.data_dir)
            Supervisor(instance, environ, stop).run(lock)
    except StopRequestedError:
        _write("Stopped before anything was started.\n")
    except OSError as error:
        raise EmbeddedError(f"The data folder {instance.data_dir} can't be used: {error}.") from error


def _write(text: str) -> None:
    with suppress(OSError):  # a closed terminal is no reason to stop
        sys.stdout.write(text)
        sys.stdout.flush()
