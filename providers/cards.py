"""Providers as cards: a line with name and marks, and the body that opens below it."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import cast
from uuid import UUID

from django.db.models import OuterRef, Subquery
from django.urls import reverse
from django.utils import timezone

from organizations.models import User
from providers.access_urls import AccessURLs, answering_urls
from providers.actions import DEPLOY, HELM_COMMAND, REDEPLOY, Action, actions_of, check_refusal
from providers.choices import ACTIVE_STATES, CredentialKind, OperationKind, ProviderStatus
from providers.details import ProviderDetails, check_state, load_details
from providers.freshness import unchecked_since
from providers.helm.package import chart_version
from providers.models import Operation, WorkspaceProvider
from providers.policies import can_manage
from providers.querysets import WorkspaceProviderQuerySet
from providers.reasons import Reason, reason_for
from providers.release_diff import Drift
from providers.releases import is_outdated
from providers.services.values import release_drift
from providers.timeline import in_words

DOING = {
    OperationKind.PREFLIGHT: "pre-flight",
    OperationKind.DEPLOY: "deploying",
    OperationKind.DELETE: "deleting",
}
ON_CLOSED_CARDS = (
    *("name", "hostname", "status", "status_since", "reason", "message", "failed_checks", "is_default", "built_in"),
    *("cordoned_at", "cordon_reason", "last_beat_access_url", "chart_version", "deployed_values", "deployed_revision"),
    *("release_values", "release_values_revision", "cluster_address", "devurl_host", "ssh_enabled", "storage_class"),
    *("envproxy_image", "envproxy_replicas", "last_check_at", "next_check_at"),
)
NEXT_STEPS = {"not_deployed": DEPLOY, "waiting_for_enrolment": HELM_COMMAND}


@dataclass(frozen=True, kw_only=True)
class Card:
    """Without `details` it is closed, and `provider` is of `for_closed_cards`; `managed`: its reader may act on it."""

    provider: WorkspaceProvider
    access_urls: AccessURLs
    details: ProviderDetails | None = None
    managed: bool = False

    @cached_property
    def url(self) -> str:
        return reverse("providers:provider_detail", args=[self.provider.pk])

    @property
    def reason(self) -> Reason:
        return reason_for(self.provider.reason)

    @cached_property
    def chip_detail(self) -> str:
        """What the chip says after the status: for how long, and why it is pending."""
        if self.provider.status == ProviderStatus.READY:
            return ""
        lasted = in_words(timezone.now() - self.provider.status_since)
        if self.provider.status == ProviderStatus.ERROR or not self.provider.reason:
            return lasted
        return f"{self.reason.title[:1].lower()}{self.reason.title[1:]} · {lasted}"

    @cached_property
    def doing(self) -> str:
        """The active operation in a word, or nothing."""
        active = self.details.active_operation if self.details else None
        kind = active.kind if active else getattr(self.provider, "active_kind", None)
        return DOING[OperationKind(kind)] if kind else ""

    @property
    def doubtful(self) -> bool:
        """Ready, but the last check failed: the next one decides (providers.evaluate)."""
        return self.provider.status == ProviderStatus.READY and self.provider.failed_checks > 0

    @cached_property
    def unchecked(self) -> str:
        """How long the status was not looked at, if that is too long; else empty."""
        since = unchecked_since(self.provider)
        return in_words(timezone.now() - since) if since else ""

    @property
    def check_state(self) -> str:
        return check_state(self.provider)

    @cached_property
    def check_refusal(self) -> str:
        return check_refusal(self.details) if self.details else ""

    @cached_property
    def actions(self) -> list[Action]:
        """None for those who only read."""
        return actions_of(self.provider, self.details) if self.details and self.managed else []

    @property
    def next_step(self) -> Action | None:
        """What a manager does about a pending provider, or one that calls an address that is no longer ours."""
        if self.provider.status == ProviderStatus.ERROR and self.provider.reason == "access_url_outdated":
            return self.catch_up
        label = NEXT_STEPS.get(self.provider.reason) if self.provider.status == ProviderStatus.PENDING else None
        return self._possible(label) if label else None

    @cached_property
    def drift(self) -> Drift:
        return release_drift(self.provider, access_url=self.access_urls.current)

    @cached_property
    def uses_old_access_url(self) -> bool:
        return self.access_urls.is_old(self.provider.last_beat_access_url)

    @cached_property
    def newer_chart(self) -> str:
        """The version of this deployment's chart, if the provider's is older."""
        return chart_version() if is_outdated(self.provider.chart_version) else ""

    @property
    def runs_own_helm(self) -> bool:
        """The admin's, with the command that we print."""
        return self.provider.credential_kind == CredentialKind.ENROLMENT

    @property
    def catch_up(self) -> Action | None:
        """What a manager does about a release that lacks something."""
        return self._possible(HELM_COMMAND if self.runs_own_helm else REDEPLOY)

    def _possible(self, label: str) -> Action | None:
        return next((action for action in self.actions if action.label == label and not action.refusal), None)

    @property
    def refusals(self) -> dict[str, list[str]]:
        """Each reason why something is not possible now, with the labels of what it concerns."""
        found: dict[str, list[str]] = {}
        for action in self.actions:
            if action.refusal:
                found.setdefault(action.refusal, []).append(action.label)
        return found

    @property
    def state(self) -> str:
        """A short digest of what must be fresh in an open card; it changes when the body should be loaded again."""
        row = self.provider
        facts = (row.status, row.reason, row.message, self.doubtful, row.is_default, row.cordon_reason, self.doing)
        release = (self.drift, self.uses_old_access_url, self.newer_chart, bool(self.unchecked))
        return digest(facts + release)


def for_cards(providers: WorkspaceProviderQuerySet) -> WorkspaceProviderQuerySet:
    """Adds `active_kind`, the kind of the active operation."""
    active = Operation.objects.filter(provider=OuterRef("pk"), state__in=ACTIVE_STATES).values("kind")[:1]
    return providers.annotate(active_kind=Subquery(active))


def for_closed_cards(providers: WorkspaceProviderQuerySet) -> WorkspaceProviderQuerySet:
    """As `for_cards`, with nothing but what a closed card shows."""
    return for_cards(providers.only(*ON_CLOSED_CARDS))


def make_cards(
    providers: Sequence[WorkspaceProvider], *, user: object, opened: set[UUID] | None = None, with_year: bool = False
) -> list[Card]:
    """Closed cards, but those of `opened` (None: all of them) with their details, loaded together (`load_details`)."""
    managed, urls = can_manage(cast(User, user)), answering_urls()
    shown = [provider for provider in providers if opened is None or provider.pk in opened]
    details = load_details(shown, with_year=with_year)
    return [
        Card(provider=provider, access_urls=urls, details=details.get(provider.pk), managed=managed)
        for provider in providers
    ]


def marks_state(cards: Sequence[Card]) -> str:
    """What the marks of these cards show: each card's state, then a digest of what only the passing time changes."""
    return ".".join(
        [*(card.state for card in cards), digest(tuple((card.chip_detail, card.unchecked) for card in cards))]
    )


def digest(facts: tuple[object, ...]) -> str:
    """Eight characters that change with what is given."""
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:8]
