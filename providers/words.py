"""How numbers and names read in a sentence."""

from collections.abc import Sequence

MOST_NAMED = 50


def counted(number: int, one: str, many: str = "") -> str:
    """`1 person`, `2 people`."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def enumerated(names: Sequence[str]) -> str:
    """`Coder, Platform`; many are cut, and the rest is counted."""
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
