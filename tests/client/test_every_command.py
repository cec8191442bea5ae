"""No command without a test that runs it, and none without help, output formats and completion of its names."""

import re
from collections.abc import Iterator
from pathlib import Path

import click

from coderadmin.cli import main
from coderadmin.client.programs import BOTH, COMMANDS

TESTS = "\n".join(path.read_text("utf-8") for path in sorted(Path(__file__).parent.glob("test_*.py")))
NAMES = {
    "provider", "providers", "organization", "organizations", "environment", "user", "operation", "token", "session",
    "factor",
}  # fmt: skip
"""Of arguments that are completed from the deployment."""
SERVERS = {"verify", "enable-built-in", "reset-factors"}
"""Of groups with commands of either kind: those that work on the database."""


def commands(command: click.Command, *path: str) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    if not isinstance(command, click.Group):
        yield path, command
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        inner = command.get_command(context, name)
        assert inner is not None
        yield from commands(inner, *path, name)


def clients() -> dict[tuple[str, ...], click.Command]:
    """Those that talk to a deployment."""
    context = click.Context(main)
    found = {name: main.get_command(context, name) for name in COMMANDS if name != "completion"}
    every = [each for name, command in found.items() if command for each in commands(command, name)]
    every += [each for both in BOTH for each in commands(main.commands[both], both) if each[0][1] not in SERVERS]
    return dict(every)


CLIENTS = clients()


def test_the_verbs_of_providers_are_there() -> None:
    wanted = "create ls show edit deploy check cordon uncordon rename default allow disallow matrix why logs rm"
    assert {("providers", verb) for verb in wanted.split()} <= CLIENTS.keys()
    assert {("access-url", verb) for verb in ["plan", "change", "status", "finish", "rollback"]} <= CLIENTS.keys()


def test_each_is_run_by_a_test() -> None:
    for path in CLIENTS:
        words = r'",\s*"'.join(map(re.escape, path))
        assert re.search(rf'\.(run|json|start)\(\s*"{words}"|\["{words}"|shell, "{words}"', TESTS), " ".join(path)


def test_each_has_help_and_formats_and_completes_what_it_names() -> None:
    for path, command in CLIENTS.items():
        assert command.help, path
        assert "--output" in {flag for parameter in command.params for flag in parameter.opts}, path
        for parameter in command.params:
            if isinstance(parameter, click.Argument) and parameter.name in NAMES:
                assert parameter._custom_shell_complete, (path, parameter.name)
