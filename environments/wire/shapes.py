"""Environments as JSON."""

from typing import Any, cast

from django.db.models import OuterRef, Subquery

from coderadmin.wire.bodies import HOUR, moment
from environments.choices import EnvironmentOperationKind, EnvironmentStatus
from environments.models import Environment, EnvironmentOperation, Image
from environments.querysets import EnvironmentQuerySet
from environments.rows import for_rows

BUILDS = (EnvironmentOperationKind.CREATE, EnvironmentOperationKind.START, EnvironmentOperationKind.REBUILD)
CONTAINER_STATUS = {
    EnvironmentStatus.CREATING: "CREATING",
    EnvironmentStatus.ON: "ON",
    EnvironmentStatus.OFF: "OFF",
    EnvironmentStatus.FAILED: "FAILED",
    EnvironmentStatus.UNKNOWN: "UNKNOWN",
}


def for_wire(environments: EnvironmentQuerySet) -> EnvironmentQuerySet:
    """As `for_rows`, with `image_id` and `last_built_at`; all in the same query."""
    images = Image.objects.filter(organization=OuterRef("organization"), repository=OuterRef("image"))
    builds = EnvironmentOperation.objects.filter(environment=OuterRef("pk"), kind__in=BUILDS)
    return cast(
        EnvironmentQuerySet,
        for_rows(environments).annotate(
            image_id=Subquery(images.order_by().values("pk")[:1]),
            last_built_at=Subquery(builds.order_by("-requested_at").values("finished_at")[:1]),
        ),
    )


def environment_shape(environment: Any) -> dict[str, Any]:
    """Of a row of `for_wire`. Usage of CPU, memory and disk is not measured: zero."""
    auto_off = (environment.organization.auto_off_hours or 0) * HOUR
    return {
        "id": str(environment.pk),
        "name": environment.name,
        "image_id": str(environment.image_id or ""),
        "image_tag": environment.tag,
        "organization_id": str(environment.organization_id),
        "user_id": str(environment.owner_id),
        "last_built_at": moment(environment.last_built_at),
        "cpu_cores": float(environment.cpu_cores),
        "memory_gb": float(environment.memory_gb),
        "disk_gb": environment.disk_gb,
        "gpus": environment.gpus,
        "updating": environment.active_kind is not None,
        "latest_stat": _stat(environment),
        "rebuild_messages": [],
        "created_at": moment(environment.created_at),
        "updated_at": moment(environment.status_since),
        "last_opened_at": moment(environment.active_at),
        "last_connection_at": moment(environment.active_at),
        "auto_off_threshold": auto_off,
        "use_container_vm": False,
        "resource_pool_id": str(environment.provider_id),
    }


def _stat(environment: Environment) -> dict[str, Any]:
    return {
        "time": moment(environment.status_since),
        "last_online": moment(environment.active_at),
        "container_status": CONTAINER_STATUS[EnvironmentStatus(environment.status)],
        "stat_error": environment.message,
        "cpu_usage": 0.0,
        "memory_total": 0,
        "memory_usage": 0.0,
        "disk_total": 0,
        "disk_used": 0,
    }
