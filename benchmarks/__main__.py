"""`python -m benchmarks [--quick]`: measure, print the tables; a run that is not quick also writes them to docs/."""

import json
import os
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import click

from benchmarks import checks, footprint, operations, pages, proxy
from benchmarks.measures import Report, document, table, target_table
from benchmarks.stack import CHECKOUT, BenchmarkError, Stack, running_stack

PAGE = CHECKOUT / "docs" / "performance.md"


@dataclass(frozen=True)
class Section:
    """One part of the page: `measure` is given the stack and whether to be quick."""

    name: str
    title: str
    measure: Callable[[Stack, bool], Report]

    @property
    def figures(self) -> Path:
        return PAGE.with_name(f"performance-{self.name}.json")


def _proxy(stack: Stack, quick: bool) -> Report:
    return Report(samples=proxy.measure(stack, rounds=5 if quick else 40))


SECTIONS = [
    Section("pages", "Pages", pages.measure),
    Section("checks", "Checks", checks.measure),
    Section("operations", "Operations", operations.measure),
    Section("proxy", "Through envproxy", _proxy),
    Section("footprint", "Start and footprint", footprint.measure),
]


@click.command()
@click.option("--quick", is_flag=True, help="Fewer samples, under two minutes, and docs/ stays as it is.")
@click.option("--only", type=click.Choice([section.name for section in SECTIONS]), multiple=True, help="Some parts.")
@click.option("--audit-rows", type=int, help=f"In the audit log of the pages; {pages.AUDIT_ROWS:,} unless given.")
def main(quick: bool, only: tuple[str, ...], audit_rows: int | None) -> None:
    """Measure, compare with baselines of the same run, and tell which targets are met."""
    pages.AUDIT_ROWS = audit_rows or pages.AUDIT_ROWS
    wanted = [section for section in SECTIONS if not only or section.name in only]
    failed = []
    with running_stack() as stack:
        for section in wanted:
            began = time.monotonic()
            try:
                _tell(section, section.measure(stack, quick), write=not quick)
            except (BenchmarkError, OSError) as error:  # the others are worth their time all the same
                failed.append(f"{section.name}: {error}")
                stack.stop_all()  # what it left running would slow the others
            click.echo(f"({section.name}: {time.monotonic() - began:.0f} s)")
    if not quick:
        _write_between("targets", target_table(_all_targets()))
    if failed:
        raise click.ClickException("; ".join(failed))


def _tell(section: Section, report: Report, *, write: bool) -> None:
    """Print a section's tables, and `write` them into the page between its marks, with the figures beside."""
    parts = [
        *([target_table([target.summary() for target in report.targets])] if report.targets else []),
        *([table(report.samples)] if report.samples else []),
    ]
    click.echo("\n\n".join([f"\n{section.title} on {_machine()}", *parts]))
    if write:
        section.figures.write_text(document(report, _machine()))
        _write_between(section.name, parts[-1])


def _all_targets() -> list[dict]:
    """Of this run, and of earlier ones where a section was left out."""
    read = [json.loads(section.figures.read_text()) for section in SECTIONS if section.figures.exists()]
    return [target for each in read for target in each.get("targets", [])]


def _write_between(mark: str, text: str) -> None:
    before, _, rest = PAGE.read_text().partition(f"<!-- {mark} -->")
    after = rest.partition(f"<!-- end of {mark} -->")[2]
    PAGE.write_text(f"{before}<!-- {mark} -->\n{text}\n<!-- end of {mark} -->{after}")


def _machine() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.machine())
    return f"{os.cpu_count()} cores of {model}, Python {platform.python_version()}"


if __name__ == "__main__":
    main()
