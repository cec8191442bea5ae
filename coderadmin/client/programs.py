"""Commands that are loaded when they are called, in sections of the help."""

from collections.abc import Mapping
from importlib import import_module

import click

ROOT = "coderadmin.client.commands"
COMMANDS = {
    "login": "account",
    "logout": "account",
    "whoami": "account",
    "providers": "providers",
    "orgs": "orgs",
    "users": "users",
    "envs": "envs",
    "access-url": "access_url",
    "upgrades": "upgrades",
    "tokens": "tokens",
    "sessions": "sessions",
    "factors": "factors",
    "operations": "operations",
    "completion": "completion",
}
BOTH = ("audit", "authentication")  # groups with commands of either kind


class Program(click.Group):
    """A group whose `lazy` commands name their module below `coderadmin.client.commands`."""

    lazy: Mapping[str, str] = {}

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*self.commands, *self.lazy})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.lazy:
            return super().get_command(ctx, cmd_name)
        module = import_module(f"{ROOT}.{self.lazy[cmd_name]}")
        command: click.Command = getattr(module, cmd_name.replace("-", "_"))
        return command


class Main(Program):
    """Two sections: what talks to a deployment, and what is one."""

    lazy = COMMANDS

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        client = [name for name in COMMANDS if name != "completion"] + [*BOTH, "completion"]
        server = [name for name in self.commands if name not in BOTH]
        for title, names in (("Talk to a deployment", client), ("Run a deployment", server)):
            found = [(name, self.get_command(ctx, name)) for name in names]
            rows = [(name, command.get_short_help_str(90)) for name, command in found if command]
            with formatter.section(title):
                formatter.write_dl(rows)


class Audit(Program):
    """`ls` asks a deployment, `verify` looks into the database."""

    lazy = {"ls": "audit"}


class Authentication(Program):
    """The others work on the database, for when nobody can sign in."""

    lazy = dict.fromkeys(("show", "edit", "switch", "unlink"), "authentication")
