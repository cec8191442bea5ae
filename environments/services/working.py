"""What a worker does with an environment on its cluster."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import close_old_connections, transaction
from django.utils import timezone

from audit.services import Actor, record
from environments.choices import EnvironmentOperationKind, EnvironmentStatus
from environments.models import Environment, EnvironmentOperation
from environments.services.operations import locked_environment
from environments.services.specs import spec_of
from environments.services.statuses import set_status
from providers.choices import ACTIVE_STATES, LineLevel, OperationKind
from providers.kube import environments as cluster
from providers.kube.blocking import run as run_now
from providers.kube.environment_objects import object_name
from providers.kube.errors import KubeError
from providers.services.allowlist import drop_if_empty
from providers.services.leasing import End, Kind, run_leased
from providers.services.locking import locked
from providers.services.run import OperationFailedError, Run, reachable_target

POLL_SECONDS = 1.0


@dataclass(frozen=True, kw_only=True)
class EnvironmentRun(Run):
    """An operation on an environment."""

    operation: EnvironmentOperation

    @property
    def environment(self) -> Environment:
        return self.operation.environment

    @property
    def object_name(self) -> str:
        return object_name(self.environment.name, self.environment.pk)


def run_environment_operation(operation_id: Any) -> None:
    """As `run_leased`."""
    rows = EnvironmentOperation.objects.select_related(
        "requested_by",
        "environment__owner",
        "environment__organization",
        "environment__provider__credential",
    )
    kind = Kind(rows=rows, make_run=EnvironmentRun, work=_work, conclude=_conclude, lock=_lock)
    run_leased(kind, operation_id)


def build(run: EnvironmentRun) -> None:
    """Apply all objects and wait until the environment is on, or off if the parameter `running` is false.

    Raises OperationFailedError with the pod's reason.
    """
    environment, running = run.environment, run.operation.parameters.get("running", True)
    _wait_for_deploy(run)
    target = reachable_target(environment.provider)
    run.log(f"Building on {environment.provider.name} from {environment.image}:{environment.tag}.")
    set_status(environment, EnvironmentStatus.CREATING)
    lines: list[str] = []
    try:
        run_now(cluster.apply_environment(target, spec_of(environment, running=running), lines.append))
    finally:
        for line in lines:
            run.log(line)
    _wait(run, target, until="on" if running else "off")
    Environment.objects.filter(pk=environment.pk).update(active_at=timezone.now())
    set_status(environment, EnvironmentStatus.ON if running else EnvironmentStatus.OFF)
    run.log(f"{environment.name} is {'on' if running else 'off'}.", level=LineLevel.OK)


def stop(run: EnvironmentRun) -> None:
    """Scale to nothing and wait until the pod is gone; the home stays."""
    target = reachable_target(run.environment.provider)
    there = run_now(cluster.stop_environment(target, run.object_name))
    run.log("The Deployment is scaled to 0 replicas." if there else "The Deployment is gone: there is nothing to stop.")
    if there:
        _wait(run, target, until="off")
    set_status(run.environment, EnvironmentStatus.OFF)
    run.log(f"{run.environment.name} is off; its home stays.", level=LineLevel.OK)


def delete(run: EnvironmentRun) -> None:
    """Everything on the cluster, then the row; a closing allowlist entry goes with the last environment."""
    environment = run.environment
    if run.operation.parameters.get("leave_objects"):
        run.log(
            f"Left behind on {environment.provider.cluster_address} in namespace {environment.provider.namespace}: "
            f"all objects named {run.object_name}.",
            level=LineLevel.WARNING,
        )
    else:
        target = reachable_target(environment.provider)
        for deleted in run_now(cluster.delete_environment(target, run.object_name)):
            run.log(f"Deleted {deleted}.")
    run.check_cancelled()


HANDLERS: dict[str, Callable[[EnvironmentRun], None]] = {
    EnvironmentOperationKind.CREATE: build,
    EnvironmentOperationKind.START: build,
    EnvironmentOperationKind.REBUILD: build,
    EnvironmentOperationKind.STOP: stop,
    EnvironmentOperationKind.DELETE: delete,
}


def _work(run: EnvironmentRun) -> None:
    try:
        HANDLERS[run.operation.kind](run)
    except KubeError as error:
        raise OperationFailedError(error.reason, error.message) from error


def _wait_for_deploy(run: EnvironmentRun) -> None:
    """The namespace may not be there before the provider's deploy has ended."""
    provider, end = run.environment.provider, time.monotonic() + settings.DEPLOY_TIMEOUT.total_seconds()
    deploys = provider.operations.filter(kind=OperationKind.DEPLOY, state__in=ACTIVE_STATES)
    if deploys.exists():
        run.log(f"{provider.name} is being deployed; the build waits for it.")
    while deploys.exists() and time.monotonic() < end:
        run.check_cancelled()
        close_old_connections()
        time.sleep(POLL_SECONDS)


def _wait(run: EnvironmentRun, target: Any, *, until: str) -> None:
    """Log what holds it up, each cause once. Raises OperationFailedError when it failed or took too long."""
    said: tuple[str, ...] = ()
    end = time.monotonic() + settings.BUILD_TIMEOUT.total_seconds()
    while True:
        run.check_cancelled()
        seen = run_now(cluster.observe_environment(target, run.object_name))
        if seen.state == until:
            return
        if seen.problems != said:
            said = seen.problems
            for problem in said:
                run.log(problem, level=LineLevel.WARNING)
        if until == "on" and seen.state in ("failed", "missing"):
            raise OperationFailedError("build_failed", " ".join(said) or "The Deployment is gone from the cluster.")
        if time.monotonic() > end:
            minutes = settings.BUILD_TIMEOUT.total_seconds() / 60
            raise OperationFailedError(
                "build_timeout", f"It took more than {minutes:g} minutes. {' '.join(said)}".strip()
            )
        close_old_connections()
        time.sleep(POLL_SECONDS)


def _lock(operation: EnvironmentOperation) -> None:
    """The provider, so that nobody closes it for the organization between the last look and the end of a deletion."""
    if operation.kind == EnvironmentOperationKind.DELETE:
        locked(operation.environment.provider)
    operation.environment = locked_environment(operation.environment)


def _conclude(operation: EnvironmentOperation, end: End) -> None:
    environment = operation.environment
    record(
        actor=Actor(user=operation.requested_by),
        action=f"environment.{operation.kind}",
        target=environment,
        organization=environment.organization_id,
        after={"operation": str(operation.pk), "state": end.state, "error": end.code},
        outcome=end.outcome,
    )
    if operation.kind == EnvironmentOperationKind.DELETE and end.succeeded:
        environment.delete()
        drop_if_empty(environment.provider_id, environment.organization_id)
    elif not end.succeeded:
        _note_failure(operation, end)


def _note_failure(operation: EnvironmentOperation, end: End) -> None:
    """A build that failed leaves a failed environment; whatever else went wrong, the next observation tells."""
    built = HANDLERS[operation.kind] is build
    status = EnvironmentStatus.FAILED if built and end.text else EnvironmentStatus.UNKNOWN
    with transaction.atomic():
        set_status(operation.environment, status, end.text or "The operation was cancelled.")
        Environment.objects.filter(pk=operation.environment_id).update(next_observation_at=timezone.now())
