"""What a change would mean for people, before it is made: computed from the rules that decide (`providers.rules`).

A change is told by what would be: other access for some pairs, a provider that takes no new environments any more, or
one that is gone. Nothing is written.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from django.db.models import Count

from organizations.models import Organization, User
from providers.candidates import candidates
from providers.choices import RUNNING_ENVIRONMENTS, Access
from providers.models import AllowlistEntry, WorkspaceProvider
from providers.rules import Pair, failed, provider_rules
from providers.words import counted, enumerated


@dataclass(frozen=True, kw_only=True)
class Impact:
    """`stranded`: organizations that could place new environments somewhere now, and nowhere afterwards."""

    organizations: list[Organization]
    people: int
    running: int
    stopped: int
    stranded: list[Organization] = field(default_factory=list)

    @property
    def environments(self) -> int:
        return self.running + self.stopped

    def affected(self) -> str:
        """Whom and what it concerns, as one sentence."""
        if not self.organizations:
            return "No organization may use it, so nobody is affected."
        who = f"{counted(self.people, 'person', 'people')} in {counted(len(self.organizations), 'organization')}"
        what = f"{counted(self.environments, 'environment')} there ({self.running} running, {self.stopped} stopped)"
        verb = "is" if self.people == 1 else "are"
        return f"{who} {verb} affected, with {what if self.environments else 'no environments there'}."

    def warning(self) -> str:
        """Who would be left without a usable provider, as one sentence; empty when nobody."""
        if not self.stranded:
            return ""
        names = enumerated([organization.name for organization in self.stranded])
        return f"No provider would take new environments of {names} any more."


def impact_of_closing_doors(provider: WorkspaceProvider) -> Impact:
    """Of a cordon or a deletion: the provider takes no new environments any more. Five queries."""
    organizations = list(Organization.objects.filter(allowlist__provider=provider))
    return _impact(organizations, providers=[provider], without=provider)


def impact_of_default(provider: WorkspaceProvider) -> Impact:
    """Of another default: whose create form preselects it from then on. Four queries."""
    organizations = list(Organization.objects.filter(allowlist__provider=provider, allowlist__closing=False))
    return _impact(organizations, providers=[provider])


def impact_of_access(wishes: Mapping[Pair, Access]) -> Impact:
    """Of a change of allowlists: the organizations and providers that it names. Six queries."""
    providers = list(WorkspaceProvider.objects.filter(pk__in={pair[0] for pair in wishes}))
    organizations = list(Organization.objects.filter(pk__in={pair[1] for pair in wishes}))
    return _impact(organizations, providers=providers, wishes=wishes)


def _impact(
    organizations: list[Organization],
    *,
    providers: Iterable[WorkspaceProvider],
    wishes: Mapping[Pair, Access] | None = None,
    without: WorkspaceProvider | None = None,
) -> Impact:
    statuses = _statuses(organizations, providers, within=wishes)
    running = sum(total for status, total in statuses.items() if status in RUNNING_ENVIRONMENTS)
    return Impact(
        organizations=organizations,
        people=User.objects.filter(is_active=True, memberships__organization__in=organizations).distinct().count(),
        running=running,
        stopped=sum(statuses.values()) - running,
        stranded=_stranded(organizations, wishes=wishes or {}, without=without),
    )


def _statuses(
    organizations: list[Organization], providers: Iterable[WorkspaceProvider], *, within: Mapping[Pair, Access] | None
) -> Counter[str]:
    """How many environments are in which status at these organizations and providers, or at the pairs `within`."""
    rows = (
        Organization.environments.rel.related_model._default_manager.filter(
            organization__in=organizations, provider__in=list(providers)
        )
        .order_by()
        .values_list("provider", "organization", "status")
        .annotate(total=Count("pk"))
    )
    found: Counter[str] = Counter()
    for provider, organization, status, total in rows:
        if within is None or (provider, organization) in within:
            found[status] += total
    return found


def _stranded(
    organizations: list[Organization], *, wishes: Mapping[Pair, Access], without: WorkspaceProvider | None
) -> list[Organization]:
    usable = usable_providers()
    entries = AllowlistEntry.objects.filter(organization__in=organizations, provider__in=usable, closing=False)
    before = set(entries.values_list("provider", "organization"))
    still = usable - ({without.pk} if without else set())
    wished = {pair for pair, access in wishes.items() if access == Access.OPEN}
    after = {pair for pair in (before - wishes.keys()) | wished if pair[0] in still}
    had, has = ({organization for _, organization in pairs} for pairs in (before, after))
    return [organization for organization in organizations if organization.pk in had - has]


def usable_providers() -> set[UUID]:
    """The ids of those that take new environments from whoever is allowed. One query."""
    everything = candidates(WorkspaceProvider.objects.order_by())
    return {provider.pk for provider in everything if not failed(provider_rules(provider))}
