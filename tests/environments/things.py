"""Members with room, plans, and operations for the tests of environments."""

from decimal import Decimal
from typing import Any

from audit.models import AuditEvent
from environments.models import Environment, EnvironmentOperation
from environments.services import Plan
from environments.services.working import run_environment_operation
from organizations.choices import OrganizationRole
from organizations.models import Organization, User
from providers.kube.environments import Observation
from tests.people import add_member, make_user

IMAGE = "codercom/enterprise-base"


def make_plan(**fields: Any) -> Plan:
    defaults: dict[str, Any] = {"name": "dev", "image": IMAGE, "cpu_cores": Decimal(1), "memory_gb": Decimal(2)}
    return Plan(**defaults | fields)


def make_member(organization: Organization, role: OrganizationRole = OrganizationRole.MEMBER, **fields: Any) -> User:
    person = make_user(**fields)
    add_member(organization, person, role)
    return person


def make_work(environment: Environment, *, lines: list[str] | None = None, **fields: Any) -> EnvironmentOperation:
    """A running build, asked for by the owner, and of a worker that holds it."""
    defaults = {"kind": "create", "state": "running", "requested_by_name": environment.owner.email}
    operation = EnvironmentOperation.objects.create(environment=environment, **defaults | fields)
    for text in lines or []:
        operation.lines.create(text=text)
    return operation


def done(operation: EnvironmentOperation | None) -> EnvironmentOperation:
    """The operation after a worker, played by this thread, has run it; as it was when its environment is gone."""
    assert operation is not None
    run_environment_operation(operation.pk)
    return EnvironmentOperation.objects.filter(pk=operation.pk).first() or operation


def log_of(operation: EnvironmentOperation) -> str:
    return "\n".join(f"{line.level} {line.text}" for line in operation.lines.all())


def outcomes(action: str) -> list[tuple[str, str]]:
    """Outcome and actor of each audit row of that action, oldest first."""
    rows = AuditEvent.objects.filter(action=action).order_by("id")
    return list(rows.values_list("outcome", "actor_name"))


def seen(state: Any, *problems: str) -> Observation:
    return Observation(state=state, problems=problems)
