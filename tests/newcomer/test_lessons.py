"""docs/lessons.md names tests that are there."""

import ast
import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
LESSONS = re.findall(r"^\| (?!What |---)(.+)$", (REPOSITORY / "docs" / "lessons.md").read_text(), re.MULTILINE)


def named_in(lesson: str) -> list[str]:
    return re.findall(r"`(tests/[^`]+)`", lesson)


def names_in(path: Path) -> set[str]:
    """Of its tests, as pytest writes them behind the file."""
    body = ast.parse(path.read_text()).body
    names = {node.name for node in body if isinstance(node, ast.FunctionDef)}
    for each in body:
        if isinstance(each, ast.ClassDef):
            names |= {f"{each.name}::{node.name}" for node in each.body if isinstance(node, ast.FunctionDef)}
    return {name for name in names if name.rpartition("::")[2].startswith("test_")}


def test_it_finds_the_lessons() -> None:
    """Or the tests below could not fail."""
    assert len(LESSONS) > 50


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.partition(" | ")[0])
def test_each_lesson_has_a_test(lesson: str) -> None:
    assert named_in(lesson)


@pytest.mark.parametrize("name", sorted({name for lesson in LESSONS for name in named_in(lesson)}))
def test_it_is_there(name: str) -> None:
    path, _, test = name.partition("::")
    assert test in names_in(REPOSITORY / path)
