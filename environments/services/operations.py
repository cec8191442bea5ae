"""Asking for work on an environment, and calling it off. Each verb checks, changes and audits in one transaction."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from audit.models import AuditEvent
from audit.services import Actor, record
from environments.choices import EnvironmentOperationKind, EnvironmentStatus
from environments.errors import OperationActiveError, PlacementRefusedError, RefusedError, StaleRevisionError
from environments.models import Environment, EnvironmentOperation
from environments.placement import quota_rules, quotas_of
from environments.policies import require_leave_objects, require_retry, require_use
from environments.querysets import SIZES
from environments.services import dispatch
from environments.services.images import note_image
from providers.choices import ACTIVE_STATES
from providers.rules import failed
from providers.services.leasing import call_off, stranded
from providers.services.locking import locked_organizations
from providers.services.operations import require_newest_failure

CHANGEABLE = ("image", "tag", *SIZES)


def start_environment(*, actor: Actor, environment: Environment) -> EnvironmentOperation | None:
    """None when it is on already. A cordon does not matter to what is there. Raises OperationActiveError."""
    require_use(actor, environment)
    with transaction.atomic():
        environment = locked_environment(environment)
        if environment.status == EnvironmentStatus.ON and not _active(environment):
            return None
        return request(actor, environment, EnvironmentOperationKind.START)


def stop_environment(*, actor: Actor, environment: Environment, because: str = "") -> EnvironmentOperation | None:
    """None when it is off already; the home stays. `because` begins its log. Raises OperationActiveError."""
    require_use(actor, environment)
    with transaction.atomic():
        environment = locked_environment(environment)
        if environment.status == EnvironmentStatus.OFF and not _active(environment):
            return None
        operation = request(actor, environment, EnvironmentOperationKind.STOP)
        if because:
            operation.lines.create(text=because)
        return operation


def rebuild_environment(
    *, actor: Actor, environment: Environment, revision: int, changes: Mapping[str, Any], turn_on: bool = False
) -> EnvironmentOperation:
    """Build it anew, with changed CHANGEABLE fields if there are any; one that is off stays off unless `turn_on`.

    The home stays; its disk never shrinks.

    Raises StaleRevisionError, PlacementRefusedError (quota), ValidationError at a field, OperationActiveError.
    """
    require_use(actor, environment)
    with transaction.atomic():
        organization = locked_organizations([environment.organization_id])[environment.organization_id]
        environment = locked_environment(environment)
        if environment.revision != revision:
            raise StaleRevisionError(
                f"Somebody changed {environment.name} after you opened this form.",
                remedy="Look at the present values and enter your change again.",
            )
        before = {name: getattr(environment, name) for name in CHANGEABLE}
        changed = {name: value for name, value in changes.items() if name in CHANGEABLE and value != before[name]}
        for name, value in changed.items():
            setattr(environment, name, value)
        _refuse_smaller_disk(environment, before["disk_gb"])
        environment.full_clean(exclude=("owner", "organization", "provider"))
        size = {name: getattr(environment, name) for name in SIZES}
        quotas = quotas_of(environment.owner, organization, instead_of=environment)
        grown = [quota for quota in quotas if size[quota.name] > before[quota.name]]
        if refusals := failed(quota_rules(grown, size)):
            raise PlacementRefusedError(refusals)
        if changed:
            environment.revision += 1
            environment.save(update_fields=[*changed, "revision"])
            note_image(organization, environment.image, environment.tag)
        return request(
            actor,
            environment,
            EnvironmentOperationKind.REBUILD,
            before={name: str(before[name]) for name in changed},
            after={name: str(value) for name, value in changed.items()},
            running=turn_on or environment.status != EnvironmentStatus.OFF,
        )


def delete_environment(*, actor: Actor, environment: Environment, leave_objects: bool = False) -> EnvironmentOperation:
    """With its home and everything in it. `leave_objects`: forget it although its cluster can't be asked.

    Raises OperationActiveError, PermissionDenied (`leave_objects` is for site managers).
    """
    require_use(actor, environment)
    if leave_objects:
        require_leave_objects(actor)
    with transaction.atomic():
        environment = locked_environment(environment)
        return request(actor, environment, EnvironmentOperationKind.DELETE, leave_objects=leave_objects)


def postpone_auto_off(*, actor: Actor, environment: Environment) -> Environment:
    """“I am still using it”: the idle time begins anew."""
    require_use(actor, environment)
    with transaction.atomic():
        environment = locked_environment(environment)
        if environment.auto_off_at is None:
            raise RefusedError(f"{environment.name} is not going to be stopped by itself.")
        environment.active_at = timezone.now()
        environment.save(update_fields=["active_at"])
        record(
            actor=actor,
            action="environment.postpone",
            target=environment,
            organization=environment.organization_id,
            after={"auto_off_at": environment.auto_off_at.isoformat()},
        )
    return environment


def retry_environment_operation(*, actor: Actor, operation: EnvironmentOperation) -> EnvironmentOperation:
    """Ask once more for what failed, as it was asked for. Raises RefusedError, OperationActiveError."""
    require_retry(actor, operation.environment)
    with transaction.atomic():
        environment = locked_environment(operation.environment)
        require_retriable(operation)
        kind, note = EnvironmentOperationKind(operation.kind), {"retry_of": str(operation.pk)}
        return request(actor, environment, kind, after=note, **operation.parameters)


def require_retriable(operation: EnvironmentOperation) -> None:
    """Raises RefusedError unless it is the newest one there, failed, and destroys nothing. One query."""
    if operation.kind == EnvironmentOperationKind.DELETE:
        raise RefusedError("A deletion is not retried from here.", remedy="Ask the owner.")
    require_newest_failure(operation, operation.environment.operations.all())


def cancel_environment_operation(*, actor: Actor, operation: EnvironmentOperation) -> None:
    """A queued operation ends at once, a running one as soon as its worker can stop safely. Repeatable."""
    require_use(actor, operation.environment)
    with transaction.atomic():
        if call_off(EnvironmentOperation.objects.filter(pk=operation.pk)):
            environment = operation.environment
            record(
                actor=actor,
                action=f"operation.cancel.{operation.kind}",
                target=environment,
                organization=environment.organization_id,
            )


def stranded_environment_operations() -> list[UUID]:
    """As `stranded`."""
    return stranded(EnvironmentOperation.objects.all())


def locked_environment(environment: Environment) -> Environment:
    """As it is now, with its places, locked until the transaction ends. Raises RefusedError when it is gone."""
    try:
        return Environment.objects.with_places().select_for_update(of=("self",)).get(pk=environment.pk)
    except Environment.DoesNotExist:
        raise RefusedError(f"{environment.name} was deleted in the meantime.") from None


def request(
    actor: Actor,
    environment: Environment,
    kind: EnvironmentOperationKind,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    **parameters: Any,
) -> EnvironmentOperation:
    """Queue work on a locked environment, with its audit row. Raises OperationActiveError."""
    try:
        with transaction.atomic():
            operation = EnvironmentOperation.objects.create(
                environment=environment,
                kind=kind,
                requested_by_id=actor.user.pk if actor.user else None,
                requested_by_name=actor.name,
                parameters=parameters,
            )
    except IntegrityError:
        active = _active(environment)
        doing = f"{active.get_kind_display()} by {active.requested_by_name}" if active else "Another operation"
        raise OperationActiveError(
            f"{doing} is under way on {environment.name}.", remedy="Wait until it has ended, or cancel it."
        ) from None
    record(
        actor=actor,
        action=f"environment.{kind}",
        target=environment,
        organization=environment.organization_id,
        before=before,
        after={"operation": str(operation.pk), **parameters, **(after or {})},
        outcome=AuditEvent.Outcome.REQUESTED,
    )
    dispatch.run_operation(operation.pk)
    return operation


def _active(environment: Environment) -> EnvironmentOperation | None:
    return environment.operations.filter(state__in=ACTIVE_STATES).first()


def _refuse_smaller_disk(environment: Environment, present: int) -> None:
    if environment.disk_gb < present:
        raise ValidationError({"disk_gb": f"The disk never shrinks: it has {present} GB now."})
