"""One deployment on two hosts: web, workers and scheduler on both, one database and one broker."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import httpx
import psycopg

from tests.clusters import eventually
from tests.e2e.fleet import Fleet, running_fleet
from tests.hosts.network import HERE, THERE, Host, relayed, second_host

INSIDE = Path(__file__).with_name("inside.py")
CODERADMIN = Path(sys.executable).with_name("coderadmin")
POSTGRES_PORT, VALKEY_PORT, WEB_PORT = 5432, 6379, 8000
VARIABLES = {"CODERADMIN_REDEPLOY_CONCURRENCY": "2", "CODERADMIN_DEPLOY_TIMEOUT": "60"}
PROGRAMS = {
    "web": ["web", "--host", THERE, "--port", str(WEB_PORT), "--workers", "1"],
    "checks": ["worker", "--queue", "checks"],
    "operations": ["worker", "--queue", "operations"],
    "beat": ["beat"],
}


@dataclass(frozen=True)
class TwoHosts:
    """`fleet` runs on the first host, which has the database, the broker and the clusters beside it."""

    fleet: Fleet
    second: Host
    environment: dict[str, str]

    def ask(self, what: str, *arguments: str) -> Any:
        """See inside.py."""
        done = subprocess.run(
            [sys.executable, INSIDE, what, *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=90,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    @contextmanager
    def pulling_the_cable_when_deployed(self, provider: str) -> Iterator[None]:
        """As soon as a worker has begun to deploy it; on leaving, that has happened."""
        puller = threading.Thread(target=self._pull_when_deployed, args=[provider])
        puller.start()
        yield
        puller.join()

    def _pull_when_deployed(self, provider: str) -> None:
        begun = "SELECT FROM providers_operation WHERE provider_name = %s AND state = 'running'"
        with psycopg.connect(self.environment["DATABASE_URL"], autocommit=True) as database:
            assert eventually(lambda: database.execute(begun, [provider]).fetchone() is not None, 60)
        self.second.pull_the_cable()

    def readiness_of_second(self) -> int:
        """The status of its /readyz; 0 when nothing answers."""
        try:
            return httpx.get(f"http://{THERE}:{WEB_PORT}/readyz", timeout=15).status_code
        except httpx.HTTPError:
            return 0

    def status_of_second(self, host: str) -> int:
        address = f"http://{THERE}:{WEB_PORT}/sign-in/"
        return httpx.get(address, headers={"Host": f"{host}:{self.fleet.port}"}, timeout=15).status_code

    @contextmanager
    def first_does_no_work(self) -> Iterator[None]:
        """Its workers stand still, as on a machine that has frozen."""
        workers = self.fleet.deployment.processes("celery.* worker")
        assert workers
        _signal(workers, signal.SIGSTOP)
        try:
            yield
        finally:
            _signal(workers, signal.SIGCONT)


@contextmanager
def running_on_two_hosts(host: str) -> Iterator[TwoHosts]:
    with ExitStack() as stack:
        fleet = stack.enter_context(
            running_fleet(host, CODERADMIN_REDEPLOY_CONCURRENCY="2", CODERADMIN_DEPLOY_TIMEOUT="60")
        )
        environment = fleet.deployment.variables(r"gunicorn.*coderadmin\.wsgi")
        second = stack.enter_context(second_host())
        hosts = TwoHosts(fleet, second, environment)
        folder = fleet.deployment.folder / "second"
        folder.mkdir()
        ports = {*hosts.ask("ports"), fleet.port, _port_of_built_in(environment)}
        sockets = {POSTGRES_PORT: _postgres_socket(environment), VALKEY_PORT: _valkey_socket(environment)}
        stack.enter_context(relayed(second, sorted(ports), sockets, folder))
        for name, arguments in PROGRAMS.items():
            variables = _over_the_network(environment) | {"CODERADMIN_DATA_DIR": str(folder)}
            process = second.start([CODERADMIN, *arguments], env=variables, log=folder / f"{name}.log")
            stack.callback(_stop, process)
        assert eventually(lambda: hosts.readiness_of_second() == 200, 60), (folder / "web.log").read_text()
        yield hosts


def _over_the_network(environment: dict[str, str]) -> dict[str, str]:
    database = urlsplit(environment["DATABASE_URL"])
    credentials = database.netloc.rpartition("@")[0]
    return environment | {
        "DATABASE_URL": database._replace(netloc=f"{credentials}@{HERE}:{POSTGRES_PORT}").geturl(),
        "REDIS_URL": f"redis://{HERE}:{VALKEY_PORT}/0",
    }


def _postgres_socket(environment: dict[str, str]) -> str:
    return unquote(urlsplit(environment["DATABASE_URL"]).netloc.rpartition("@")[2]) + f"/.s.PGSQL.{POSTGRES_PORT}"


def _valkey_socket(environment: dict[str, str]) -> str:
    return unquote(environment["REDIS_URL"].removeprefix("unix://"))


def _port_of_built_in(environment: dict[str, str]) -> int:
    text = Path(environment["CODERADMIN_KUBECONFIG"]).read_text()
    return int(text.split("server: https://127.0.0.1:")[1].split()[0])


def _signal(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        os.kill(pid, number)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(40)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
