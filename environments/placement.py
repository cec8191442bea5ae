"""May this person place a new environment of this organization on this provider? Every rule with its verdict in words.

Create form, create service, API and “why can't I?” ask here and nowhere else. The rules about providers and
allowlists are those of `providers.rules`; this module adds person, membership and quota.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.db.models import Count

from environments.models import Environment
from environments.querysets import SIZES
from organizations.choices import OrganizationRole
from organizations.models import Membership, Organization, User
from organizations.policies import is_site_manager
from providers.candidates import Candidate, candidate, candidates, candidates_of
from providers.models import WorkspaceProvider
from providers.rules import Rule, access_rules, failed, provider_rules

UNITS = {"cpu_cores": "CPU cores", "memory_gb": "GB of memory", "disk_gb": "GB of disk", "gpus": "GPUs"}
Sizes = Mapping[str, Decimal | int]
"""By the names in SIZES."""


@dataclass(frozen=True, kw_only=True)
class Placement:
    """The answer for one provider."""

    provider: Candidate
    rules: list[Rule]

    @property
    def allowed(self) -> bool:
        return not self.refusals

    @cached_property
    def refusals(self) -> list[Rule]:
        return failed(self.rules)


@dataclass(frozen=True, kw_only=True)
class Quota:
    """What one member may have in one organization, what is taken, and what is left; None is no limit."""

    name: str
    limit: Decimal | int | None
    used: Decimal | int

    @property
    def unit(self) -> str:
        return UNITS[self.name]

    @property
    def left(self) -> Decimal | int | None:
        return None if self.limit is None else max(self.limit - self.used, 0)


def place(
    person: User, organization: Organization, provider: WorkspaceProvider, size: Sizes | None = None
) -> Placement:
    """The answer for one provider. At most four queries."""
    (answer,) = placements(
        person, organization, [candidate(provider, organization)], size, role=role_of(person, organization)
    )
    return answer


def placements(
    person: User,
    organization: Organization,
    providers: Iterable[Candidate],
    size: Sizes | None = None,
    *,
    role: str | None,
) -> list[Placement]:
    """The answer for each provider, in their order. At most one query, whatever their number.

    `size`: of the new environment, None to leave the quota aside; `role`: that of the person in the organization.
    """
    about_person = person_rules(person, organization, role)
    about_quota = quota_rules(quotas_of(person, organization), size) if size is not None else []
    return [
        Placement(
            provider=provider,
            rules=[
                *about_person,
                *access_rules(provider, organization.name),
                *provider_rules(provider),
                *about_quota,
            ],
        )
        for provider in providers
    ]


def role_of(person: User, organization: Organization) -> str | None:
    """None for whoever is no member. One query."""
    return Membership.objects.filter(user=person, organization=organization).values_list("role", flat=True).first()


def person_rules(person: User, organization: Organization, role: str | None) -> list[Rule]:
    """Whether the person may have environments in the organization at all."""
    if role:
        belongs, text = True, f"{person} is {OrganizationRole(role).label.lower()} of {organization.name}."
    elif is_site_manager(person):
        belongs, text = True, f"{person} is {person.get_site_role_display().lower()}, who needs no membership."
    else:
        belongs, text = False, f"{person} is not a member of {organization.name}."
    return [
        Rule(
            code="account",
            passed=person.is_active,
            text=f"{person}'s account is {'active' if person.is_active else 'deactivated'}.",
            remedy="" if person.is_active else "A site manager can activate the account.",
        ),
        Rule(
            code="membership",
            passed=belongs,
            text=text,
            remedy="" if belongs else "A manager of the organization can add the person.",
        ),
    ]


def quotas_of(person: User, organization: Organization, *, instead_of: Environment | None = None) -> list[Quota]:
    """In the order of SIZES. All environments count, on or off. One query."""
    environments = Environment.objects.filter(owner=person, organization=organization)
    if instead_of is not None:
        environments = environments.exclude(pk=instead_of.pk)
    used = environments.sizes()
    return [Quota(name=name, limit=getattr(organization, f"quota_{name}"), used=used[name]) for name in SIZES]


def quota_rules(quotas: Iterable[Quota], size: Sizes) -> list[Rule]:
    """One rule, which names every limit that the size would pass."""
    over = [quota for quota in quotas if quota.left is not None and size.get(quota.name, 0) > quota.left]
    if not over:
        return [Rule(code="quota", passed=True, text="The quota per member leaves room.")]
    parts = [f"{plain(size[quota.name])} {quota.unit} of {plain(quota.left)} left" for quota in over]
    return [
        Rule(
            code="quota",
            passed=False,
            text=f"The quota per member leaves no room: {', '.join(parts)}.",
            remedy="Choose a smaller size, or delete an environment that is not needed any more.",
        )
    ]


def best_usable(answers: Iterable[Placement]) -> Placement | None:
    """The default when it is allowed, else the allowed one with the fewest environments, else None. One query."""
    allowed = [answer for answer in answers if answer.allowed]
    for answer in allowed:
        if answer.provider.is_default:
            return answer
    counts = dict(
        Environment.objects.filter(provider__in=[answer.provider.pk for answer in allowed])
        .order_by()
        .values_list("provider")
        .annotate(total=Count("pk"))
    )
    return min(allowed, key=lambda answer: (counts.get(answer.provider.pk, 0), answer.provider.name), default=None)


def offered_providers(organization: Organization) -> list[Candidate]:
    """Those that the create form names: on the organization's allowlist, by name, and the default. At most two queries.

    A default that is not on the allowlist comes last.
    """
    allowed = candidates_of(organization)
    if any(provider.is_default for provider in allowed):
        return allowed
    return [*allowed, *candidates(WorkspaceProvider.objects.filter(is_default=True))]


def plain(number: Any) -> str:
    return f"{number:f}".rstrip("0").rstrip(".") if isinstance(number, Decimal) else str(number)
