"""`python -m benchmarks [--quick]`: measure, print the tables; the whole run also writes them to docs/."""

import os
import platform
from pathlib import Path

import click

from benchmarks import checks, pages
from benchmarks.measures import Sample, document, table
from benchmarks.stack import CHECKOUT, running_stack

PAGE = CHECKOUT / "docs" / "performance.md"
FIGURES = CHECKOUT / "docs" / "performance.json"
TITLES = {"pages": "Pages", "checks": "Checks"}


@click.command()
@click.option("--quick", is_flag=True, help="Fewer samples, under 90 seconds, and docs/ stays as it is.")
@click.option("--only", type=click.Choice(list(TITLES)), help="One half; docs/ stays as it is.")
def main(quick: bool, only: str | None) -> None:
    """Measure the pages and the checks."""
    parts: dict[str, list[Sample]] = {}
    with running_stack() as stack:
        if only != "checks":
            parts["pages"] = pages.measure(stack, rounds=60 if quick else 300)
            _show("pages", parts["pages"])
        if only != "pages":
            turns, seconds = (1, 12.0) if quick else (2, 30.0)
            parts["checks"] = checks.measure(stack, turns=turns, seconds=seconds)
            _show("checks", parts["checks"])
    if not quick and not only:
        FIGURES.write_text(document(parts, _machine()))
        _write_tables(PAGE, parts)


def _show(part: str, samples: list[Sample]) -> None:
    click.echo(f"\n{TITLES[part]} on {_machine()}\n\n{table(samples)}")


def _machine() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.machine())
    return f"{os.cpu_count()} cores of {model}, Python {platform.python_version()}"


def _write_tables(page: Path, parts: dict[str, list[Sample]]) -> None:
    """Replace what stands between the marks `<!-- pages -->` and `<!-- end of pages -->`, and so on."""
    text = page.read_text()
    for part, samples in parts.items():
        before, _, rest = text.partition(f"<!-- {part} -->")
        after = rest.partition(f"<!-- end of {part} -->")[2]
        text = f"{before}<!-- {part} -->\n{table(samples)}\n<!-- end of {part} -->{after}"
    page.write_text(text)


if __name__ == "__main__":
    main()
