"""The command line against a real server: in this process, or as a process of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from coderadmin.cli import main
from organizations.models import User
from tests.api.things import make_token

COMMAND = [sys.executable, "-m", "coderadmin.cli"]


@dataclass(frozen=True, kw_only=True)
class Shell:
    """A person's shell. `home` is their config folder."""

    url: str
    token: str
    home: Path

    @property
    def environment(self) -> dict[str, str]:
        known = {"CODER_URL": self.url, "CODER_TOKEN": self.token, "XDG_CONFIG_HOME": str(self.home)}
        return {name: value for name, value in known.items() if value}

    def run(self, *arguments: str, stdin: str = "", code: int = 0, **environment: str) -> Result:
        runner = CliRunner(env=self.environment | environment)
        result = runner.invoke(main, list(arguments), input=stdin, catch_exceptions=False)
        assert result.exit_code == code, result.output
        assert "\x1b" not in result.output
        return result

    def json(self, *arguments: str, **options: Any) -> Any:
        return json.loads(self.run(*arguments, "-o", "json", **options).stdout)

    def start(self, *arguments: str, **options: Any) -> "subprocess.Popen[str]":
        known = {name: value for name, value in os.environ.items() if not name.startswith(("CODER", "NO_COLOR"))}
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen([*COMMAND, *arguments], env=known | self.environment, text=True, **pipes | options)


Shells = Callable[..., Shell]


@pytest.fixture
def shell_of(live_server: Any, tmp_path: Path) -> Shells:
    """Of a person with a token, or of nobody."""

    def make(person: User | None = None, *scopes: Any, **fields: str) -> Shell:
        token = make_token(person, *scopes) if person else ""
        return Shell(**{"url": live_server.url, "token": token, "home": tmp_path / "config"} | fields)

    return make


@pytest.fixture
def shell(shell_of: Shells, site_manager: User) -> Shell:
    """Of a site manager."""
    return shell_of(site_manager)
