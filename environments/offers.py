"""What the create form offers one person in one organization: providers with the rules' answers, quota, whom to ask."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from django.db.models import F, FilteredRelation, Q, QuerySet
from django.db.models.functions import Lower

from environments.filters import uuid_of
from environments.models import Image
from environments.placement import Placement, Quota, best_usable, offered_providers, placements, quotas_of
from organizations.choices import OrganizationRole
from organizations.models import Organization, User
from organizations.policies import MANAGING_ROLES, is_site_manager
from providers.candidates import Candidate, candidates
from providers.models import AllowlistEntry, WorkspaceProvider

MOST_ASKED = 5  # names of each kind of people to ask
MOST_IMAGES = 200  # that a browser suggests
MOST_MEASURED = 50  # providers whose latency is measured: each is an address in a header that proxies limit to 4 KB


@dataclass(frozen=True, kw_only=True)
class Offer:
    """`answers` leave the quota aside; `preselected` is the default, or the best that is usable."""

    organization: Organization
    owner: User
    answers: list[Placement]
    quotas: list[Quota]
    preselected: Placement | None
    organization_managers: list[User] = field(default_factory=list)
    site_managers: list[User] = field(default_factory=list)

    @cached_property
    def default(self) -> Placement | None:
        return next((answer for answer in self.answers if answer.provider.is_default), None)

    @property
    def default_is_refused(self) -> bool:
        """Whether the form must say why the default is not preselected."""
        return self.default is not None and not self.default.allowed

    def answer_of(self, provider: Any) -> Placement | None:
        """By its id, or what was typed as one."""
        wanted = uuid_of(str(provider))
        return next((answer for answer in self.answers if answer.provider.pk == wanted), None) if wanted else None


def make_offer(owner: User, organization: Organization, *, role: str | None) -> Offer:
    """`role`: that of the owner in the organization. At most six queries, whatever the number of providers."""
    answers = placements(owner, organization, offered_providers(organization), role=role)
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
    """Those in which a person may create environments: all for site managers, else one's own. By name.

    Each tells `own_role`.
    """
    own = FilteredRelation("memberships", condition=Q(memberships__user=person))
    everything = Organization.objects.annotate(own=own, role=F("own__role")).order_by(Lower("name"))
    return everything if is_site_manager(person) else everything.filter(own__isnull=False)


def own_role(organization: Organization) -> str | None:
    """That of the person, in one of `organizations_for`; none for site managers who are no members."""
    role: str | None = organization.role  # type: ignore[attr-defined]
    return role


def can_name_owner(person: User, organization: Organization) -> bool:
    """Whether it is one of `managed_organizations`, told without a query from one of `organizations_for`."""
    return is_site_manager(person) or own_role(organization) == OrganizationRole.MANAGER


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


def measured_providers(offer: Offer, person: User, *, has_choice: bool) -> list[Candidate]:
    """Those whose latency the form may measure, whichever of the person's organizations is chosen in it: the first.

    `has_choice`: there are others than that of the offer. One query then, else none.
    """
    offered = [answer.provider for answer in offer.answers]
    if not has_choice:
        return offered[:MOST_MEASURED]
    default = [provider for provider in offered if provider.is_default]
    others = offered_somewhere(person).filter(is_default=False)
    return [*default, *candidates(others[: MOST_MEASURED - len(default)])]


def offered_somewhere(person: User) -> QuerySet[WorkspaceProvider]:
    """Those on the allowlist of any of the `organizations_for` the person, by name."""
    entries = AllowlistEntry.objects.filter(organization__in=organizations_for(person).order_by().values("pk"))
    return WorkspaceProvider.objects.filter(pk__in=entries.values("provider")).sorted_by("name")


def origin_of(provider: Candidate) -> str:
    """Scheme, host and port of its access URL: what a content security policy names."""
    address = urlsplit(provider.hostname)
    return f"{address.scheme}://{address.netloc}"
