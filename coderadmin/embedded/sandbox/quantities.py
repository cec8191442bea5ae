"""Quantities as Kubernetes writes them: `250m`, `1Gi`, `2`."""

import re

_SUFFIXES = {
    "n": 1e-9,
    "u": 1e-6,
    "m": 1e-3,
    "": 1.0,
    "k": 1e3,
    "M": 1e6,
    "G": 1e9,
    "T": 1e12,
    "P": 1e15,
    "Ki": 2.0**10,
    "Mi": 2.0**20,
    "Gi": 2.0**30,
    "Ti": 2.0**40,
    "Pi": 2.0**50,
}
_QUANTITY = re.compile(r"([+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?)([A-Za-z]*)")


def as_number(quantity: str | float) -> float:
    """The amount in cores, bytes or pieces; 0 for what cannot be read."""
    if found := _QUANTITY.fullmatch(str(quantity)):
        return float(found[1]) * _SUFFIXES.get(found[2], 0.0)
    return 0.0
