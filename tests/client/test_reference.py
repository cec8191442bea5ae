"""docs/cli.md holds what the commands say of themselves."""

from pathlib import Path

from coderadmin.cli_reference import renewed

DOCUMENT = Path(__file__).parents[2] / "docs" / "cli.md"


def test_the_reference_is_up_to_date() -> None:
    text = DOCUMENT.read_text("utf-8")
    assert text == renewed(text), "Run: python -m coderadmin.cli_reference docs/cli.md"
