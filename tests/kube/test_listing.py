import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from providers.kube.errors import Gone, KubeError, Reason
from providers.kube.listing import MOST_PAGES, PAGE, list_all


class Pages:
    """A cluster that answers a list by what is asked for."""

    def __init__(self, answer: Callable[[dict[str, str]], dict[str, Any]]) -> None:
        self.answer = answer
        self.queries: list[dict[str, str]] = []

    async def get(self, path: str, *, query: dict[str, str]) -> dict[str, Any]:
        self.queries.append(dict(query))
        return self.answer(query)


def listed(pages: Pages) -> list[dict[str, Any]]:
    return asyncio.run(list_all(pages, "/api/v1/pods", query={"labelSelector": "a=b"}))  # type: ignore[arg-type]


def test_all_pages_are_read_with_the_same_selector() -> None:
    numbered = {"": ("one", "2"), "2": ("two", "3"), "3": ("three", "")}

    def answer(query: dict[str, str]) -> dict[str, Any]:
        name, following = numbered[query.get("continue", "")]
        return {"metadata": {"continue": following}, "items": [{"name": name}]}

    pages = Pages(answer)
    assert [each["name"] for each in listed(pages)] == ["one", "two", "three"]
    assert {(each["labelSelector"], each["limit"]) for each in pages.queries} == {("a=b", str(PAGE))}


def test_a_list_that_grew_too_old_is_begun_once_more() -> None:
    def answer(query: dict[str, str]) -> dict[str, Any]:
        if "continue" in query:
            raise Gone(Reason.UNEXPECTED, "too old", status=410)
        return {"metadata": {"continue": "2" if len(pages.queries) == 1 else ""}, "items": [{"name": "one"}]}

    pages = Pages(answer)
    assert listed(pages) == [{"name": "one"}]


def test_a_list_without_an_end_is_given_up() -> None:
    pages = Pages(lambda _: {"metadata": {"continue": "more"}, "items": []})
    with pytest.raises(KubeError, match="lists more than"):
        listed(pages)
    assert len(pages.queries) == MOST_PAGES
