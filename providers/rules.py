"""May an organization place new environments on a provider? Pure rules, each with its verdict in words.

Allowlist, impact preview, create form, API and “why can't I?” use these and nothing else; `environments.placement`
adds the rules about people and quotas.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from providers.candidates import Candidate
from providers.choices import Access, ProviderStatus
from providers.models import AllowlistEntry
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


def failed(rules: Iterable[Rule]) -> list[Rule]:
    return [rule for rule in rules if not rule.passed]


def access_of(entry: AllowlistEntry | None) -> Access:
    if entry is None:
        return Access.NONE
    return Access.CLOSING if entry.closing else Access.OPEN


def provider_rules(provider: Candidate) -> list[Rule]:
    """Whether the provider takes new environments from anybody. Only a Ready one does (reference G4.4)."""
    return [_cordon_rule(provider), _status_rule(provider), _deletion_rule(provider)]


def access_rules(provider: Candidate, organization_name: str) -> list[Rule]:
    """Whether the allowlist lets the organization in, and whether it is on its way out."""
    allowed = provider.closing is not None
    verb = "is" if allowed else "is not"
    rules = [
        Rule(
            code="allowlist",
            passed=allowed,
            text=f"{organization_name} {verb} on the allowlist of {provider.name}.",
            remedy="" if allowed else "A site manager can add the organization to the allowlist.",
        )
    ]
    if allowed:
        rules.append(_closing_rule(provider, organization_name))
    return rules


def _closing_rule(provider: Candidate, organization_name: str) -> Rule:
    if not provider.closing:
        return Rule(code="closing", passed=True, text=f"{provider.name} is not closing for {organization_name}.")
    return Rule(
        code="closing",
        passed=False,
        text=f"{provider.name} is closing for {organization_name}: what is there goes on, new ones are not taken.",
        remedy="Choose another provider, or ask a site manager to open it again.",
    )


def _cordon_rule(provider: Candidate) -> Rule:
    if not provider.is_cordoned:
        return Rule(code="cordoned", passed=True, text=f"{provider.name} is not cordoned.")
    reason = provider.cordon_reason
    return Rule(
        code="cordoned",
        passed=False,
        text=f"{provider.name} is cordoned: {reason}{'' if reason.endswith(('.', '!', '?')) else '.'}",
        remedy="Choose another provider, or wait until it is uncordoned.",
    )


def _status_rule(provider: Candidate) -> Rule:
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


def _deletion_rule(provider: Candidate) -> Rule:
    if not provider.is_being_deleted:
        return Rule(code="deletion", passed=True, text=f"{provider.name} is not being deleted.")
    return Rule(
        code="deletion", passed=False, text=f"{provider.name} is being deleted.", remedy="Choose another provider."
    )
