"""Noticing what became of environments on their clusters: pods that crash, Deployments that somebody deleted."""

import logging
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef
from django.utils import timezone

from environments.choices import EnvironmentStatus
from environments.models import Environment, EnvironmentOperation
from environments.services.statuses import set_status
from providers.choices import ACTIVE_STATES, ProviderStatus
from providers.kube.blocking import run as run_now
from providers.kube.environments import Observation, observe_environments
from providers.kube.errors import KubeError
from providers.models import WorkspaceProvider
from providers.services.run import OperationFailedError, reachable_target

logger = logging.getLogger(__name__)

MOST_CLAIMED = 2000  # environments; those of one provider are looked at together
GONE = "Its Deployment is gone from the cluster. Rebuild the environment to make it again; its home may still be there."
STATUSES = {
    "on": EnvironmentStatus.ON,
    "off": EnvironmentStatus.OFF,
    "creating": EnvironmentStatus.CREATING,
    "failed": EnvironmentStatus.FAILED,
    "missing": EnvironmentStatus.FAILED,
}


def claim_due_observations() -> set[UUID]:
    """The providers whose environments are due, each environment claimed by this caller alone. One query."""
    return Environment.objects.claim_due(now=timezone.now(), interval=settings.OBSERVE_INTERVAL, limit=MOST_CLAIMED)


def observe_provider(provider_id: UUID) -> None:
    """Look at all environments of the provider and store what changed; a cluster that can't say makes them unknown.

    Those with work under way are left to that work. Two or three calls to the cluster, whatever their number.
    """
    provider = WorkspaceProvider.objects.select_related("credential").filter(pk=provider_id).first()
    if provider is None:
        return
    asked_at = timezone.now()
    if provider.status == ProviderStatus.ERROR:  # its checks ask already; a silent cluster shall cost nobody a thread
        _not_seen(provider, asked_at, f"{provider.name} is in Error.")
        return
    try:
        seen: Mapping[UUID, Observation] = run_now(observe_environments(reachable_target(provider)))
    except (KubeError, OperationFailedError) as error:
        logger.info("the environments of %s can't be observed: %s", provider.pk, error)
        _not_seen(provider, asked_at, f"{provider.name} can't be asked: {error}")
        return
    for environment in _idle(provider, asked_at):
        _store(environment, seen.get(environment.pk))


def _not_seen(provider: WorkspaceProvider, asked_at: datetime, message: str) -> None:
    for environment in _idle(provider, asked_at).exclude(status=EnvironmentStatus.UNKNOWN):
        set_status(environment, EnvironmentStatus.UNKNOWN, message)


def _store(environment: Environment, seen: Observation | None) -> None:
    """No query when nothing changed, as with nearly all of them nearly always."""
    if seen is None or seen.state == "missing":
        status, message = EnvironmentStatus.FAILED, GONE
    else:
        status, message = STATUSES[seen.state], " ".join(seen.problems)
    if (environment.status, environment.message) != (status, message) and set_status(environment, status, message):
        logger.info("environment %s: %s", environment.pk, seen.state if seen else "missing")


def _idle(provider: WorkspaceProvider, asked_at: datetime) -> "models.QuerySet[Environment]":
    """Those without work under way, nor any that ended since the cluster was asked."""
    work = EnvironmentOperation.objects.filter(environment=OuterRef("pk"))
    return Environment.objects.filter(provider=provider).exclude(
        Exists(work.filter(state__in=ACTIVE_STATES)) | Exists(work.filter(finished_at__gte=asked_at))
    )
