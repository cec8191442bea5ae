"""Failures as one line with the next step, and an exit code that scripts can tell apart."""

from typing import IO, Any

import click

FAILED, USAGE, REFUSED, NOT_ALLOWED, UNREACHABLE = 1, 2, 3, 4, 5
INTERRUPTED = 130  # as shells say of Ctrl-C


class ClientError(click.ClickException):
    """`remedy` is the next step."""

    def __init__(self, message: str, *, remedy: str = "", exit_code: int = FAILED) -> None:
        super().__init__(message)
        self.remedy = remedy
        self.exit_code = exit_code  # type: ignore[misc]  # click reads it from the instance

    def format_message(self) -> str:
        return " ".join(f"{self.message} {self.remedy}".split())

    def show(self, file: IO[Any] | None = None) -> None:
        from coderadmin.client.text import safe

        click.echo(f"Error: {safe(self.format_message())}", file=file, err=file is None)


class UnreachableError(ClientError):
    """Nobody answers, or somebody else does."""

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message, remedy=remedy, exit_code=UNREACHABLE)


class AbsentError(ClientError):
    """There is no such thing, or it is not yours to see."""


def usage(message: str, *, remedy: str = "") -> ClientError:
    return ClientError(message, remedy=remedy, exit_code=USAGE)
