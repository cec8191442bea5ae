"""What an operation's handler is given, and how it ends other than well."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from django.db import close_old_connections

from audit.services import Actor
from coderadmin.encryption import UndecryptableError
from providers.choices import LineLevel
from providers.models import AbstractOperation, Operation, WorkspaceProvider
from providers.reasons import reason_for
from providers.services.targets import target_of
from providers.target import ClusterTarget

CREDENTIAL_REMEDY = reason_for("credential_unreadable").remedy
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")  # PostgreSQL takes neither NUL nor half a surrogate pair


class OperationFailedError(Exception):
    """The honest end of an operation: `text` says what happened and what to do."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


class OperationCancelledError(Exception):
    """Somebody cancelled the operation."""


class LeaseLostError(Exception):
    """Another worker may have the operation soon: stop at once, write nothing more, leave the end to that one."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """One operation in a worker's hands. `cancelled` raises LeaseLostError when they have to let go of it."""

    operation: AbstractOperation
    cancelled: Callable[[], bool]

    @property
    def actor(self) -> Actor:
        return Actor(user=self.operation.requested_by)

    def log(self, text: str, *, level: LineLevel = LineLevel.INFO, remedy: str = "") -> None:
        """Raises LeaseLostError. Keeps no connection: minutes may pass, in which the database may be restarted."""
        self.cancelled()
        text = UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", text)
        self.operation.lines.create(text=text, level=level, remedy=remedy)
        close_old_connections()

    def check_cancelled(self) -> None:
        """Raises OperationCancelledError, LeaseLostError."""
        if self.cancelled():
            raise OperationCancelledError


@dataclass(frozen=True, kw_only=True)
class ProviderRun(Run):
    """An operation on a provider."""

    operation: Operation

    @property
    def provider(self) -> WorkspaceProvider:
        assert self.operation.provider is not None  # noqa: S101 - the runner has checked it
        return self.operation.provider

    def target(self) -> ClusterTarget:
        """Raises OperationFailedError without a credential."""
        return reachable_target(self.provider)

    def target_or_none(self) -> ClusterTarget | None:
        """Raises OperationFailedError when the stored credential can't be read."""
        return readable_target(self.provider)


def reachable_target(provider: WorkspaceProvider) -> ClusterTarget:
    """How to reach the provider's cluster. Raises OperationFailedError when no usable credential is stored."""
    if target := readable_target(provider):
        return target
    raise OperationFailedError("no_credential", "We hold no credential for this cluster. Enter one (Edit).")


def readable_target(provider: WorkspaceProvider) -> ClusterTarget | None:
    """As `target_of`, for operations. Raises OperationFailedError when the stored credential can't be read."""
    try:
        return target_of(provider)
    except UndecryptableError as error:
        raise OperationFailedError("credential_unreadable", f"{error} {CREDENTIAL_REMEDY}") from error
