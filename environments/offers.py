"""What the create form offers one person in one organization: providers with the rules' answers, quota, whom to ask."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import urlsplit
from uuid import UUID

from django.db.models import QuerySet
from django.db.models.functions import Lower

from environments.models import Image
from environments.placement import Placement, Quota, best_usable, offered_providers, placements, quotas_of
from organizations.choices import OrganizationRole
from organizations.models import Organization, User
from organizations.policies import MANAGING_ROLES, is_site_manager
from providers.models import WorkspaceProvider

MOST_ASKED = 5  # names of each kind of people to ask
MOST_IMAGES = 200  # that a browser suggests
MOST_MEASURED = 50  # providers whose latency is measured: each is an address in a header that proxies limit to 4 KB


@dataclass(frozen=True, kw_only=True)
class Offer:
    """`answers` are by name, the quota left aside; `preselected` is the default, or the best that is usable."""

    organization: Organization
    owner: User
    answers: list[Placement]
    quotas: list[Quota]
    preselected: Placement | None
    organization_managers: list[User] = field(default_factory=list)
    site_managers: list[User] = field(default_factory=list)

    @property
    def default(self) -> Placement | None:
        return next((answer for answer in self.answers if answer.provider.is_default), None)

    @property
    def default_is_refused(self) -> bool:
        """Whether the form must say why the default is not preselected."""
        return self.default is not None and not self.default.allowed

    def answer_of(self, provider: object) -> Placement | None:
        return next((answer for answer in self.answers if str(answer.provider.pk) == str(provider)), None)


def make_offer(owner: User, organization: Organization) -> Offer:
    """At most nine queries, whatever the number of providers."""
    answers = placements(owner, organization, offered_providers(organization))
    preselected = best_usable(answers)
    nobody: list[User] = []
    return Offer(
        organization=organization,
        owner=owner,
        answers=answers,
        quotas=quotas_of(owner, organization),
        preselected=preselected,
        organization_managers=nobody if preselected else managers_of(organization),
        site_managers=nobody if preselected else site_managers(),
    )


def organizations_for(person: User) -> QuerySet[Organization]:
    """Those in which a person may create environments: all for site managers, else one's own. By name."""
    everything = Organization.objects.order_by(Lower("name"))
    return everything if is_site_manager(person) else everything.filter(memberships__user=person)


def managed_organizations(person: User) -> QuerySet[Organization]:
    """Those in which the person may create environments for others."""
    everything = Organization.objects.all()
    if is_site_manager(person):
        return everything
    return everything.filter(memberships__user=person, memberships__role=OrganizationRole.MANAGER)


def offered_images(organization: Organization) -> list[Image]:
    """Those that new environments should have, by name. One query."""
    images = Image.objects.filter(organization=organization, deprecated=False)
    return list(images.with_default_tag()[:MOST_IMAGES])


def managers_of(organization: Organization) -> list[User]:
    """Some of them, by name."""
    role = OrganizationRole.MANAGER
    people = User.objects.filter(memberships__organization=organization, memberships__role=role, is_active=True)
    return list(people.order_by("name", "email")[:MOST_ASKED])


def site_managers() -> list[User]:
    """Some of them, by name."""
    return list(
        User.objects.filter(site_role__in=MANAGING_ROLES, is_active=True).order_by("name", "email")[:MOST_ASKED]
    )


def measured_providers(organizations: Iterable[UUID]) -> list[WorkspaceProvider]:
    """Those whose latency the form may measure, whichever of the organizations is chosen in it. One query."""
    found = WorkspaceProvider.objects.offered_to(list(organizations)).order_by("name")
    return list(found.only("name", "hostname")[:MOST_MEASURED])


def origin_of(provider: WorkspaceProvider) -> str:
    """Scheme, host and port of its access URL: what a content security policy names."""
    address = urlsplit(provider.hostname)
    return f"{address.scheme}://{address.netloc}"
