"""What stands in the way of a planned change of the access URL; for workers, since it asks the network."""

from dataclasses import asdict
from uuid import UUID

from django.utils import timezone

from coderadmin.proof import is_proof
from infrastructure.choices import NOT_SWITCHED, ChangeState
from infrastructure.findings import examine_hostnames
from infrastructure.models import AccessURLChange
from infrastructure.probing import examine_address
from infrastructure.querysets import remote_providers
from infrastructure.services.planning import UNCHECKED


def check_change(change_id: UUID) -> None:
    """Make the findings and store them, unless the plan was switched, dropped or to be checked anew meanwhile.

    Looks at the network for up to 15 seconds.
    """
    change = AccessURLChange.objects.filter(UNCHECKED, pk=change_id, state__in=NOT_SWITCHED).first()
    if change is None:
        return
    AccessURLChange.objects.filter(pk=change_id, state=ChangeState.PLANNED).update(state=ChangeState.CHECKING)
    findings = [
        *examine_address(change.new_url, is_proof=is_proof),
        *examine_hostnames(change.new_url, list(remote_providers())),
    ]
    AccessURLChange.objects.filter(
        pk=change_id, state__in=NOT_SWITCHED, check_requested_at=change.check_requested_at
    ).update(findings=[asdict(finding) for finding in findings], checked_at=timezone.now())
