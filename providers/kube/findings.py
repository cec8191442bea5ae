"""What a pre-flight check says, one line for each."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """`code` never changes, `label` names the check, `remedy` is empty when all is well."""

    code: str
    label: str
    level: Level
    detail: str
    remedy: str = ""
