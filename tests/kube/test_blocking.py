from collections.abc import AsyncGenerator

import pytest

from providers.kube.blocking import iterate


async def numbers(end: int) -> AsyncGenerator[int, None]:
    for number in range(end):
        yield number
    if end == 3:
        raise ValueError("three is too many")


def test_it_gives_every_item() -> None:
    assert list(iterate(lambda: numbers(5))) == [0, 1, 2, 3, 4]


def test_an_error_comes_after_the_items_before_it() -> None:
    items = iterate(lambda: numbers(3))
    assert [next(items), next(items), next(items)] == [0, 1, 2]
    with pytest.raises(ValueError, match="three"):
        next(items)
