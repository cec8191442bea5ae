"""Data folders that an unprivileged PostgreSQL reaches, and children that end with their test."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from coderadmin.embedded.processes import Child, stop_children
from tests.embedded.folders import open_folder


@pytest.fixture
def data_dir() -> Iterator[Path]:
    with open_folder() as folder:
        yield folder


@pytest.fixture
def python_child(tmp_path: Path) -> Iterator[Callable[[str], Child]]:
    """Makes, without starting it, a child that runs some Python."""
    children: list[Child] = []

    def make(code: str) -> Child:
        child = Child(
            name="Example",
            argv=[sys.executable, "-c", code],
            log=tmp_path / "example.log",
            env=dict(os.environ),
            stop_seconds=0.1,
        )
        children.append(child)
        return child

    yield make
    stop_children(children)
