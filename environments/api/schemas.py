"""How environments look to programs."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from ninja import Field, Schema

from coderadmin.api.bodies import Body, Named
from environments.choices import EnvironmentOperationKind, EnvironmentStatus
from environments.models import Environment, EnvironmentOperation
from environments.placement import Placement
from organizations.api.schemas import Person
from providers.choices import OperationState


class EnvironmentOut(Schema):
    id: UUID
    name: str
    owner: Person
    organization: Named
    provider: Named
    image: str
    tag: str
    cpu_cores: float
    memory_gb: float
    disk_gb: int
    gpus: int
    status: EnvironmentStatus
    message: str
    status_since: datetime
    auto_off_at: datetime | None = Field(description="When it is stopped unless somebody uses it.")
    active_operation: EnvironmentOperationKind | None
    revision: int = Field(description="The ETag, too.")
    created_at: datetime


def environment_out(environment: Environment) -> dict[str, Any]:
    """EnvironmentOut of a row of `for_rows`."""
    plain = EnvironmentOut.model_fields.keys() - {"active_operation"}
    active: Any = getattr(environment, "active_kind", None)
    return {name: getattr(environment, name) for name in plain} | {"active_operation": active}


class PlanFields(Body):
    image: str | None = None
    tag: str | None = None
    cpu_cores: Decimal | None = None
    memory_gb: Decimal | None = None
    disk_gb: int | None = Field(None, description="It never shrinks.")
    gpus: int | None = None


class EnvironmentIn(PlanFields):
    organization: UUID
    name: str
    image: str = Field(description="What is left out of tag and size is as the organization's image has it.")
    disk_gb: int | None = None
    gpus: int = 0
    provider: UUID | None = Field(None, description="Left out: the default, or the best one that is usable.")
    owner: str = Field("", description="The e-mail of a member, for those who manage the organization.")


class EnvironmentOperationOut(Schema):
    id: UUID
    kind: EnvironmentOperationKind
    state: OperationState
    is_active: bool
    environment: Named
    requested_by_name: str
    requested_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    cancel_requested: bool
    error_code: str
    error_text: str


def operation_out(operation: EnvironmentOperation) -> dict[str, Any]:
    """Of an operation with its environment loaded."""
    return {name: getattr(operation, name) for name in EnvironmentOperationOut.model_fields}


class CreatedOut(EnvironmentOut):
    operation: EnvironmentOperationOut = Field(description="The build.")


class RequestedOut(Schema):
    operation: EnvironmentOperationOut | None = Field(description="Null when it was so already.")


class RuleOut(Schema):
    code: str
    passed: bool
    text: str
    remedy: str


class WhyOut(Schema):
    allowed: bool
    rules: list[RuleOut]


def why_out(answer: Placement) -> dict[str, Any]:
    return {"allowed": answer.allowed, "rules": answer.rules}


class OrganizationImpactOut(Schema):
    """What deleting an organization moves to the default one."""

    default: Named
    people: int
    joining: int
    running: int
    stopped: int
    closing: list[str] = Field(description="Providers where the default organization goes on with what moves to it.")
    rules: list[str] = Field(description="Rules of the sign-in service that give a role in it, and end with it.")
