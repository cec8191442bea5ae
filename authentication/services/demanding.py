"""Which site roles must have a second factor."""

from collections.abc import Collection

from django.db import transaction

from audit.services import Actor, record
from authentication.configuration import Configuration
from authentication.factors import FactorDemand
from authentication.policies import require_manage_configuration
from organizations.choices import SiteRole


@transaction.atomic
def set_demand(*, actor: Actor, roles: Collection[SiteRole]) -> None:
    """From the next request on. Repeatable. Raises PermissionDenied."""
    require_manage_configuration(actor)
    configuration = Configuration.locked()
    before = _roles()
    after = sorted(roles)
    if before == after:
        return
    FactorDemand.objects.exclude(site_role__in=after).delete()
    FactorDemand.objects.bulk_create((FactorDemand(site_role=role) for role in after), ignore_conflicts=True)
    record(
        actor=actor,
        action="authentication.demand_factors",
        target=configuration,
        before={"site_roles": before},
        after={"site_roles": after},
    )


def _roles() -> list[str]:
    return list(FactorDemand.objects.order_by("site_role").values_list("site_role", flat=True))
