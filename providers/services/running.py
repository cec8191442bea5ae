"""Running an operation on a provider."""

from collections.abc import Callable
from uuid import UUID

from audit.services import Actor, record
from providers.choices import OperationKind
from providers.models import Operation
from providers.services.deleting import delete_provider
from providers.services.deploying import deploy_provider, put_right
from providers.services.leasing import End, Kind, run_leased
from providers.services.preflighting import preflight_provider
from providers.services.run import OperationFailedError, ProviderRun
from providers.services.tokens import let_expire

HANDLERS: dict[str, Callable[[ProviderRun], None]] = {
    OperationKind.PREFLIGHT: preflight_provider,
    OperationKind.DEPLOY: deploy_provider,
    OperationKind.DELETE: delete_provider,
}


def run_operation(operation_id: UUID) -> None:
    """As `run_leased`."""
    rows = Operation.objects.select_related("provider", "requested_by")
    run_leased(Kind(rows=rows, make_run=ProviderRun, work=_work, put_right=put_right, conclude=_conclude), operation_id)


def _work(run: ProviderRun) -> None:
    if run.operation.provider is not None:
        HANDLERS[run.operation.kind](run)
    elif run.operation.kind != OperationKind.DELETE:  # a deletion was ended by the worker that was lost a moment later
        raise OperationFailedError("provider_gone", "The provider was deleted in the meantime.")


def _conclude(operation: Operation, end: End) -> None:
    if operation.kind == OperationKind.DEPLOY and not end.succeeded:
        let_expire(operation)
    record(
        actor=Actor(user=operation.requested_by),
        action=f"provider.{operation.kind}",
        target=operation.provider or operation,
        after={"operation": str(operation.pk), "state": end.state, "error": end.code},
        outcome=end.outcome,
    )
