"""Writes the second part of docs/cli.md: the commands as they describe themselves."""

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from coderadmin.cli import main as program
from coderadmin.client.programs import BOTH, COMMANDS

SHARED = {"--help", "--output", "--verbose"}
MARK = "<!-- From here on made by `python -m coderadmin.cli_reference docs/cli.md`, which keeps what is above. -->\n"


def main() -> None:
    path = Path(sys.argv[1])
    path.write_text(renewed(path.read_text("utf-8")), "utf-8")


def renewed(document: str) -> str:
    """With the commands as they are now, below the mark."""
    return document.partition(MARK)[0] + MARK + "\n" + reference()


def reference() -> str:
    root = click.Context(program, info_name="coderadmin")
    names = [name for name in COMMANDS if name != "completion"]
    parts = [part for name in (*names, *BOTH, "completion") for part in _described(root, name, level=2)]
    return "\n".join(parts).rstrip() + "\n"


def _described(parent: click.Context, name: str, *, level: int) -> Iterator[str]:
    assert isinstance(parent.command, click.Group)  # noqa: S101 - for the type checker
    command = parent.command.get_command(parent, name)
    if command is None:
        raise LookupError(name)
    context = click.Context(command, parent=parent, info_name=name)
    yield f"{'#' * level} {context.command_path}\n"
    yield f"{_text(command)}\n"
    if isinstance(command, click.Group):
        for each in command.list_commands(context):
            yield from _described(context, each, level=level + 1)
        return
    yield f"```\n{context.command_path} {' '.join(command.collect_usage_pieces(context))}\n```\n"
    if options := list(_options(command, context)):
        yield "\n".join(["| option | |", "|---|---|", *options]) + "\n"


def _text(command: click.Command) -> str:
    return "\n\n".join(" ".join(part.split()) for part in (command.help or "").split("\n\n"))


def _options(command: click.Command, context: click.Context) -> Iterator[str]:
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        is_shared = SHARED.intersection(parameter.opts)
        if record and isinstance(parameter, click.Option) and not is_shared:
            flag, text = (part.replace("|", "\\|") for part in record)
            yield f"| `{flag}` | {text} |"


if __name__ == "__main__":
    main()
