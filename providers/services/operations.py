"""Asking for background work, and calling it off."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from audit.models import AuditEvent
from audit.services import Actor, record
from providers.choices import ACTIVE_STATES, OperationKind, OperationState
from providers.errors import EnvironmentsExistError, OperationActiveError, RefusedError
from providers.models import AbstractOperation, AllowlistEntry, Operation, WorkspaceProvider
from providers.policies import require_help, require_manage
from providers.services import dispatch
from providers.services.allowlist import left_by_deletion
from providers.services.leasing import call_off, stranded
from providers.services.locking import locked, locked_organizations
from providers.services.targets import require_credential
from providers.words import enumerated

NAMED_ENVIRONMENTS = 50


def request_preflight(*, actor: Actor, provider: WorkspaceProvider) -> Operation:
    """Look at the cluster without writing to it. Raises RefusedError without a credential."""
    require_manage(actor)
    require_credential(provider)
    return _request(actor, provider, OperationKind.PREFLIGHT)


def request_deploy(*, actor: Actor, provider: WorkspaceProvider) -> Operation:
    """Install or upgrade the release by a worker. Raises RefusedError, OperationActiveError."""
    require_manage(actor)
    require_deployable(provider)
    return _request(actor, provider, OperationKind.DEPLOY)


def require_deployable(provider: WorkspaceProvider) -> None:
    """Raises RefusedError. At most one query."""
    if provider.built_in:
        raise RefusedError("The built-in provider needs no release: it is this deployment's own cluster.")
    require_credential(provider)


def require_idle(provider: WorkspaceProvider) -> None:
    """Raises OperationActiveError. The database says the last word; this is for pages that ask before. One query."""
    if active := provider.operations.filter(state__in=ACTIVE_STATES).first():
        raise _busy(provider, active)


def request_delete(*, actor: Actor, provider: WorkspaceProvider, leave_release: bool = False) -> Operation:
    """Uninstall the release, then forget the provider; `leave_release`: do so although the cluster is gone.

    Raises RefusedError for built-in and for the default, EnvironmentsExistError, OperationActiveError.
    """
    require_manage(actor)
    with transaction.atomic():
        provider = locked(provider)
        lock_organizations_of(provider)
        require_deletable(provider)
        return _request(actor, provider, OperationKind.DELETE, leave_release=leave_release)


def require_deletable(provider: WorkspaceProvider) -> None:
    """The rules of deletion, asked when it is requested and again when it is done. At most five queries.

    Only with `lock_organizations_of` before does the last rule still hold when the transaction ends.
    """
    if provider.built_in:
        raise RefusedError("The built-in provider is this deployment's own cluster and can't be deleted.")
    if provider.is_default:
        raise RefusedError(f"{provider.name} is the default.", remedy="Make another provider the default first.")
    environments = provider.environments.select_related("owner")
    if names := [str(environment) for environment in environments[:NAMED_ENVIRONMENTS]]:
        raise EnvironmentsExistError(f"{provider.name} still has environments.", names=names)
    if left := left_by_deletion(provider):
        names = [organization.name for organization in left]
        raise RefusedError(
            f"Without {provider.name} these organizations would have no provider: {enumerated(names)}.",
            remedy="Each organization keeps at least one: allow another one first.",
        )


def lock_organizations_of(provider: WorkspaceProvider) -> None:
    """Those on its allowlist, so that nobody takes their other providers meanwhile. The provider is locked before."""
    locked_organizations(AllowlistEntry.objects.filter(provider=provider).values_list("organization", flat=True))


def retry_operation(*, actor: Actor, operation: Operation) -> Operation:
    """Ask once more for what failed, as it was asked for. Raises RefusedError, OperationActiveError."""
    require_help(actor)
    with transaction.atomic():
        if operation.provider is not None:
            operation.provider = locked(operation.provider)
        provider = require_retriable(operation)
        note = {"retry_of": str(operation.pk)}
        return _request(actor, provider, OperationKind(operation.kind), after=note, **operation.parameters)


def require_retriable(operation: Operation) -> WorkspaceProvider:
    """Its provider. Raises RefusedError unless it is the newest one there, failed, and destroys nothing. Two queries.

    A deletion is asked for anew by those who manage providers: much may have changed since.
    """
    provider = operation.provider
    if provider is None:
        raise RefusedError(f"The provider {operation.provider_name} is gone.")
    if operation.kind == OperationKind.DELETE:
        raise RefusedError("A deletion is not retried from here.", remedy="Ask a site manager.")
    require_newest_failure(operation, provider.operations.all())
    require_credential(provider)
    return provider


def require_newest_failure(operation: AbstractOperation, all_of_it: QuerySet[Any]) -> None:
    """Raises RefusedError unless it failed and nothing of `all_of_it` was asked for after it. One query."""
    if operation.state != OperationState.FAILED:
        raise RefusedError("Only what has failed can be retried.")
    if newer := all_of_it.filter(requested_at__gt=operation.requested_at).first():
        raise RefusedError(
            f"{newer.get_kind_display()} was asked for after it, by {newer.requested_by_name}.",
            remedy="Look at the newest operation.",
        )


def cancel_operation(*, actor: Actor, operation: Operation) -> None:
    """A queued operation ends at once, a running one as soon as its worker can stop safely. Repeatable."""
    require_manage(actor)
    with transaction.atomic():
        if call_off(Operation.objects.filter(pk=operation.pk)):
            record(actor=actor, action=f"operation.cancel.{operation.kind}", target=operation.provider or operation)


def stranded_operations() -> list[UUID]:
    """As `stranded`."""
    return stranded(Operation.objects.all())


def _request(
    actor: Actor,
    provider: WorkspaceProvider,
    kind: OperationKind,
    *,
    after: Mapping[str, Any] | None = None,
    **parameters: Any,
) -> Operation:
    try:
        with transaction.atomic():
            provider = locked(provider)  # before the row: two who ask at once would wait for each other
            operation = Operation.objects.create(
                provider=provider,
                provider_name=provider.name,
                kind=kind,
                requested_by_id=actor.user.pk if actor.user else None,
                requested_by_name=actor.name,
                parameters=parameters,
            )
            record(
                actor=actor,
                action=f"provider.{kind}",
                target=provider,
                after={"operation": str(operation.pk), **parameters, **(after or {})},
                outcome=AuditEvent.Outcome.REQUESTED,
            )
            dispatch.run_operation(operation.pk)
    except IntegrityError:
        active = Operation.objects.filter(provider=provider, state__in=ACTIVE_STATES).first()
        raise _busy(provider, active) from None
    return operation


def _busy(provider: WorkspaceProvider, active: Operation | None) -> OperationActiveError:
    doing = f"{active.get_kind_display()} by {active.requested_by_name}" if active else "Another operation"
    return OperationActiveError(
        f"{doing} is under way on {provider.name}.", remedy="Wait until it has ended, or cancel it."
    )
