"""The ranges in which an organization's limits may lie: the last ones of the original platform."""

from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import Q

Range = tuple[Decimal | int, Decimal | int]

CPU_CORES: Range = (Decimal("0.25"), Decimal(128))
MEMORY_GB: Range = (1, 256)
DISK_GB: Range = (1, 8192)
GPUS: Range = (0, 20)
AUTO_OFF_HOURS: Range = (1, 8760)  # a year
FIELDS = {
    "quota_cpu_cores": CPU_CORES,
    "quota_memory_gb": MEMORY_GB,
    "quota_disk_gb": DISK_GB,
    "quota_gpus": GPUS,
    "auto_off_hours": AUTO_OFF_HOURS,
}


def within(limit: Range) -> list[MinValueValidator | MaxValueValidator]:
    low, high = limit
    return [
        MinValueValidator(low, f"Choose {low} or more, or leave it empty."),
        MaxValueValidator(high, f"Choose {high} or less, or leave it empty."),
    ]


def all_kept() -> Q:
    """The database's rule: each field is empty or in its range."""
    rule = Q()
    for name, limit in FIELDS.items():
        rule &= Q(**{name: None}) | Q(**{f"{name}__range": limit})
    return rule
