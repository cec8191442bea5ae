"""What the page of one environment shows beyond its row."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import reverse

from environments.actions import Action, actions_of
from environments.choices import EnvironmentStatus
from environments.models import Environment, EnvironmentOperation
from environments.rows import Row
from organizations.policies import Visitor
from providers.choices import OperationState
from providers.operation_log import NextStep

SHOWN_OPERATIONS = 20
NEXT_STEPS = {
    EnvironmentStatus.FAILED: "The log below may say more. Start it again, or rebuild it with another image or size.",
    EnvironmentStatus.UNKNOWN: "We go on asking its cluster. Nothing is lost: its home is on a volume of its own.",
    EnvironmentStatus.OFF: "Its home is kept. Start it to go on.",
}
TITLES = {
    EnvironmentStatus.FAILED: "It does not run.",
    EnvironmentStatus.UNKNOWN: "Its state is not known.",
    EnvironmentStatus.OFF: "It is off.",
}


@dataclass(frozen=True, kw_only=True)
class Details:
    """`operation` is the newest one with its log, `history` the ones before it."""

    row: Row
    operation: EnvironmentOperation | None
    history: Sequence[EnvironmentOperation]
    actions: list[Action]

    @property
    def environment(self) -> Environment:
        return self.row.environment

    @property
    def title(self) -> str:
        """Empty while it is as it should be, and while something is done about it."""
        return "" if self.row.moves else TITLES.get(EnvironmentStatus(self.environment.status), "")

    @property
    def next_step(self) -> str:
        return NEXT_STEPS.get(EnvironmentStatus(self.environment.status), "")

    @property
    def refusals(self) -> dict[str, list[str]]:
        """Each reason why something is not possible now, with the labels of what it concerns."""
        found: dict[str, list[str]] = {}
        for action in self.actions:
            if action.refusal:
                found.setdefault(action.refusal, []).append(action.label)
        return found


def details_of(environment: Environment, *, user: Visitor) -> Details:
    """Of a row of `for_rows`. Three or four queries."""
    newest = list(environment.operations.all()[: SHOWN_OPERATIONS + 1])
    operation = newest[0] if newest else None
    if operation:
        operation.environment = environment
    active = operation if operation and operation.is_active else None
    return Details(
        row=Row(environment=environment, user=user),
        operation=operation,
        history=newest[1:],
        actions=actions_of(environment, active, user=user),
    )


def next_steps(operation: EnvironmentOperation) -> list[NextStep]:
    """What one does after an operation that did not succeed, on its own page."""
    url = reverse("environments:environment_detail", args=[operation.environment_id])
    main = operation.state == OperationState.FAILED
    return [] if operation.is_active else [NextStep(label="Open the environment", url=url, main=main)]
