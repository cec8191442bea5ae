"""The command `coderadmin`: what it says, and how it fails."""

import os
import re
import subprocess
import sys

import pytest


def coderadmin(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "coderadmin.cli", *arguments],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_lists_its_commands_without_importing_django() -> None:
    code = "import sys, coderadmin.cli; sys.exit('django' in sys.modules or 'celery' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    assert re.search(r"run +Start everything", coderadmin("--help").stdout)


def test_it_calls_an_unknown_command_a_mistake_of_use() -> None:
    assert coderadmin("fly").returncode == 2


@pytest.mark.parametrize("command", ["web", "worker", "beat", "migrate", "check"])
def test_it_refuses_to_start_and_names_the_missing_setting(command: str) -> None:
    result = coderadmin(command, SECRET_KEY="")
    assert result.returncode == 1
    assert result.stderr.startswith("Error: CoderAdmin can't start. SECRET_KEY is not set")
    assert result.stderr.count("\n") == 1


def test_it_explains_a_run_that_cannot_start_in_one_line() -> None:
    result = coderadmin("run", CODERADMIN_PORT="none")
    assert (result.returncode, result.stderr.count("\n")) == (1, 1)


def test_it_says_that_the_database_cannot_be_used_without_its_password() -> None:
    result = coderadmin("migrate", DATABASE_URL="postgresql://coder:very-secret@127.0.0.1:1/coder")
    assert result.returncode == 1
    assert "Error: The database" in result.stderr
    assert "very-secret" not in result.stderr


def test_it_says_which_migrations_are_pending() -> None:
    result = coderadmin("check", CODERADMIN_ACCESS_URL="https://coder.example.com", CODERADMIN_EMBEDDED="false")
    assert result.returncode == 1
    assert "migrations are pending: run `coderadmin migrate`" in result.stderr


def test_it_finds_the_sandbox_commands() -> None:
    result = coderadmin("sandbox", "--help")
    assert result.returncode == 0
    assert "fault" in result.stdout
