"""A site manager who presses Deploy on a provider's page and watches, as a browser does."""

import html
import re
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg

from benchmarks.seed import LIST
from benchmarks.site import FRAGMENT, Visitor
from benchmarks.stack import BenchmarkError, wait_for

PATIENCE = 120.0  # seconds for one deploy
END_OF_LOG = re.compile(r'id="operation-waits-([0-9a-f-]{36})" hx-get="([^"]+)" hx-trigger="every (\d+)(ms|s)"')
UNITS = {"s": 1, "ms": 1000}  # in a second
LINE = re.compile(r'<li class="(?:info|ok|warning|error)">\n  <time datetime')
MILLISECOND = timedelta(milliseconds=1)
ENDED = "SELECT state, error_text, finished_at FROM providers_operation WHERE id = %s AND finished_at IS NOT NULL"


@dataclass(frozen=True, kw_only=True)
class Deploy:
    """Milliseconds from the press: until the first line of the log is in an answer, and until `finished_at`."""

    first_line: float
    whole: float


@dataclass(frozen=True)
class Manager:
    """`page` is that of the provider."""

    visitor: Visitor
    page: str
    database: psycopg.Connection[Any]

    @classmethod
    def of(cls, provider: str, visitor: Visitor, database: psycopg.Connection[Any]) -> "Manager":
        return cls(visitor, f"{LIST}{provider}/", database)

    def deploy(self) -> Deploy:
        """Raises BenchmarkError unless it succeeds."""
        form = self.visitor.form_at(f"{self.page}deploy/")
        pressed, began = datetime.now().astimezone(), time.perf_counter()
        self.visitor.post(f"{self.page}deploy/", form)
        operation = self._watch_until_first_line()
        first_line = (time.perf_counter() - began) * 1000
        return Deploy(first_line=first_line, whole=(self._end_of(operation) - pressed) / MILLISECOND)

    def _watch_until_first_line(self) -> str:
        """The page to which the press leads, then the end of its log by the address that it polls."""
        found, end = panel_in(self.visitor.get(self.page).body), time.monotonic() + PATIENCE
        while not found.has_lines:
            if time.monotonic() > end:
                raise BenchmarkError(f"the log of {found.url} is empty after {PATIENCE:g} s")
            time.sleep(found.pause)
            found.has_lines = bool(LINE.search(self.visitor.get(found.url, FRAGMENT).body.decode()))
        return found.operation

    def _end_of(self, operation: str) -> datetime:
        rows: list[tuple[str, str, datetime]] = []

        def has_ended() -> bool:
            rows.extend(self.database.execute(ENDED, [operation]))
            return bool(rows)

        wait_for(has_ended, f"{self.page} is not deployed", PATIENCE)
        ((state, error, finished_at),) = rows
        if state != "succeeded":
            raise BenchmarkError(f"the deploy {state}: {error}")
        return finished_at


@dataclass
class Panel:
    """An operation on a page; `url` is what the panel polls, after each `pause` in seconds."""

    operation: str
    url: str
    pause: float
    has_lines: bool


def panel_in(body: bytes) -> Panel:
    """Raises BenchmarkError for a page on which nothing is under way."""
    page = body.decode()
    found = END_OF_LOG.search(page)
    if not found:
        raise BenchmarkError("the page shows no operation that is under way")
    pause = int(found[3]) / UNITS[found[4]]
    return Panel(found[1], html.unescape(found[2]), pause, bool(LINE.search(page)))
