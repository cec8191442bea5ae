"""Changing an organization and moving the default. Creating and deleting one: environments.services.organizations."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from audit.services import Actor, record
from organizations.errors import RefusedError
from organizations.models import Organization
from organizations.policies import require_site_manager
from organizations.services.locking import lock_default, locked_organization, locked_organizations
from organizations.services.saving import clean_and_save
from organizations.text import clean_line

EDITABLE = (
    "name",
    "description",
    "quota_cpu_cores",
    "quota_memory_gb",
    "quota_disk_gb",
    "quota_gpus",
    "auto_off_hours",
)
LINES = ("name", "description")
STALE = "Somebody changed this to {} since you opened the page. Open it again and enter your change once more."
NOTHING: Mapping[str, Any] = {}


@transaction.atomic
def update_organization(
    *, actor: Actor, organization: Organization, changes: dict[str, Any], shown: Mapping[str, Any] = NOTHING
) -> Organization:
    """Change EDITABLE fields. Nothing to change writes nothing. `shown`: the values that the person saw before.

    Raises ValidationError, also at a field that somebody else changed since, RefusedError when it is gone,
    PermissionDenied.
    """
    require_site_manager(actor)
    organization = locked_organization(organization)
    wanted = tidied(changes)
    before = {name: getattr(organization, name) for name in wanted if getattr(organization, name) != wanted[name]}
    after = {name: wanted[name] for name in before}
    if not after:
        return organization
    _refuse_stale(before, shown)
    for name, value in after.items():
        setattr(organization, name, value)
    clean_and_save(organization, lambda: organization.save(update_fields=list(after)))
    record(
        actor=actor,
        action="organization.update",
        target=organization,
        organization=organization.pk,
        before=described(before),
        after=described(after),
    )
    return organization


def _refuse_stale(stored: dict[str, Any], shown: Mapping[str, Any]) -> None:
    moved = {name: value for name, value in stored.items() if name in shown and shown[name] != value}
    if moved:
        raise ValidationError(
            {name: STALE.format("nothing" if value in (None, "") else value) for name, value in moved.items()}
        )


@transaction.atomic
def set_default_organization(*, actor: Actor, organization: Organization) -> Organization:
    """Moves the default here. It can't be unset: there is exactly one, always."""
    require_site_manager(actor)
    lock_default()
    present = Organization.objects.filter(is_default=True).first()
    rows = locked_organizations([organization.pk, *([present.pk] if present else [])])
    if organization.pk not in rows:
        raise RefusedError(f"{organization.name} was deleted in the meantime.")
    organization = rows[organization.pk]
    if organization.is_default:
        return organization
    Organization.objects.filter(is_default=True).update(is_default=False)
    organization.is_default = True
    organization.save(update_fields=["is_default"])
    record(
        actor=actor,
        action="organization.set_default",
        target=organization,
        organization=organization.pk,
        before={"default": present.name if present else ""},
        after={"default": organization.name},
    )
    return organization


def tidied(fields: dict[str, Any]) -> dict[str, Any]:
    """Of EDITABLE only, with lines of text made clean."""
    known = {name: value for name, value in fields.items() if name in EDITABLE}
    return {name: clean_line(value) if name in LINES else value for name, value in known.items()}


def described(fields: dict[str, Any]) -> dict[str, Any]:
    """For the audit trail: JSON knows no decimal numbers."""
    return {name: str(value) if isinstance(value, Decimal) else value for name, value in fields.items()}
