"""What a change would mean for people, before it is made: computed from the rules that decide (`providers.rules`).

A change is told by what would be: other access for some pairs, a provider that takes no new environments any more, or
one that is gone. Nothing is written.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from django.db.models import Count

from organizations.models import Organization, User
from providers.choices import ACTIVE_STATES, RUNNING_ENVIRONMENTS, Access, OperationKind
from providers.models import AllowlistEntry, Operation, WorkspaceProvider
from providers.rules import access_of, failed, provider_rules
from providers.services.allowlist import Pair

MOST_NAMED = 50


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

    def sentences(self) -> list[str]:
        """For a confirm page: who is affected, and who would be left without a usable provider."""
        told = [
            f"{_counted(self.people, 'person', 'people')} in {_counted(len(self.organizations), 'organization')} "
            f"may use it; {_counted(self.environments, 'environment')} there ({self.running} running, "
            f"{self.stopped} stopped)."
        ]
        if self.stranded:
            names = ", ".join(organization.name for organization in self.stranded[:MOST_NAMED])
            told.append(f"Without a provider that takes new environments would be: {names}.")
        return told


def impact_of_closing_doors(provider: WorkspaceProvider) -> Impact:
    """Of a cordon or a deletion: the provider takes no new environments any more. Six queries."""
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
    statuses = dict(
        Organization.environments.rel.related_model._default_manager.filter(
            organization__in=organizations, provider__in=list(providers)
        )
        .order_by()
        .values_list("status")
        .annotate(total=Count("pk"))
    )
    running = sum(total for status, total in statuses.items() if status in RUNNING_ENVIRONMENTS)
    return Impact(
        organizations=organizations,
        people=User.objects.filter(is_active=True, memberships__organization__in=organizations).distinct().count(),
        running=running,
        stopped=sum(statuses.values()) - running,
        stranded=_stranded(organizations, wishes=wishes or {}, without=without),
    )


def _stranded(
    organizations: list[Organization], *, wishes: Mapping[Pair, Access], without: WorkspaceProvider | None
) -> list[Organization]:
    entries = AllowlistEntry.objects.filter(organization__in=organizations).select_related("provider")
    access: dict[Pair, Access] = {(entry.provider_id, entry.organization_id): access_of(entry) for entry in entries}
    usable = usable_providers()
    before = {pair for pair, each in access.items() if each == Access.OPEN and pair[0] in usable}
    access |= wishes
    still = usable - ({without.pk} if without else set())
    after = {pair for pair, each in access.items() if each == Access.OPEN and pair[0] in still}
    had, has = ({organization for _, organization in pairs} for pairs in (before, after))
    return [organization for organization in organizations if organization.pk in had - has]


def usable_providers() -> set[UUID]:
    """The ids of those that take new environments from whoever is allowed. Two queries."""
    leaving = providers_being_deleted()
    return {
        provider.pk
        for provider in WorkspaceProvider.objects.only("name", "status", "reason", "cordoned_at", "cordon_reason")
        if not failed(provider_rules(provider, is_being_deleted=provider.pk in leaving))
    }


def providers_being_deleted() -> set[UUID | None]:
    active = Operation.objects.filter(kind=OperationKind.DELETE, state__in=ACTIVE_STATES)
    return set(active.values_list("provider", flat=True))


def _counted(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"
