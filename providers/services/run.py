"""What an operation's handler is given, and how it ends other than well."""

from collections.abc import Callable
from dataclasses import dataclass

from audit.services import Actor
from providers.choices import LineLevel
from providers.models import Operation, OperationLine, WorkspaceProvider
from providers.services.targets import target_of
from providers.target import ClusterTarget


class OperationFailedError(Exception):
    """The honest end of an operation: `text` says what happened and what to do."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


class OperationCancelledError(Exception):
    """Somebody cancelled the operation, or its lease was lost."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """One operation in a worker's hands."""

    operation: Operation
    cancelled: Callable[[], bool]

    @property
    def provider(self) -> WorkspaceProvider:
        assert self.operation.provider is not None  # noqa: S101 - the runner has checked it
        return self.operation.provider

    @property
    def actor(self) -> Actor:
        return Actor(user=self.operation.requested_by)

    def log(self, text: str, *, level: LineLevel = LineLevel.INFO, remedy: str = "") -> None:
        OperationLine.objects.create(operation=self.operation, text=text, level=level, remedy=remedy)

    def check_cancelled(self) -> None:
        """Raises OperationCancelledError."""
        if self.cancelled():
            raise OperationCancelledError

    def target(self) -> ClusterTarget:
        """Raises OperationFailedError without a credential."""
        if target := target_of(self.provider):
            return target
        raise OperationFailedError("no_credential", "We hold no credential for this cluster. Enter one (Edit).")
