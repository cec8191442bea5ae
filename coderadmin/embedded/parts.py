"""The programs beside the servers that the supervisor starts: sandbox, preparation, web, node, workers."""

import http.client
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from coderadmin.embedded.instance import CHECKOUT, Instance
from coderadmin.embedded.processes import Child
from coderadmin.programs import QUEUES, web_command, worker_command

SANDBOX_CLUSTERS = ("local", "sydney", "europe", "us-central")
PREPARE_SECONDS = 120.0
PAGE_SECONDS = 2.0


class Part(Protocol):
    """Something that is launched, gets ready, and is launched again when it crashes."""

    @property
    def child(self) -> Child: ...
    def launch(self) -> None: ...
    def is_ready(self) -> bool: ...


@dataclass(frozen=True)
class Program:
    """A part that is no more than its child process."""

    child: Child
    ready: Callable[[Child], bool] = Child.runs

    def launch(self) -> None:
        self.child.start()

    def is_ready(self) -> bool:
        return self.ready(self.child)


@dataclass(frozen=True, kw_only=True)
class FirstSignIn:
    """Who signs in first; the password is empty unless it was generated in this start."""

    email: str
    password: str


def sandbox_part(instance: Instance, env: Mapping[str, str]) -> Program:
    state = instance.data_dir / "sandbox"
    clusters = [word for name in SANDBOX_CLUSTERS for word in ("--cluster", name)]
    command = [sys.executable, "-m", "coderadmin.embedded.sandbox", "--state", str(state), *clusters]
    return Program(
        _child("Sandbox", command, instance, env),
        ready=lambda child: _first_line(state / "ready") == str(child.pid),
    )


def node_part(instance: Instance, env: Mapping[str, str], ingress_port: int) -> Program:
    """Runs envproxy for the providers on sandbox clusters, and leads browsers to it."""
    state = instance.data_dir / "node"
    kubeconfigs = [instance.data_dir / "sandbox" / name / "kubeconfig" for name in SANDBOX_CLUSTERS]
    command = [sys.executable, "-m", "coderadmin.embedded.node", "--state", str(state), "--demo-environments"]
    command += ["--ingress-host", instance.host, "--ingress-port", str(ingress_port)]
    command += [word for path in kubeconfigs for word in ("--kubeconfig", str(path))]
    return Program(
        _child("Node", command, instance, env), ready=lambda child: _first_line(state / "ready") == str(child.pid)
    )


def web_part(instance: Instance, env: Mapping[str, str]) -> Program:
    command = web_command(
        instance.bind,
        workers=int(env.get("CODERADMIN_WEB_WORKERS") or 1),
        threads=int(env.get("CODERADMIN_WEB_THREADS") or 8),
    )
    return Program(_child("Web", command, instance, env), ready=lambda _: _page_answers(instance))


def worker_parts(instance: Instance, env: Mapping[str, str]) -> list[Program]:
    """One for each queue: deploys that hang take no thread from the checks. That of operations schedules, too."""
    concurrency = int(env.get("CODERADMIN_WORKER_CONCURRENCY") or 8)
    schedules = {"operations": instance.data_dir / "beat-schedule"}
    commands = {
        queue: worker_command(concurrency=concurrency, queues=[queue], schedule=schedules.get(queue))
        for queue in QUEUES
    }
    return [Program(_child(f"Worker-{queue}", command, instance, env)) for queue, command in commands.items()]


def prepare_part(instance: Instance, env: Mapping[str, str]) -> Program:
    """Ready when it has ended well."""
    child = _child("Preparing the database", [sys.executable, "-m", "coderadmin.embedded.prepare"], instance, env)
    child.captures_output = True
    return Program(child, ready=lambda child: child.exit_code() == 0)


def read_first_sign_in(output: str) -> FirstSignIn | None:
    """What `first_start` said: `sign-in: E-MAIL` and, if it made one, `password: TEXT`. None if it said nothing."""
    said = {key: value for key, _, value in (line.partition(": ") for line in output.splitlines())}
    return FirstSignIn(email=said["sign-in"], password=said.get("password", "")) if "sign-in" in said else None


def _child(name: str, argv: list[str], instance: Instance, env: Mapping[str, str]) -> Child:
    file = name.split()[0].lower()
    # The default `stop_seconds` is enough: a task that takes longer is resumed after the next start.
    return Child(name=name, argv=argv, log=instance.data_dir / "logs" / f"{file}.log", env=env, cwd=CHECKOUT)


def _first_line(path: Path) -> str:
    try:
        return path.read_text().partition("\n")[0].strip()
    except FileNotFoundError:
        return ""


def _page_answers(instance: Instance) -> bool:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(instance.host, instance.host)  # noqa: S104
    connection = http.client.HTTPConnection(host, instance.port, timeout=PAGE_SECONDS)
    try:
        connection.request("GET", "/healthz", headers={"Host": f"localhost:{instance.port}"})
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
