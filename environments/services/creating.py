"""Creating an environment."""

from dataclasses import asdict, dataclass
from decimal import Decimal

from django.db import IntegrityError, transaction

from audit.services import Actor
from environments.choices import EnvironmentOperationKind, EnvironmentStatus
from environments.errors import PlacementRefusedError
from environments.models import Environment
from environments.placement import place
from environments.policies import require_create_for
from environments.querysets import SIZES
from environments.services.images import note_image
from environments.services.operations import request
from organizations.models import Organization, User
from providers.models import WorkspaceProvider
from providers.services.locking import locked, locked_organizations


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a person wants: name, image and size."""

    name: str
    image: str
    tag: str = "latest"
    cpu_cores: Decimal = Decimal(2)
    memory_gb: Decimal = Decimal(4)
    disk_gb: int = 10
    gpus: int = 0

    def size(self) -> dict[str, Decimal | int]:
        return {name: getattr(self, name) for name in SIZES}


def create_environment(
    *, actor: Actor, owner: User, organization: Organization, provider: WorkspaceProvider, plan: Plan
) -> Environment:
    """Place it and have it built. The provider is locked meanwhile: against its cordon, its deletion, and a closing.

    Raises PlacementRefusedError with every rule that forbids it, ValidationError at a field, RefusedError when the
    provider or the organization is gone, PermissionDenied.
    """
    require_create_for(actor, owner, organization.pk)
    with transaction.atomic():
        provider = locked(provider)
        organization = locked_organizations([organization.pk])[organization.pk]
        owner = User.objects.get(pk=owner.pk)
        environment = Environment(
            owner=owner,
            organization=organization,
            provider=provider,
            status=EnvironmentStatus.CREATING,
            **asdict(plan),
        )
        environment.full_clean()
        answer = place(owner, organization, provider, plan.size())
        if not answer.allowed:
            raise PlacementRefusedError(answer.refusals)
        _save(environment)
        note_image(organization, plan.image, plan.tag)
        described = {name: str(value) for name, value in asdict(plan).items()}
        request(
            actor,
            environment,
            EnvironmentOperationKind.CREATE,
            after=described | {"owner": owner.email, "organization": organization.name, "provider": provider.name},
        )
    return environment


def _save(environment: Environment) -> None:
    """Raises ValidationError also when the owner took the name elsewhere since `full_clean`."""
    try:
        with transaction.atomic():
            environment.save(force_insert=True)
    except IntegrityError:
        environment.validate_constraints()
        raise
