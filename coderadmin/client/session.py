"""What each command works with: the API, the output, and the questions that it asks."""

import sys
from collections.abc import Callable
from functools import cached_property, wraps
from typing import Any, TypeVar

import click

from coderadmin.client.api import Api
from coderadmin.client.config import load_account
from coderadmin.client.errors import usage
from coderadmin.client.output import FORMATS, Output
from coderadmin.client.text import safe

Command = TypeVar("Command", bound=Callable[..., Any])


class Client:
    def __init__(self, *, wanted: str, verbose: bool) -> None:
        self.output = Output(wanted)
        self.verbose = verbose

    @cached_property
    def api(self) -> Api:
        """Raises ClientError when nobody is signed in."""
        return Api(load_account(), note=self.trace)

    def trace(self, line: str) -> None:
        if self.verbose:
            self.output.note(line)

    def confirm(self, question: str, *, yes: bool) -> None:
        """Ends the command unless the person agrees. Raises ClientError when nobody can be asked."""
        if yes:
            return
        if not sys.stdin.isatty():
            raise usage(f"{question} Nobody can be asked here.", remedy="Add --yes to say so beforehand.")
        click.confirm(safe(question), abort=True, err=True)


def with_client(function: Callable[..., Any]) -> Callable[..., Any]:
    """Adds -o and -v, and hands the client over."""

    @click.option("-v", "--verbose", is_flag=True, help="Name each request on stderr.")
    @click.option(
        "-o", "--output", "wanted", type=click.Choice(FORMATS), default="table", show_default=True, help="How to print."
    )
    @wraps(function)
    def wrapped(*args: Any, wanted: str, verbose: bool, **kwargs: Any) -> Any:
        client = Client(wanted=wanted, verbose=verbose)
        try:
            return function(client, *args, **kwargs)
        finally:
            if "api" in client.__dict__:
                client.api.__exit__()

    return wrapped


yes_option = click.option("-y", "--yes", is_flag=True, help="Do not ask.")
dry_run_option = click.option("--dry-run", is_flag=True, help="Say what it would mean, and change nothing.")
wait_option = click.option("--wait", is_flag=True, help="Stay until the work has ended, and show its log.")
limit_option = click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="At most so many.")
