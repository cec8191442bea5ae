"""Creating and deleting an organization.

Here, in the topmost app, since a new organization goes onto the allowlist of the built-in provider, and a deleted one
leaves its people, its environments and the places where these run to the default organization.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction

from audit.services import Actor, record
from environments.models import Environment
from environments.services.images import move_images
from organizations.choices import OrganizationRole
from organizations.errors import RefusedError
from organizations.models import Membership, Organization
from organizations.policies import require_site_manager
from organizations.services.locking import lock_default, locked_organizations
from organizations.services.organizations import described, tidied
from organizations.services.saving import clean_and_save
from providers.models import AllowlistEntry, WorkspaceProvider
from providers.services.locking import locked_providers


@dataclass(frozen=True, kw_only=True)
class OrganizationImpact:
    """What deleting an organization moves to the default one; `closing`: the providers that this opens to it.

    `rules`: those of the sign-in service that give a role in it, and end.
    """

    default: Organization
    people: int
    joining: int
    running: int
    stopped: int
    closing: list[str]
    rules: list[str]

    @property
    def environments(self) -> int:
        return self.running + self.stopped


def create_organization(*, actor: Actor, fields: dict[str, Any], is_default: bool = False) -> Organization:
    """`fields`: those of organizations.services.organizations.EDITABLE. It may use the built-in provider at once.

    Raises ValidationError (also when the name is taken), PermissionDenied.
    """
    require_site_manager(actor)
    with transaction.atomic():
        if is_default:
            lock_default()
        built_in = WorkspaceProvider.objects.select_for_update(of=("self",)).filter(built_in=True).first()
        organization = Organization(**tidied(fields))
        clean_and_save(organization, lambda: organization.save(force_insert=True))
        if is_default:
            _take_default(organization)
        if built_in:
            AllowlistEntry.objects.create(provider=built_in, organization=organization)
        record(
            actor=actor,
            action="organization.create",
            target=organization,
            organization=organization.pk,
            after=described(tidied(fields))
            | {"is_default": is_default, "providers": [built_in.name] if built_in else []},
        )
    return organization


def delete_organization(*, actor: Actor, organization: Organization) -> OrganizationImpact:
    """Its people and environments move to the default organization; tells how many. Nobody loses an environment.

    Raises RefusedError for the default organization and for one that is gone, PermissionDenied.
    """
    require_site_manager(actor)
    with transaction.atomic():
        lock_default()
        places = set(organization.allowlist.values_list("provider", flat=True))
        locked_providers(places)
        organization, default = _locked_pair(organization)
        if not places.issuperset(_places_of(organization)):
            raise RefusedError(f"Somebody is changing {organization.name} right now.", remedy="Try again in a moment.")
        impact = organization_impact(organization)
        _open_places(organization, default)
        _move_people(organization, default)
        Environment.objects.filter(organization=organization).update(organization=default)
        move_images(organization, default)
        record(
            actor=actor,
            action="organization.delete",
            target=organization,
            organization=organization.pk,
            before={"name": organization.name},
            after={
                "moved_to": default.name,
                "people_moved": impact.people,
                "environments_moved": impact.environments,
                "providers_closing": impact.closing,
                "rules_ended": impact.rules,
            },
        )
        organization.delete()
    return impact


def organization_impact(organization: Organization) -> OrganizationImpact:
    """For the page that asks before a deletion. Raises RefusedError for the default organization. Six queries."""
    default = Organization.objects.filter(is_default=True).first()
    _require_not_default(organization, default)
    assert default is not None  # noqa: S101 - just required
    members = organization.memberships.all()
    return OrganizationImpact(
        default=default,
        people=members.count(),
        joining=members.exclude(user__memberships__organization=default).count(),
        closing=sorted(provider.name for provider in _new_places(organization, default)),
        rules=[str(rule) for rule in organization.claim_rules.all()],
        **Environment.objects.filter(organization=organization).totals(),
    )


def _take_default(organization: Organization) -> None:
    """After lock_default, so that there is one row at most to lock."""
    Organization.objects.filter(is_default=True).update(is_default=False)
    organization.is_default = True
    organization.save(update_fields=["is_default"])


def _locked_pair(organization: Organization) -> tuple[Organization, Organization]:
    """The organization and the default one, locked. Raises RefusedError."""
    default = Organization.objects.filter(is_default=True).first()
    _require_not_default(organization, default)
    assert default is not None  # noqa: S101 - just required
    rows = locked_organizations([organization.pk, default.pk])
    if organization.pk not in rows:
        raise RefusedError(f"{organization.name} was deleted in the meantime.")
    return rows[organization.pk], rows[default.pk]


def _require_not_default(organization: Organization, default: Organization | None) -> None:
    """Raises RefusedError."""
    if default is None:
        raise RefusedError("There is no default organization to move to.", remedy="Make another one the default first.")
    if organization == default:
        raise RefusedError(
            f"{organization.name} is the default organization and can't be deleted.",
            remedy="Make another one the default first.",
        )


def _places_of(organization: Organization) -> set[UUID]:
    return set(Environment.objects.filter(organization=organization).values_list("provider", flat=True))


def _new_places(organization: Organization, default: Organization) -> Iterable[WorkspaceProvider]:
    """Where the organization has environments and the default one is not allowed."""
    return (
        WorkspaceProvider.objects.filter(environments__organization=organization)
        .exclude(allowlist__organization=default)
        .distinct()
    )


def _open_places(organization: Organization, default: Organization) -> None:
    """Before the environments move: each is held to an allowlist entry. What runs there goes on, and nothing new comes.

    The entries that are there are locked, since one that is closing would end with the last of its environments.
    """
    list(AllowlistEntry.objects.select_for_update(of=("self",)).filter(organization=default).values_list("pk"))
    AllowlistEntry.objects.bulk_create(
        AllowlistEntry(provider=provider, organization=default, closing=True)
        for provider in _new_places(organization, default)
    )


def _move_people(organization: Organization, default: Organization) -> None:
    """As plain members; who is there already keeps the role."""
    joining = organization.memberships.exclude(user__memberships__organization=default).values_list("user", flat=True)
    Membership.objects.bulk_create(
        Membership(user_id=user, organization=default, role=OrganizationRole.MEMBER) for user in joining
    )
