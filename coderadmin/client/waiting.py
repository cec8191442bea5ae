"""Staying with work until it has ended: its log lines as they come, and on a terminal how long it takes."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from coderadmin.client.api import Document
from coderadmin.client.errors import FAILED, INTERRUPTED, AbsentError, ClientError, UnreachableError
from coderadmin.client.session import Client
from coderadmin.client.text import safe

OPERATIONS, ENVIRONMENT_OPERATIONS = "/operations", "/environment-operations"
PAUSE = 0.5  # seconds between two questions
PATIENCE = 120  # seconds of a server that can't be reached before we give up
MARKS = {"ok": ("✓", "green"), "warning": ("!", "yellow"), "error": ("✗", "red")}


def follow(client: Client, root: str, operation: Document) -> Document:
    """Print the log until the operation has ended; the operation as it is then.

    Raises ClientError when it failed or was cancelled. What went together with its environment has succeeded.
    """
    name = title_of(operation)
    try:
        with progress(client, name):
            ended = _watch(client, f"{root}/{operation['id']}") or operation | {"state": "succeeded"}
    except KeyboardInterrupt:
        remedy = f"Watch it again: coderadmin operations watch {operation['id']}"
        raise ClientError("The work goes on.", remedy=remedy, exit_code=INTERRUPTED) from None
    if ended["state"] != "succeeded":
        reason = ended.get("error_text") or f"It was {ended['state']}."
        raise ClientError(f"{name} {ended['state']}. {reason}", exit_code=FAILED)
    return ended


def title_of(operation: Document) -> str:
    """`Deploy of sydney`."""
    environment = (operation.get("environment") or {}).get("name", "")
    return f"{operation['kind'].capitalize()} of {operation.get('provider_name') or environment}"


def requested(client: Client, root: str, operation: Document, *, wait: bool) -> None:
    """What a command says that has asked for slow work."""
    if wait:
        ended = follow(client, root, operation)
        client.output.done(f"{title_of(ended)} succeeded.", ended)
    else:
        hint = f"Watch it: coderadmin operations watch {operation['id']}"
        client.output.done(f"{title_of(operation)} is under way. {hint}", operation)


def print_log(client: Client, path: str, *, after: int = 0) -> Document:
    """The lines after `after`; the answer, whose `last` is where to go on."""
    log = ask(client, f"{path}/log", after=after)
    for line in log["items"]:
        _print_line(client, line)
    return log


def show_log(client: Client, root: str, operation: Document, *, goes_on: bool) -> None:
    """The log as it is now, however long, or until the operation has ended."""
    path = f"{root}/{operation['id']}"
    if goes_on:
        follow(client, root, operation)
    elif not client.output.is_for_people:
        client.output.document(list(_lines(client, path)))
    else:
        for line in _lines(client, path):
            _print_line(client, line)


def _lines(client: Client, path: str) -> Iterator[Document]:
    """All that there are now. The API gives a thousand at once."""
    log = ask(client, f"{path}/log", after=0)
    while log["items"]:
        yield from log["items"]
        log = ask(client, f"{path}/log", after=log["last"])


@contextmanager
def progress(client: Client, name: str) -> Iterator[None]:
    """On a terminal a line that moves; in a pipe nothing, and no escape."""
    if not client.output.console.is_terminal:
        yield
        return
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn()
    with Progress(*columns, console=client.output.console, transient=True) as bar:
        bar.add_task(safe(name))
        yield


def ask(client: Client, path: str, **query: Any) -> Document:
    """As `Api.get`; a server that restarts meanwhile ends nothing."""
    begun = time.monotonic()
    while True:
        try:
            return client.api.get(path, **query)
        except UnreachableError:
            if time.monotonic() - begun > PATIENCE:
                raise
        time.sleep(PAUSE)


def _watch(client: Client, path: str) -> Document | None:
    """None: it is gone, together with its environment."""
    after = 0
    try:
        while True:
            log = print_log(client, path, after=after)
            after = log["last"]
            if not log["is_active"]:
                return ask(client, path)
            time.sleep(PAUSE)
    except AbsentError:
        return None


def _print_line(client: Client, line: Document) -> None:
    from rich.text import Text

    mark, style = MARKS.get(line["level"], ("·", ""))
    text = " ".join(f"{line['text']} {line.get('remedy', '')}".split())
    client.output.console.print(Text.assemble((mark, style), " ", safe(text)), soft_wrap=True)
