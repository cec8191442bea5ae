"""Providers as the rules see them (`providers.rules`): rows, made in a tenth of the time of as many models."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db.models import BooleanField, Exists, OuterRef, QuerySet, Value
from django.db.models.functions import Lower

from organizations.models import Organization
from providers.choices import ACTIVE_STATES, OperationKind
from providers.models import AllowlistEntry, Operation, WorkspaceProvider

OF_PROVIDER = ("pk", "name", "hostname", "status", "reason", "is_default", "cordoned_at", "cordon_reason")


class Candidate(NamedTuple):
    """`closing`: of the organization's entry on the allowlist; None when there is none, or no organization is meant."""

    pk: UUID
    name: str
    hostname: str
    status: str
    reason: str
    is_default: bool
    cordoned_at: datetime | None
    cordon_reason: str
    closing: bool | None
    is_being_deleted: bool

    @property
    def is_cordoned(self) -> bool:
        return self.cordoned_at is not None


def candidate(provider: WorkspaceProvider, organization: Organization) -> Candidate:
    """The provider as it is in memory. Two queries."""
    entries = AllowlistEntry.objects.filter(provider=provider, organization=organization)
    closing = entries.values_list("closing", flat=True).first()
    of_provider = (getattr(provider, name) for name in OF_PROVIDER)
    return Candidate._make((*of_provider, closing, provider.pk in providers_being_deleted()))


def candidates_of(organization: Organization) -> list[Candidate]:
    """Those on whose allowlist the organization is, by name. One query."""
    entries = AllowlistEntry.objects.filter(organization=organization).order_by(Lower("provider__name"), "provider")
    of_provider = [f"provider__{name}" for name in OF_PROVIDER]
    rows = entries.values_list(*of_provider, "closing", _is_being_deleted("provider"))
    return [Candidate._make(row) for row in rows]


def candidates(providers: QuerySet[WorkspaceProvider]) -> list[Candidate]:
    """In their order, for no organization. One query."""
    closing = Value(None, output_field=BooleanField())
    return [Candidate._make(row) for row in providers.values_list(*OF_PROVIDER, closing, _is_being_deleted("pk"))]


def providers_being_deleted() -> set[UUID | None]:
    return set(_deletions().values_list("provider", flat=True))


def _deletions() -> QuerySet[Operation]:
    return Operation.objects.filter(kind=OperationKind.DELETE, state__in=ACTIVE_STATES).order_by()


def _is_being_deleted(provider: str) -> Exists:
    return Exists(_deletions().filter(provider=OuterRef(provider)))
