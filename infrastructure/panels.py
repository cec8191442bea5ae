"""A rollout as a page shows it: how far it is, and each provider's step in words."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from uuid import UUID

from django.conf import settings
from django.db.models import Count
from django.urls import reverse

from infrastructure.choices import DONE, IN_WORK, RolloutKind, RolloutState, StepState
from infrastructure.models import Rollout, RolloutStep
from infrastructure.services.confirming import needs_beat
from providers.helm.command import make_upgrade_command
from providers.helm.package import chart_version
from providers.words import enumerated

MARKS = {
    StepState.WAITING: ("waiting", "○"),
    StepState.DEPLOYING: ("running", ""),
    StepState.CONFIRMING: ("running", ""),
    StepState.CONFIRMED: ("ok", "✓"),
    StepState.FAILED: ("failed", "✗"),
    StepState.SKIPPED: ("skipped", "»"),
}
WORDS = {
    StepState.WAITING: "Waiting",
    StepState.DEPLOYING: "Being redeployed",
    StepState.CONFIRMING: "Deployed, being confirmed",
    StepState.CONFIRMED: "Confirmed",
    StepState.FAILED: "Failed",
    StepState.SKIPPED: "Skipped",
}


@dataclass(frozen=True, kw_only=True)
class Tick:
    """One of the things that confirm a step; `at` is None until it was seen."""

    label: str
    at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Row:
    """`step` with its provider and operation loaded; below `present_url` lies the chart's repository."""

    rollout: Rollout
    step: RolloutStep
    present_url: str

    @property
    def waits_for_a_person(self) -> bool:
        return self.step.by_hand and self.step.state == StepState.CONFIRMING and not self.step.beat_at

    @property
    def was_left(self) -> bool:
        """The rollout was called off or rolled back before this step had an end."""
        return not self.rollout.is_active and self.step.state in (StepState.WAITING, *IN_WORK)

    @property
    def style(self) -> str:
        return self._look[0]

    @property
    def mark(self) -> str:
        return self._look[1]

    @property
    def _look(self) -> tuple[str, str]:
        if self.was_left:
            return MARKS[StepState.WAITING]
        return ("by-hand", "→") if self.waits_for_a_person else MARKS[StepState(self.step.state)]

    @property
    def words(self) -> str:
        if self.was_left:
            return "Not begun" if self.step.state == StepState.WAITING else "Not followed to its end"
        if self.waits_for_a_person:
            return "Waiting for you to run Helm"
        if self.step.by_hand and self.step.state == StepState.CONFIRMING:
            return "Its beat came, a check follows"
        return WORDS[StepState(self.step.state)]

    @cached_property
    def ticks(self) -> list[Tick]:
        """None before it has begun, and none for what was skipped."""
        step = self.step
        if step.state in (StepState.WAITING, StepState.SKIPPED) or step.provider is None:
            return []
        beat = f"Beat by {self.rollout.access_url}" if self.rollout.access_url else "Beat after the deploy"
        deployed = [] if step.by_hand else [Tick(label="Deployed", at=step.deployed_at)]
        beats = [Tick(label=beat, at=step.beat_at)] if needs_beat(self.rollout, step.provider) else []
        return [*deployed, *beats, Tick(label="Check passed", at=step.checked_at)]

    @property
    def command(self) -> str:
        """What an admin runs who has his own Helm; empty when it was seen to work."""
        if not (self.step.by_hand and self.step.provider and self.rollout.is_active) or self.step.state in DONE:
            return ""
        return make_upgrade_command(
            repository_url=f"{self.present_url}/charts",
            version=chart_version(),
            namespace=self.step.provider.namespace,
            access_url=self.rollout.access_url,
            timeout_s=int(settings.DEPLOY_TIMEOUT.total_seconds()),
        )

    @property
    def can_retry(self) -> bool:
        return self.rollout.is_active and self.step.state == StepState.FAILED

    @property
    def can_skip(self) -> bool:
        return self.rollout.is_active and self.step.state not in (*DONE, StepState.DEPLOYING)


