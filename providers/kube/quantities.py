"""Sizes as Kubernetes writes them: `10Gi`, `1536Mi`, `10737418240`, `1e9`."""

import re
from decimal import Decimal

SUFFIXES = {suffix: Decimal(1024) ** power for power, suffix in enumerate(("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"))}
SUFFIXES |= {suffix: Decimal(1000) ** power for power, suffix in enumerate(("", "k", "M", "G", "T", "P", "E"))}
SUFFIXES |= {"m": Decimal("0.001"), "u": Decimal("1e-6"), "n": Decimal("1e-9")}
QUANTITY = re.compile(r"([0-9]{1,30}(?:\.[0-9]{0,30})?|\.[0-9]{1,30})(?:[eE]([+-]?[0-9]{1,2})|([A-Za-z]{0,2}))")


def number_of(quantity: object) -> Decimal:
    """In bytes, or in whole pieces. Raises ValueError for what is no quantity; none that we meet is negative."""
    found = QUANTITY.fullmatch(str(quantity))
    if found is None or (found[3] or "") not in SUFFIXES:
        raise ValueError(f"not a quantity: {quantity!r:.40}")
    return Decimal(found[1]) * SUFFIXES[found[3] or ""] * Decimal(10) ** int(found[2] or 0)
