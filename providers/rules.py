"""May an organization place new environments on a provider? Pure rules, each with its verdict in words.

Allowlist, impact preview, create form, API and “why can't I?” use these and nothing else; `environments.placement`
adds the rules about people and quotas.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Self
from uuid import UUID

from django.db.models import QuerySet

from providers.choices import Access, ProviderStatus
from providers.models import WorkspaceProvider
from providers.reasons import reason_for

Pair = tuple[UUID, UUID]
"""The ids of a provider and of an organization."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule and its verdict: `text` says what is the case, `remedy` what to do about it when it failed."""

    code: str
    passed: bool
    text: str
    remedy: str = ""


class Candidate(NamedTuple):
    """A provider as far as rules and create form ask: hundreds of them are made in a tenth of the time of models."""

    pk: UUID
    name: str
    hostname: str
    status: str
    reason: str
    is_default: bool
    cordoned_at: datetime | None
    cordon_reason: str

    @classmethod
    def of(cls, providers: "QuerySet[WorkspaceProvider]") -> list[Self]:
        """In their order. One query."""
        return [cls._make(row) for row in providers.values_list(*cls._fields)]

    @property
    def is_cordoned(self) -> bool:
        return self.cordoned_at is not None


AnyProvider = Candidate | WorkspaceProvider


def failed(rules: Iterable[Rule]) -> list[Rule]:
    return [rule for rule in rules if not rule.passed]


def access_of(closing: bool | None) -> Access:
    """What an entry of an allowlist grants, by its `closing`; None: there is no entry."""
    if closing is None:
        return Access.NONE
    return Access.CLOSING if closing else Access.OPEN


def provider_rules(provider: AnyProvider, *, is_being_deleted: bool) -> list[Rule]:
    """Whether the provider takes new environments from anybody. Only a Ready one does (reference G4.4)."""
    return [_cordon_rule(provider), _status_rule(provider), _deletion_rule(provider, is_being_deleted)]


def access_rules(provider_name: str, organization_name: str, access: Access) -> list[Rule]:
    """Whether the allowlist lets the organization in, and whether it is on its way out."""
    allowed = access != Access.NONE
    verb = "is" if allowed else "is not"
    rules = [
        Rule(
            code="allowlist",
            passed=allowed,
            text=f"{organization_name} {verb} on the allowlist of {provider_name}.",
            remedy="" if allowed else "A site manager can add the organization to the allowlist.",
        )
    ]
    if allowed:
        rules.append(_closing_rule(provider_name, organization_name, access))
    return rules


def _closing_rule(provider_name: str, organization_name: str, access: Access) -> Rule:
    if access == Access.OPEN:
        return Rule(code="closing", passed=True, text=f"{provider_name} is not closing for {organization_name}.")
    return Rule(
        code="closing",
        passed=False,
        text=f"{provider_name} is closing for {organization_name}: what is there goes on, new ones are not taken.",
        remedy="Choose another provider, or ask a site manager to open it again.",
    )


def _cordon_rule(provider: AnyProvider) -> Rule:
    if not provider.is_cordoned:
        return Rule(code="cordoned", passed=True, text=f"{provider.name} is not cordoned.")
    reason = provider.cordon_reason
    return Rule(
        code="cordoned",
        passed=False,
        text=f"{provider.name} is cordoned: {reason}{'' if reason.endswith(('.', '!', '?')) else '.'}",
        remedy="Choose another provider, or wait until it is uncordoned.",
    )


def _status_rule(provider: AnyProvider) -> Rule:
    if provider.status == ProviderStatus.READY:
        return Rule(code="status", passed=True, text=f"{provider.name} is Ready.")
    state = ProviderStatus(provider.status).label
    cause = reason_for(provider.reason).title if provider.reason else ""
    return Rule(
        code="status",
        passed=False,
        text=f"{provider.name} is {state}{f': {cause}' if cause else ''}.",
        remedy="Choose another provider, or wait until it is Ready.",
    )


def _deletion_rule(provider: AnyProvider, is_being_deleted: bool) -> Rule:
    if not is_being_deleted:
        return Rule(code="deletion", passed=True, text=f"{provider.name} is not being deleted.")
    return Rule(
        code="deletion", passed=False, text=f"{provider.name} is being deleted.", remedy="Choose another provider."
    )
