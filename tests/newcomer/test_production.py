"""The programs of a production deployment, with a PostgreSQL and a Valkey of their own that tests may stop."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import pytest

from coderadmin.embedded.postgres import PostgresServer
from coderadmin.embedded.processes import stop_children
from coderadmin.embedded.valkey import ValkeyServer
from tests.embedded.folders import open_folder
from tests.newcomer.programs import Running, ask, free_port, running, wait_until

CODERADMIN = Path(sys.executable).with_name("coderadmin")
HOST = "coder.example.com"
START_SECONDS = 30.0
COMMAND_SECONDS = 60


@dataclass(frozen=True)
class Deployment:
    """A configuration, the services that it names, and the folder that its programs are started in."""

    folder: Path
    postgres: PostgresServer
    valkey: ValkeyServer

    def settings(self) -> dict[str, str]:
        return {
            "PATH": "/usr/bin:/bin",
            "HOME": str(self.folder),
            "PYTHONUNBUFFERED": "1",
            "SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyz" * 2,
            "DATABASE_URL": self.postgres.url,
            "REDIS_URL": self.valkey.url,
            "CODERADMIN_ACCESS_URL": f"https://{HOST}",
        }

    def coderadmin(self, command: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [CODERADMIN, command],
            cwd=self.folder,
            env=self.settings() | variables,
            capture_output=True,
            text=True,
            check=False,
            timeout=COMMAND_SECONDS,  # a program that wrongly starts would serve for ever
        )

    def program(self, *command: str, **variables: str) -> AbstractContextManager[Running]:
        log = self.folder / f"{command[0]}.log"
        return running([CODERADMIN, *command], cwd=self.folder, env=self.settings() | variables, log=log)


@dataclass(frozen=True)
class FirstCommands:
    check_before: subprocess.CompletedProcess[str]
    migrate: subprocess.CompletedProcess[str]
    migrate_again: subprocess.CompletedProcess[str]
    check_after: subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def deployment() -> Iterator[Deployment]:
    with open_folder() as folder:
        postgres, valkey = PostgresServer(folder, durable=False), ValkeyServer(folder, durable=False)
        postgres.create_database()
        try:
            for server in (postgres, valkey):
                start_server(server)
            yield Deployment(folder, postgres, valkey)
        finally:
            stop_children([postgres.child, valkey.child])


def start_server(server: PostgresServer | ValkeyServer) -> None:
    server.launch()
    server.child.wait_until(server.is_ready, START_SECONDS)


@pytest.fixture(scope="module")
def first_commands(deployment: Deployment) -> FirstCommands:
    return FirstCommands(*(deployment.coderadmin(command) for command in ("check", "migrate", "migrate", "check")))


@pytest.fixture(scope="module")
def port(deployment: Deployment, first_commands: FirstCommands) -> Iterator[int]:
    """Where `coderadmin web` answers; one of it for all tests of this file."""
    port = free_port()
    with deployment.program("web", "--host", "127.0.0.1", "--port", str(port), CODERADMIN_BEHIND_PROXY="true"):
        wait_until(lambda: ask(port, "/healthz", Host=HOST)[0] == 200, START_SECONDS)
        yield port


def test_check_asks_for_the_first_migrate(first_commands: FirstCommands) -> None:
    assert first_commands.check_before.returncode == 1
    assert "run `coderadmin migrate`" in first_commands.check_before.stderr


def test_the_first_migrate_prints_the_sign_in_and_the_second_no_password(first_commands: FirstCommands) -> None:
    assert first_commands.migrate.returncode == first_commands.migrate_again.returncode == 0
    assert "sign-in: admin@example.com\npassword: " in first_commands.migrate.stdout
    assert "sign-in: admin@example.com\n" in first_commands.migrate_again.stdout
    assert "password: " not in first_commands.migrate_again.stdout


def test_check_is_content_with_a_complete_configuration(first_commands: FirstCommands) -> None:
    assert first_commands.check_after.returncode == 0, first_commands.check_after.stderr
    assert "fit for production" in first_commands.check_after.stdout


@pytest.mark.parametrize("command", ["web", "worker", "beat", "migrate", "check"])
def test_each_command_names_everything_that_is_missing(deployment: Deployment, command: str) -> None:
    required = ("SECRET_KEY", "DATABASE_URL", "REDIS_URL", "CODERADMIN_ACCESS_URL")
    result = deployment.coderadmin(command, **dict.fromkeys(required, ""))
    assert (result.returncode, result.stderr.count("\n")) == (1, 1)
    assert all(f"{name} is not set" in result.stderr for name in required)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", "short"),
        ("SECRET_KEY", "django-insecure-" + "k7" * 30),
        ("SECRET_KEY", "x" * 60),
        ("DEBUG", "true"),
        ("DATABASE_URL", "mysql://coder:pw@db.example/coder"),
        ("DATABASE_URL", "db.example"),
        ("REDIS_URL", "valkey.example:6379"),
        ("CODERADMIN_ACCESS_URL", "http://coder.example.com"),
        ("CODERADMIN_ACCESS_URL", "https://coder.example.com:99999"),
        ("CODERADMIN_ACCESS_URL", "https://coder.example.com?a=b"),
        ("CODERADMIN_CHECK_INTERVAL", "0"),
        ("CODERADMIN_CHECK_TIMEOUT", "soon"),
        ("CODERADMIN_ENCRYPTION_KEYS", "short"),
        ("CODERADMIN_ENCRYPTION_KEYS", ","),
        ("SECRET_KEY_FILE", "/nowhere/key"),
    ],
)
def test_web_refuses_an_unsafe_setting_by_name(deployment: Deployment, name: str, value: str) -> None:
    result = deployment.coderadmin("web", **{name: value})
    assert (result.returncode, result.stderr.count("\n")) == (1, 1), result.stderr
    assert name in result.stderr


def test_a_secret_comes_from_a_file_without_its_line_end(deployment: Deployment, first_commands: FirstCommands) -> None:
    file = deployment.folder / "database-url"
    file.write_text(f"{deployment.postgres.url}\n")
    result = deployment.coderadmin("check", DATABASE_URL="", DATABASE_URL_FILE=str(file))
    assert result.returncode == 0, result.stderr


def test_it_is_ready_with_all_services(port: int) -> None:
    assert ask(port, "/readyz", Host=HOST) == (200, '{"database": "ok", "broker": "ok", "migrations": "ok"}')


@pytest.mark.parametrize(("server", "part"), [("postgres", "database"), ("valkey", "broker")])
def test_it_stays_healthy_and_is_not_ready_while_a_service_is_down(
    deployment: Deployment, port: int, server: str, part: str
) -> None:
    stopped: PostgresServer | ValkeyServer = getattr(deployment, server)
    stop_children([stopped.child])
    try:
        status, body = ask(port, "/readyz", Host=HOST)
        assert status == 503
        assert f'"{part}": "unreachable"' in body
        assert ask(port, "/healthz", Host=HOST) == (200, "ok")
    finally:
        start_server(stopped)
    wait_until(lambda: ask(port, "/readyz", Host=HOST)[0] == 200, START_SECONDS)
    assert ask(port, "/readyz", Host=HOST)[0] == 200


def test_it_sends_plain_http_to_https_and_believes_the_proxy(port: int) -> None:
    assert ask(port, "/sign-in/", Host=HOST)[0] == 301
    assert ask(port, "/sign-in/", Host=HOST, **{"X-Forwarded-Proto": "https"})[0] == 200


def test_it_answers_to_its_own_name_only(port: int) -> None:
    assert ask(port, "/sign-in/", Host="evil.example", **{"X-Forwarded-Proto": "https"})[0] == 400


@pytest.mark.parametrize(("command", "started"), [("web", "Booting worker"), ("worker", "providers.run_operation")])
def test_a_program_ends_well_when_asked_to(
    deployment: Deployment, first_commands: FirstCommands, command: str, started: str
) -> None:
    with deployment.program(command, CODERADMIN_PORT=str(free_port())) as program:
        program.wait_for(started, START_SECONDS)
        assert program.terminate() == 0, program.output()


def test_the_scheduler_ends_well_when_asked_to(deployment: Deployment, first_commands: FirstCommands) -> None:
    with deployment.program("beat", CODERADMIN_DATA_DIR=str(deployment.folder)) as program:
        wait_until(lambda: any(deployment.folder.glob("beat-schedule*")), START_SECONDS)
        assert program.terminate() == 0, program.output()
