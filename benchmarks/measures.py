"""Samples and targets, and the tables that compare them."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from statistics import mean, median, quantiles


@dataclass(kw_only=True)
class Sample:
    """Durations of one case in milliseconds, and the processor time that the server took for each.

    `baselines`: the names of the cases that it is compared with; `limit`: count the share of values beyond it.
    """

    name: str
    baselines: Sequence[str] = ()
    values: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
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
    def mean_cpu(self) -> float | None:
        return mean(self.cpu) if self.cpu else None

    @property
    def beyond(self) -> str:
        """The share of values beyond the limit, in words."""
        if self.limit is None:
            return ""
        return f"{sum(value > self.limit for value in self.values) / len(self.values):.1%} beyond {self.limit:g} ms"

    def summary(self, others: Sequence["Sample"]) -> dict[str, object]:
        """For JSON: the figures without the single values."""
        facts = {key: value for key, value in asdict(self).items() if key not in ("values", "cpu", "baselines")}
        figures = {"count": len(self.values), "p50": round(self.p50, 3), "p99": round(self.p99, 3)}
        cpu = None if self.mean_cpu is None else round(self.mean_cpu, 3)
        ratios = {name: {"p50": p50, "p99": p99} for name, p50, p99 in self._ratios(others)}
        return facts | figures | {"cpu": cpu, "beyond": self.beyond, "ratios": ratios}

    def row(self, others: Sequence["Sample"]) -> list[str]:
        return [
            self.name,
            str(len(self.values)),
            f"{self.p50:.1f}",
            f"{self.p99:.1f}",
            "" if self.mean_cpu is None else f"{self.mean_cpu:.1f}",
            self.beyond,
            "; ".join(f"{p50:.2f} / {p99:.2f} of *{name}*" for name, p50, p99 in self._ratios(others)),
            "" if self.queries is None else str(self.queries),
            "" if self.gzipped_bytes is None else f"{self.gzipped_bytes:,}",
        ]

    def _ratios(self, others: Sequence["Sample"]) -> list[tuple[str, float, float]]:
        """Name of a baseline, then p50 and p99 as multiples of its own."""
        bases = [other for name in self.baselines for other in others if other.name == name]
        return [(base.name, round(self.p50 / base.p50, 2), round(self.p99 / base.p99, 2)) for base in bases]


@dataclass(frozen=True, kw_only=True)
class Target:
    """A figure with what is asked of it: at `most`, or at `least`. `note`: what must be known of it."""

    what: str
    value: float
    unit: str = ""
    most: float | None = None
    least: float | None = None
    note: str = ""

    @property
    def met(self) -> bool:
        """A figure that is shown as the limit is within it."""
        value = round(self.value, 2)
        return (self.most is None or value <= self.most) and (self.least is None or value >= self.least)

    @property
    def asked(self) -> str:
        return f"≤ {self.most:,g}{self.unit}" if self.most is not None else f"≥ {self.least:,g}{self.unit}"

    def summary(self) -> dict[str, object]:
        return {
            "what": self.what,
            "asked": self.asked,
            "measured": f"{round(self.value, 2):,.10g}{self.unit}",
            "met": self.met,
            "note": self.note,
        }


@dataclass(kw_only=True)
class Report:
    """What one section has found."""

    samples: list[Sample] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)

    def sample(self, name: str) -> Sample:
        return next(sample for sample in self.samples if sample.name == name)


HEADINGS = ["case", "n", "p50 ms", "p99 ms", "CPU ms", "late", "p50 / p99 against", "SQL", "bytes gzipped"]
TARGET_HEADINGS = ["target", "asked", "measured", "", "note"]


def table(samples: Sequence[Sample]) -> str:
    """A Markdown table; columns that nobody fills are left out."""
    return _markdown([HEADINGS, *(sample.row(samples) for sample in samples)])


def target_table(summaries: Sequence[dict]) -> str:
    """A Markdown table of `Target.summary`, also as read from JSON."""
    rows = [
        [each["what"], each["asked"], each["measured"], "met" if each["met"] else "**missed**", each["note"]]
        for each in summaries
    ]
    return _markdown([TARGET_HEADINGS, *rows])


def _markdown(rows: Sequence[Sequence[str]]) -> str:
    columns = [column for column in zip(*rows, strict=True) if any(column[1:])]
    lines = ["| " + " | ".join(row) + " |" for row in zip(*columns, strict=True)]
    return "\n".join([lines[0], "|" + " --- |" * len(columns), *lines[1:]])


def document(report: Report, machine: str) -> str:
    """The figures as JSON text."""
    content = {
        "machine": machine,
        "targets": [target.summary() for target in report.targets],
        "samples": [sample.summary(report.samples) for sample in report.samples],
    }
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"
