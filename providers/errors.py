"""Refusals of the provider services. Each is a sentence for a person; pages show it, the API answers 409."""


class RefusedError(Exception):
    """A rule forbids it now. `remedy` is the next step, if there is one."""

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy


class OperationActiveError(RefusedError):
    """Another operation on the provider is queued or running."""


class StaleRevisionError(RefusedError):
    """Somebody else changed the provider after the form was opened."""


class EnvironmentsExistError(RefusedError):
    """The provider still has environments; `names` says which (at most 50)."""

    def __init__(self, message: str, *, names: list[str]) -> None:
        super().__init__(message, remedy="Their owners must delete them first.")
        self.names = names
