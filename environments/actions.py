"""What one can do with an environment, in the order of the row on its page; and why not now, if not."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import reverse

from environments.choices import EnvironmentOperationKind, EnvironmentStatus
from environments.models import Environment, EnvironmentOperation
from environments.opening import refusal_to_open
from environments.policies import can_leave_objects, can_open
from organizations.policies import Visitor
from providers.choices import ProviderStatus
from providers.confirmations import OUT_OF_REACH

STARTS_FROM = (EnvironmentStatus.OFF, EnvironmentStatus.FAILED, EnvironmentStatus.UNKNOWN)
STOPS_FROM = (EnvironmentStatus.ON, EnvironmentStatus.FAILED, EnvironmentStatus.UNKNOWN, EnvironmentStatus.CREATING)


@dataclass(frozen=True, kw_only=True)
class Action:
    """`asks`: a link leads to its address, otherwise a button does it. `refusal` ends the sentence “Start: …”."""

    label: str
    url: str
    asks: bool = False
    main: bool = False
    dangerous: bool = False
    refusal: str = ""


def actions_of(environment: Environment, active: EnvironmentOperation | None, *, user: Visitor) -> list[Action]:
    """Its provider must be loaded. At most one query."""
    return list(_actions(environment, active, user))


def _actions(environment: Environment, active: EnvironmentOperation | None, user: Visitor) -> Iterator[Action]:
    busy = f"{active.get_kind_display()} by {active.requested_by_name} is under way." if active else ""

    def url(view: str) -> str:
        return reverse(f"environments:environment_{view}", args=[environment.pk])

    if environment.status == EnvironmentStatus.ON and can_open(user, environment):
        refusal = busy or refusal_to_open(environment)
        yield Action(label="Open", url=url("open"), asks=True, main=True, refusal=refusal)
    if environment.status in STARTS_FROM:
        yield Action(label="Start", url=url("start"), main=not busy, refusal=busy)
    if environment.status in STOPS_FROM:
        yield Action(label="Stop", url=url("stop"), refusal=busy)
    yield Action(label="Edit and rebuild", url=url("rebuild"), asks=True, refusal=busy)
    yield Action(label="Delete", url=url("delete"), asks=True, dangerous=True, refusal=busy)
    if can_leave_objects(user) and may_leave_objects(environment):
        label = "Delete, leave objects behind"
        yield Action(label=label, url=url("delete_anyway"), asks=True, dangerous=True, refusal=busy)


def may_leave_objects(environment: Environment) -> bool:
    """Whether its cluster seems out of reach: by the last check, or because a deletion has just failed. One query."""
    provider = environment.provider
    if provider.status != ProviderStatus.READY and provider.reason in OUT_OF_REACH:
        return True
    last = environment.operations.filter(kind=EnvironmentOperationKind.DELETE).first()
    return bool(last and last.error_code)
