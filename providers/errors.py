"""Refusals of the provider services."""

from organizations.errors import RefusedError

__all__ = ["EnvironmentsExistError", "OperationActiveError", "RefusedError", "StaleRevisionError"]


class OperationActiveError(RefusedError):
    """Another operation on the provider is queued or running."""


class StaleRevisionError(RefusedError):
    """Somebody else changed the provider after the form was opened."""


class EnvironmentsExistError(RefusedError):
    """The provider still has environments; `names` says which (at most 50)."""

    def __init__(self, message: str, *, names: list[str]) -> None:
        super().__init__(message, remedy="Their owners must delete them first.")
        self.names = names
