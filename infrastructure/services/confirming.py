"""What confirms a step, from what beats and checks have stored; no cluster is asked here."""

from datetime import datetime

from infrastructure.choices import RolloutKind
from infrastructure.models import Rollout, RolloutStep
from providers.addresses import is_same_origin
from providers.choices import ProviderStatus
from providers.models import WorkspaceProvider


def note_evidence(rollout: Rollout, step: RolloutStep, provider: WorkspaceProvider) -> bool:
    """Sets `beat_at` and `checked_at` when they were seen; whether the beat is new. Not saved."""
    beat_is_new = step.beat_at is None and _has_beaten(rollout, step, provider)
    if beat_is_new:
        step.beat_at = provider.last_beat_at
    if step.checked_at is None and _is_well(provider, since=step.beat_at if step.by_hand else step.deployed_at):
        step.checked_at = provider.last_check_at
    return beat_is_new


def is_confirmed(rollout: Rollout, step: RolloutStep, provider: WorkspaceProvider) -> bool:
    was_seen = bool(step.checked_at) and bool(step.beat_at or not needs_beat(rollout, provider))
    return was_seen and (not step.by_hand or _has_settled(rollout, provider))


def needs_beat(rollout: Rollout, provider: WorkspaceProvider) -> bool:
    """An upgrade does not ask it of a provider whose envproxy never called home."""
    return rollout.kind == RolloutKind.ACCESS_URL or provider.last_beat_at is not None


def missing(rollout: Rollout, step: RolloutStep, provider: WorkspaceProvider) -> str:
    """Why the step is not confirmed, and what to look at."""
    if not step.beat_at and needs_beat(rollout, provider):
        by = f" by {rollout.access_url}" if rollout.access_url else ""
        return f"It was deployed, but no beat of its envproxy came{by}. Look at the log of its pod."
    if provider.status != ProviderStatus.READY:
        return f"It was deployed, but is not Ready: {provider.message or provider.reason}"
    answer = provider.evidence.get("url_answer") or {}
    problem = answer.get("problem") or "no check has ended since."
    return f"It was deployed, but {provider.served_envproxy_access_url} does not answer: {problem}"


def _has_beaten(rollout: Rollout, step: RolloutStep, provider: WorkspaceProvider) -> bool:
    """Only what was deployed by this step knows the new access URL; an upgrade's pods are told by the time alone."""
    if rollout.kind == RolloutKind.ACCESS_URL:
        urls = (provider.last_beat_access_url, provider.last_beat_through)
        uses_it = all(is_same_origin(url, rollout.access_url) for url in urls)
        return uses_it and _is_after(provider.last_beat_at, step.started_at)
    return _is_after(provider.last_beat_at, step.deployed_at or step.started_at)


def _has_settled(rollout: Rollout, provider: WorkspaceProvider) -> bool:
    """Whether the Helm of an admin has ended, and by the access URL: its first pod beats before the others are there,
    and all go back to what they were if one of them does not come.
    """
    release = provider.evidence.get("release")
    if release and release["status"] != "deployed":
        return False
    values = provider.release_values.get("cemanager")
    url = values.get("accessURL") if isinstance(values, dict) else None
    return rollout.kind != RolloutKind.ACCESS_URL or not url or is_same_origin(str(url), rollout.access_url)


def _is_after(moment: datetime | None, since: datetime | None) -> bool:
    return moment is not None and since is not None and moment > since


def _is_well(provider: WorkspaceProvider, *, since: datetime | None) -> bool:
    """A check after `since` found it Ready, and envproxy's URL answered if it was asked."""
    if not _is_after(provider.last_check_at, since):
        return False
    answer = provider.evidence.get("url_answer")
    answers = answer["answers"] if answer else provider.last_beat_at is None
    return bool(provider.status == ProviderStatus.READY and provider.failed_checks == 0 and answers)
