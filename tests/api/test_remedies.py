"""The next step of a refusal is read on pages, by programs and in terminals: it names nothing that only pages have."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SERVICES = sorted(ROOT.glob("*/services/*.py"))
OF_PAGES = re.compile(r"\b(page|button|click|tick|press|reload)\b", re.IGNORECASE)


def remedies(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.keyword) and node.arg == "remedy":
            yield ast.unparse(node.value)


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_remedy_is_about_pages(path: Path) -> None:
    assert not [remedy for remedy in remedies(path) if OF_PAGES.search(remedy)]


def test_remedies_are_found() -> None:
    assert sum(len(list(remedies(path))) for path in SERVICES) > 40
