"""How the access URL, its changes and rollouts look to programs."""

from datetime import datetime
from typing import Any
from uuid import UUID

from ninja import Field, Schema

from coderadmin.api.bodies import Body, Named
from infrastructure.choices import ChangeState, RolloutKind, RolloutState, StepState
from infrastructure.details import ChangeDetails, details_of
from infrastructure.models import AccessURLChange, Rollout
from infrastructure.panels import Panel, Row, count_steps, make_panels, progress_in_words
from providers.access_urls import access_url, answering_urls
from providers.confirmations import Confirmation
from providers.releases import ChartState


class AccessUrlUse(Schema):
    provider: Named
    access_url: str = Field(description="As its last beat reported it; empty before the first one.")


class AccessUrlChangeOut(Schema):
    """A change of the access URL, in short."""

    id: UUID
    old_url: str
    new_url: str
    state: ChangeState
    requested_by_name: str
    requested_at: datetime
    switched_at: datetime | None
    confirmed_at: datetime | None
    ended_at: datetime | None


class AccessUrlOut(Schema):
    url: str
    since: datetime | None = Field(description="Null for the one that the deployment was set up with.")
    set_by_name: str
    accepted: str = Field(description="The other one that is answered during a change; else empty.")
    change: AccessUrlChangeOut | None = Field(description="The one that is under way.")


class FindingOut(Schema):
    code: str
    label: str
    level: str
    detail: str
    remedy: str


class StepOut(Schema):
    """One provider of a rollout."""

    id: int
    provider: Named | None = Field(description="Null once it is deleted.")
    provider_name: str
    state: StepState
    words: str
    is_canary: bool
    by_hand: bool
    command: str = Field(description="What its admin runs, who has his own Helm; else empty.")
    operation: UUID | None
    failure: str
    skip_reason: str
    skipped_by_name: str
    ended_at: datetime | None


class RolloutOut(Schema):
    id: UUID
    kind: RolloutKind
    change: UUID | None = Field(description="Of the access URL.")
    access_url: str
    state: RolloutState
    is_active: bool
    progress: str
    pause_reason: str
    failure_limit: int
    requested_by_name: str
    requested_at: datetime
    ended_at: datetime | None


class RolloutDetailsOut(RolloutOut):
    steps: list[StepOut]


class FateOut(Schema):
    provider: Named
    words: str


class AccessUrlChangeDetailsOut(AccessUrlChangeOut):
    is_checking: bool
    checked_at: datetime | None
    findings: list[FindingOut]
    switch_refusal: str = Field(description="Why it can't be switched now; else empty.")
    fates: list[FateOut] = Field(description="Before the switch: what it will do to each provider.")
    in_the_way: list[Named] = Field(description="Providers that keep it from being finished.")
    last_request_at: datetime | None = Field(description="The last one that came by the old URL.")
    rollout: RolloutDetailsOut | None = Field(description="The newest one of this change.")


class ConfirmationOut(Schema):
    """What an action would do. Nothing is changed."""

    title: str
    lead: str
    effects: list[str]
    stays: list[str]


class AccessUrlChangeIn(Body):
    new_url: str


class RolloutOptions(Body):
    canary: UUID | None = Field(None, description="Redeployed first. Left out: the quietest Ready one.")
    failure_limit: int = Field(1, description="It pauses at this many failures.")


class SwitchIn(RolloutOptions):
    warnings_read: bool = Field(False, description="There are warnings among the findings, and you have read them.")


class UpgradeIn(RolloutOptions):
    providers: list[UUID] | None = Field(None, description="Left out: all whose chart is outdated.")


class UpgradeQuery(Schema):
    provider: list[UUID] = Field([], description="May be repeated. Left out: all whose chart is outdated.")


class SkipIn(Body):
    reason: str


class UpgradeRowOut(Schema):
    provider: Named
    chart_version: str
    state: ChartState
    by_hand: bool


def change_out(change: AccessURLChange) -> dict[str, Any]:
    return {name: getattr(change, name) for name in AccessUrlChangeOut.model_fields}


def change_details_out(change: AccessURLChange) -> dict[str, Any]:
    """At most six queries."""
    details: ChangeDetails = details_of(change, managed=False, urls=answering_urls())
    refusal = details.switch_refusal
    return change_out(change) | {
        "is_checking": details.is_checking,
        "checked_at": change.checked_at,
        "findings": change.findings,
        "switch_refusal": f"{refusal.message} {refusal.remedy}".strip() if refusal else "",
        "fates": details.fates,
        "in_the_way": details.in_the_way,
        "last_request_at": details.last_request_at,
        "rollout": _panel_out(details.panel) if details.panel else None,
    }


def rollout_out(rollout: Rollout) -> dict[str, Any]:
    """RolloutDetailsOut. One query."""
    [panel] = make_panels([rollout], managed=False, present_url=access_url())
    return _panel_out(panel)


def rollouts_out(rollouts: list[Rollout]) -> list[dict[str, Any]]:
    """RolloutOut. One query for all."""
    counts = count_steps(rollouts)
    return [_rollout_out(rollout, progress_in_words(counts[rollout.pk])) for rollout in rollouts]


def confirmation_out(confirmation: Confirmation) -> dict[str, Any]:
    return {name: getattr(confirmation, name) for name in ConfirmationOut.model_fields}


def _panel_out(panel: Panel) -> dict[str, Any]:
    return _rollout_out(panel.rollout, panel.progress) | {"steps": [_step_out(row) for row in panel.rows]}


def _rollout_out(rollout: Rollout, progress: str) -> dict[str, Any]:
    plain = RolloutOut.model_fields.keys() - {"change", "progress"}
    return {name: getattr(rollout, name) for name in plain} | {"change": rollout.change_id, "progress": progress}


def _step_out(row: Row) -> dict[str, Any]:
    step = row.step
    plain = StepOut.model_fields.keys() - {"words", "command", "operation"}
    made = {"words": row.words, "command": row.command, "operation": step.operation_id}
    return {name: getattr(step, name) for name in plain} | made
