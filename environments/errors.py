"""Refusals of the environment services."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from providers.errors import OperationActiveError, RefusedError, StaleRevisionError

if TYPE_CHECKING:
    from providers.rules import Rule

__all__ = ["OperationActiveError", "PlacementRefusedError", "RefusedError", "StaleRevisionError"]


class PlacementRefusedError(RefusedError):
    """A new environment can't be there; `rules` are all that failed, in the words of “why can't I?”."""

    code = "placement"

    def __init__(self, rules: list[Rule]) -> None:
        super().__init__(" ".join(rule.text for rule in rules), remedy=rules[0].remedy)
        self.rules = rules

    def details(self) -> dict[str, Any]:
        rules = [{"code": rule.code, "text": rule.text, "remedy": rule.remedy} for rule in self.rules]
        return {"rules": rules}
