"""Text can be read and controls can be seen in both themes: the ratios of WCAG 2.2 AA, from the tokens themselves."""

import re
from pathlib import Path

import pytest

TOKENS = Path(__file__).parents[2] / "static" / "css" / "tokens.css"
THEMES = {"light": 0, "dark": 1}
TEXT = [
    *[("ink", surface) for surface in ("bg", "surface", "sunken", "hover", "accent-soft", "warn-soft", "bad-soft")],
    *[("muted", surface) for surface in ("bg", "surface", "sunken", "hover")],
    *[("accent", surface) for surface in ("bg", "surface", "hover", "accent-soft")],
    *[("warn", surface) for surface in ("surface", "warn-soft")],
    *[("bad", surface) for surface in ("surface", "hover", "bad-soft")],
    ("on-accent", "accent"),
    ("on-bad", "bad"),
]
EDGES = [("edge", "surface"), ("edge", "bg"), ("accent", "surface"), ("bad", "surface")]


def colours(theme: str) -> dict[str, str]:
    found = re.findall(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)", TOKENS.read_text())
    return {name: pair[THEMES[theme]] for name, *pair in found}


def luminance(colour: str) -> float:
    """Relative luminance, 0 black to 1 white (WCAG 2.2)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", THEMES)
def test_text_reaches_four_and_a_half_to_one(theme: str) -> None:
    values = colours(theme)
    weak = {pair: round(contrast(values[pair[0]], values[pair[1]]), 2) for pair in TEXT}
    assert {pair: ratio for pair, ratio in weak.items() if ratio < 4.5} == {}


@pytest.mark.parametrize("theme", THEMES)
def test_edges_of_controls_reach_three_to_one(theme: str) -> None:
    values = colours(theme)
    weak = {pair: round(contrast(values[pair[0]], values[pair[1]]), 2) for pair in EDGES}
    assert {pair: ratio for pair, ratio in weak.items() if ratio < 3.0} == {}
