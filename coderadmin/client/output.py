"""What is printed: a table for people, JSON or YAML for programs; colour on a terminal only."""

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import click

from coderadmin.client.text import escaped, safe

if TYPE_CHECKING:
    from rich.console import Console

FORMATS = ("table", "json", "yaml")
STYLES = {
    "ready": "green", "succeeded": "green", "on": "green", "ok": "green", "confirmed": "green", "open": "green",
    "error": "red", "failed": "red", "denied": "red",
    "pending": "yellow", "running": "cyan", "queued": "cyan", "creating": "cyan", "warning": "yellow",
    "closing": "yellow", "paused": "yellow", "cordoned": "yellow", "cancelled": "yellow",
}  # fmt: skip

Value = str | Callable[[dict[str, Any]], Any]
Columns = Sequence[tuple[str, Value]]


class Output:
    def __init__(self, wanted: str) -> None:
        self.wanted = wanted

    @property
    def is_for_people(self) -> bool:
        return self.wanted == "table"

    @cached_property
    def console(self) -> "Console":
        """Where people read: stdout, or stderr while stdout belongs to a document."""
        return make_console(stderr=not self.is_for_people)

    def rows(self, items: Iterable[dict[str, Any]], columns: Columns, *, empty: str) -> None:
        """A list. `empty` is the sentence for none."""
        found = list(items)
        if not self.is_for_people:
            self.document(found)
        elif found:
            self._table([[_cell(item, value) for _, value in columns] for item in found], [name for name, _ in columns])
        else:
            click.echo(empty)

    def one(self, item: dict[str, Any], fields: Columns) -> None:
        """One thing: a line for each field that says something."""
        if not self.is_for_people:
            self.document(item)
            return
        cells = [(name, _cell(item, value)) for name, value in fields]
        self._table([[f"{name}:", cell] for name, cell in cells if cell != ""], None)

    def done(self, sentence: str, document: Any = None) -> None:
        """What was done: the sentence, or for programs how it is now."""
        if self.is_for_people:
            click.echo(safe(sentence))
        else:
            self.document({"message": sentence} if document is None else document)

    def note(self, sentence: str) -> None:
        """Beside the result: to stderr, so that pipes get the result alone."""
        click.echo(safe(sentence), err=True)

    def secret(self, secret: str, sentence: str, document: Any) -> None:
        """Printed this once: alone on stdout for people's pipes, or inside the document."""
        if self.is_for_people:
            self.note(sentence)
            click.echo(safe(secret))
        else:
            self.document(document)

    def document(self, document: Any) -> None:
        if self.wanted == "yaml":
            click.echo(as_yaml(document), nl=False)
        else:
            click.echo(escaped(json.dumps(document, ensure_ascii=False, indent=2)))

    def _table(self, rows: Sequence[Sequence[str]], headings: Sequence[str] | None) -> None:
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, pad_edge=False, show_header=headings is not None, header_style="bold")
        for number in range(len(rows[0]) if rows else 0):
            table.add_column(headings[number].upper() if headings else "", overflow="fold", no_wrap=number == 0)
        for row in rows:
            table.add_row(*(Text(cell, style=STYLES.get(cell.split(",")[0], "")) for cell in row))
        if self.console.is_terminal:
            self.console.print(table)
        else:
            click.echo(_plain(rows, headings))


def make_console(*, stderr: bool = False) -> "Console":
    """It heeds NO_COLOR and TERM, and interprets no markup in what servers say."""
    from rich.console import Console

    return Console(stderr=stderr, markup=False, highlight=False, emoji=False, soft_wrap=False)


def is_terminal() -> bool:
    return sys.stdout.isatty()


def as_yaml(document: Any) -> str:
    import yaml

    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=1000)


def _plain(rows: Sequence[Sequence[str]], headings: Sequence[str] | None) -> str:
    """Aligned by spaces, nothing cut: for pipes."""
    from rich.cells import cell_len

    lines = [[name.upper() for name in headings], *rows] if headings else list(rows)
    widths = [max(cell_len(line[number]) for line in lines) for number in range(len(lines[0]))] if lines else []
    padded = (
        "  ".join(cell + " " * (width - cell_len(cell)) for cell, width in zip(line, widths, strict=True))
        for line in lines
    )
    return "\n".join(line.rstrip() for line in padded)


def _cell(item: dict[str, Any], value: Value) -> str:
    found = value(item) if callable(value) else item.get(value)
    return shown(found)


def shown(value: Any) -> str:
    """As people read it, on one line."""
    if value is None or value == "" or value == [] or value == {}:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | dict):
        return safe(json.dumps(value, ensure_ascii=False))
    return safe(" ".join(str(value).split()))


def when(name: str) -> Callable[[dict[str, Any]], str]:
    """A moment in the reader's own time zone."""
    from datetime import datetime

    def moment(item: dict[str, Any]) -> str:
        text = item.get(name)
        return datetime.fromisoformat(text).astimezone().strftime("%Y-%m-%d %H:%M") if text else ""

    return moment