def progress_in_words(counts: Counter[str]) -> str:
    """`5 of 8 done, 2 under way, 1 failed`. `counts`: steps of a rollout by state."""
    done, under_way = (sum(counts[state] for state in states) for states in (DONE, IN_WORK))
    parts = [(under_way, "under way"), (counts[StepState.FAILED], "failed"), (counts[StepState.SKIPPED], "skipped")]
    return ", ".join([f"{done} of {counts.total()} done", *(f"{count} {word}" for count, word in parts if count)])


@dataclass(frozen=True, kw_only=True)
class Panel:
    """`managed`: its reader may act on it."""

    rollout: Rollout
    rows: list[Row]
    managed: bool

    @property
    def acts(self) -> bool:
        return self.managed and self.rollout.is_active

    @property
    def total(self) -> int:
        return len(self.rows)

    @cached_property
    def counts(self) -> Counter[str]:
        return Counter(row.step.state for row in self.rows)

    @property
    def done(self) -> int:
        return sum(self.counts[state] for state in DONE)

    @property
    def failed(self) -> int:
        return self.counts[StepState.FAILED]

    @property
    def progress(self) -> str:
        return progress_in_words(self.counts)

    @property
    def headline(self) -> str:
        """Where it stands, for those who listen."""
        return f"{self.rollout.get_state_display()}: {self.progress}. {self.rollout.pause_reason}".strip()

    @property
    def canary(self) -> RolloutStep | None:
        """While the others wait for it."""
        first = next((row.step for row in self.rows if row.step.is_canary), None)
        return first if first and first.state not in DONE and self.rollout.is_active and self.total > 1 else None

    @property
    def paused_by_itself(self) -> bool:
        return self.rollout.state == RolloutState.PAUSED and not self.rollout.paused_by_name

    @property
    def waits_for(self) -> str:
        """What a person has to do, once nothing else is left; empty while something moves or it is paused."""
        if self.rollout.state != RolloutState.RUNNING or self.counts[StepState.WAITING]:
            return ""
        moving = [row for row in self.rows if row.step.state in IN_WORK and not row.waits_for_a_person]
        by_hand = [row.step.provider_name for row in self.rows if row.waits_for_a_person]
        if moving or not (by_hand or self.failed):
            return ""
        if self.failed:
            return "Nothing else is left: correct what failed and retry it, or skip it."
        return f"Only what you do yourself is left: {enumerated(by_hand)}."

    @cached_property
    def fingerprint(self) -> str:
        """It changes when the panel should be shown anew."""
        rollout = self.rollout
        steps = [
            (row.step.pk, row.step.state, row.step.operation_id, row.step.failure, *(tick.at for tick in row.ticks))
            for row in self.rows
        ]
        return digest(rollout.state, rollout.pause_reason, steps)


def digest(*facts: object) -> str:
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:12]


def make_panels(rollouts: Sequence[Rollout], *, managed: bool, present_url: str) -> list[Panel]:
    """With all their steps. One query for all."""
    steps = RolloutStep.objects.filter(rollout__in=rollouts).select_related("provider", "operation")
    rows: dict[object, list[Row]] = {rollout.pk: [] for rollout in rollouts}
    by_id = {rollout.pk: rollout for rollout in rollouts}
    for step in steps:
        rollout = by_id[step.rollout_id]
        rows[rollout.pk].append(Row(rollout=rollout, step=step, present_url=present_url))
    return [Panel(rollout=rollout, rows=rows[rollout.pk], managed=managed) for rollout in rollouts]


def count_steps(rollouts: Sequence[Rollout]) -> dict[UUID, Counter[str]]:
    """By state, for each rollout. One query, of no step: there may be thousands in each."""
    counts = {rollout.pk: Counter[str]() for rollout in rollouts}
    states = RolloutStep.objects.filter(rollout__in=rollouts).order_by().values_list("rollout", "state")
    for rollout, state, count in states.annotate(count=Count("pk")):
        counts[rollout][state] = count
    return counts


def url_of_rollout(rollout: Rollout) -> str:
    """Where its panel is: a change of the access URL has a page of its own."""
    if rollout.kind == RolloutKind.ACCESS_URL and rollout.change_id:
        return reverse("infrastructure:change_detail", args=[rollout.change_id])
    return reverse("infrastructure:rollout_detail", args=[rollout.pk])
