"""Samples, and the tables that compare them."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from statistics import median, quantiles


@dataclass(kw_only=True)
class Sample:
    """Durations of one case in milliseconds.

    `baselines`: the names of the cases that it is compared with; `limit`: count the share of values beyond it.
    """

    name: str
    baselines: Sequence[str] = ()
    values: list[float] = field(default_factory=list)
    queries: int | None = None
    gzipped_bytes: int | None = None
    limit: float | None = None

    @property
    def p50(self) -> float:
        return median(self.values)

    @property
    def p99(self) -> float:
        return quantiles(self.values, n=100, method="inclusive")[98] if len(self.values) > 1 else self.values[0]

    @property
    def beyond(self) -> str:
        """The share of values beyond the limit, in words."""
        if self.limit is None:
            return ""
        return f"{sum(value > self.limit for value in self.values) / len(self.values):.1%} beyond {self.limit:g} ms"

    def summary(self, others: Sequence["Sample"]) -> dict[str, object]:
        """For JSON: the figures without the single values."""
        facts = {key: value for key, value in asdict(self).items() if key not in ("values", "baselines")}
        figures = {"count": len(self.values), "p50": round(self.p50, 3), "p99": round(self.p99, 3)}
        ratios = {name: {"p50": p50, "p99": p99} for name, p50, p99 in self._ratios(others)}
        return facts | figures | {"beyond": self.beyond, "ratios": ratios}

    def row(self, others: Sequence["Sample"]) -> list[str]:
        return [
            self.name,
            str(len(self.values)),
            f"{self.p50:.1f}",
            f"{self.p99:.1f}",
            self.beyond,
            "; ".join(f"{p50:.2f} / {p99:.2f} of *{name}*" for name, p50, p99 in self._ratios(others)),
            "" if self.queries is None else str(self.queries),
            "" if self.gzipped_bytes is None else f"{self.gzipped_bytes:,}",
        ]

    def _ratios(self, others: Sequence["Sample"]) -> list[tuple[str, float, float]]:
        """Name of a baseline, then p50 and p99 as multiples of its own."""
        bases = [other for name in self.baselines for other in others if other.name == name]
        return [(base.name, round(self.p50 / base.p50, 2), round(self.p99 / base.p99, 2)) for base in bases]


HEADINGS = ["case", "n", "p50 ms", "p99 ms", "late", "p50 / p99 against", "SQL", "bytes gzipped"]


def table(samples: Sequence[Sample]) -> str:
    """A Markdown table; columns that nobody fills are left out."""
    rows = [HEADINGS, *(sample.row(samples) for sample in samples)]
    columns = [column for column in zip(*rows, strict=True) if any(column[1:])]
    lines = ["| " + " | ".join(row) + " |" for row in zip(*columns, strict=True)]
    return "\n".join([lines[0], "|" + " --- |" * len(columns), *lines[1:]])


def document(samples: Sequence[Sample], machine: str) -> str:
    """The figures as JSON text."""
    content = {"machine": machine, "samples": [sample.summary(samples) for sample in samples]}
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"
