"""Every variable that the program reads is explained in docs/operations.md and listed in .env.example."""

import re
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
PACKAGES = ("coderadmin", "organizations", "authentication", "providers", "environments", "infrastructure", "audit")
READ = re.compile(r"""env\.\w+\(\s*"([A-Z_]+)"|envvar="([A-Z_]+)"|environ\.get\("(CODERADMIN_[A-Z_]+)"\)""")
NOT_FOR_PRODUCTION = {"DEBUG", "CODERADMIN_EMBEDDED", "CODERADMIN_IS_WEB"}


def variables_read() -> set[str]:
    """Of the production programs. What only the embedded stack reads is in docs/embedded.md, the client's in cli.md."""
    files = [path for package in PACKAGES for path in (REPOSITORY / package).rglob("*.py")]
    code = "".join(path.read_text() for path in files if not {"embedded", "client"} & set(path.parts))
    return {name for names in READ.findall(code) for name in names if name}


def test_it_finds_the_variables_that_are_read() -> None:
    """Or the two tests below could not fail."""
    required = {"DATABASE_URL", "CODERADMIN_PORT", "CODERADMIN_DATA_DIR", "CODERADMIN_ENCRYPTION_KEYS"}
    assert required <= variables_read()


def test_every_variable_is_explained() -> None:
    table = re.findall(r"`([A-Z_]+)`", (REPOSITORY / "docs" / "operations.md").read_text())
    assert variables_read() - set(table) == set()


def test_the_example_lists_every_variable_and_no_other() -> None:
    listed = re.findall(r"^#?([A-Z_]+)=", (REPOSITORY / ".env.example").read_text(), re.MULTILINE)
    assert set(listed) == variables_read() - NOT_FOR_PRODUCTION
