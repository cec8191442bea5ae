"""The messages to workers about providers."""

from collections.abc import Sequence
from uuid import UUID

from coderadmin.dispatch import send

__all__ = ["check_providers", "run_operation", "send"]


def check_providers(ids: Sequence[UUID]) -> None:
    send("providers.check_providers", [str(pk) for pk in ids])


def run_operation(operation_id: UUID) -> None:
    send("providers.run_operation", str(operation_id))
