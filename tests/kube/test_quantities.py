from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.kube.quantities import number_of


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("10Gi", 10 * 2**30),
        ("1536Mi", 1536 * 2**20),
        ("10G", 10 * 10**9),
        ("10737418240", 10 * 2**30),
        ("1e9", 10**9),
        ("1.5Gi", 1536 * 2**20),
        (".5Ki", 512),
        ("1E", 10**18),
        ("1E2", 100),
        ("128974848000m", 128974848),
        (0, 0),
    ],
)
def test_sizes_are_read_in_every_form_that_kubernetes_takes(text: object, number: int) -> None:
    assert number_of(text) == number


@pytest.mark.parametrize("text", ["", "Gi", "10GB", "ten", "-1Gi", "1e999999999", "1 Gi", "1.2.3", None, float("nan")])
def test_what_is_no_size_is_an_error(text: object) -> None:
    with pytest.raises(ValueError, match="not a quantity"):
        number_of(text)


@given(st.text())
def test_no_text_raises_anything_else(text: str) -> None:
    with suppress(ValueError):
        assert isinstance(number_of(text), Decimal)
