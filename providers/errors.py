"""Refusals of the provider services."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from organizations.errors import RefusedError

if TYPE_CHECKING:
    from organizations.models import Organization
    from providers.models import WorkspaceProvider

__all__ = [
    "AllowlistRefusedError",
    "EnvironmentsExistError",
    "OperationActiveError",
    "Refusal",
    "RefusedError",
    "StaleRevisionError",
]


class OperationActiveError(RefusedError):
    """Another operation on the provider is queued or running."""

    code = "operation_active"


class StaleRevisionError(RefusedError):
    """Somebody else changed the provider after the form was opened."""

    code = "stale_revision"


class EnvironmentsExistError(RefusedError):
    """The provider still has environments; `names` says which (at most 50)."""

    code = "environments_exist"

    def __init__(self, message: str, *, names: list[str]) -> None:
        super().__init__(message, remedy="Their owners must delete them first.")
        self.names = names

    def details(self) -> dict[str, Any]:
        return {"names": self.names}


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """Why one pair of the allowlist can't be changed; `code` is environments_exist or last_provider."""

    code: str
    message: str
    remedy: str
    provider: WorkspaceProvider
    organization: Organization

    def described(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "code": self.code,
            "message": self.message,
            "remedy": self.remedy,
            "provider": {"id": str(self.provider.pk), "name": self.provider.name},
            "organization": {"id": str(self.organization.pk), "name": self.organization.name},
        }


class AllowlistRefusedError(RefusedError):
    """Nothing of a change of allowlists was done; `refusals` names each pair that a rule forbids."""

    code = "allowlist"

    def __init__(self, refusals: list[Refusal]) -> None:
        first, others = refusals[0], len(refusals) - 1
        more = f" And {others} more." if others else ""
        super().__init__(first.message + more, remedy=first.remedy)
        self.refusals = refusals

    def details(self) -> dict[str, Any]:
        return {"refusals": [refusal.described() for refusal in self.refusals]}
