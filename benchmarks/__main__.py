"""`python -m benchmarks [--quick]`: measure, print the tables; a run that is not quick also writes them to docs/."""

import os
import platform
from pathlib import Path

import click

from benchmarks import checks, pages, proxy
from benchmarks.measures import Sample, document, table
from benchmarks.stack import CHECKOUT, running_stack

PAGE = CHECKOUT / "docs" / "performance.md"
TITLES = {"pages": "Pages", "checks": "Checks", "proxy": "Through envproxy"}


@click.command()
@click.option("--quick", is_flag=True, help="Fewer samples, under 90 seconds, and docs/ stays as it is.")
@click.option("--only", type=click.Choice(list(TITLES)), help="One part.")
def main(quick: bool, only: str | None) -> None:
    """Measure the pages, the checks and the way through envproxy."""
    with running_stack() as stack:
        if only in (None, "pages"):
            _tell("pages", pages.measure(stack, rounds=30 if quick else 300), write=not quick)
        if only in (None, "checks"):
            turns, seconds = (1, 8.0) if quick else (2, 30.0)
            _tell("checks", checks.measure(stack, turns=turns, seconds=seconds), write=not quick)
        if only in (None, "proxy"):
            _tell("proxy", proxy.measure(stack, rounds=5 if quick else 40), write=not quick)


def _tell(part: str, samples: list[Sample], *, write: bool) -> None:
    """Print a part's table, and `write` it into the page between its marks, with the figures beside."""
    click.echo(f"\n{TITLES[part]} on {_machine()}\n\n{table(samples)}")
    if write:
        PAGE.with_name(f"performance-{part}.json").write_text(document(samples, _machine()))
        before, _, rest = PAGE.read_text().partition(f"<!-- {part} -->")
        after = rest.partition(f"<!-- end of {part} -->")[2]
        PAGE.write_text(f"{before}<!-- {part} -->\n{table(samples)}\n<!-- end of {part} -->{after}")


def _machine() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.machine())
    return f"{os.cpu_count()} cores of {model}, Python {platform.python_version()}"


if __name__ == "__main__":
    main()
