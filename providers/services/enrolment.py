"""envproxy calls home: the beat, and with the first one the enrolment."""

from dataclasses import dataclass

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from audit.services import SYSTEM, record
from coderadmin.encryption import UndecryptableError, unseal
from providers.addresses import normalise_cluster_address
from providers.choices import CredentialKind
from providers.models import ClusterCredential, WorkspaceProvider
from providers.services import dispatch
from providers.services.tokens import REFUSED, locked_token, note_refusal, note_use


@dataclass(frozen=True, kw_only=True)
class Beat:
    """What envproxy says about itself. The last two only matter to a provider that enrols."""

    access_url: str
    cluster_address: str = ""
    namespace: str = ""
    service_account_token: str = ""
    ca_pem: str = ""


def receive_beat(*, token: str, beat: Beat, address: str | None, through: str = "") -> WorkspaceProvider:
    """Note the beat of the provider that owns `token`; a first one enrols it. `through`: the access URL it came by.

    Raises PermissionDenied for a token that is unknown or has ended, ValidationError for a bad cluster address.
    """
    with transaction.atomic():
        row = locked_token(token)
        if row and row.may_beat:
            note_use(row, address)
            return _note_beat(row.provider, beat, through)
        if row:
            note_refusal(row, address)
    raise PermissionDenied(REFUSED)


def _note_beat(provider: WorkspaceProvider, beat: Beat, through: str) -> WorkspaceProvider:
    provider.last_beat_at, provider.last_beat_access_url = timezone.now(), beat.access_url[:300].rstrip("/")
    provider.last_beat_through = through
    provider.save(update_fields=["last_beat_at", "last_beat_access_url", "last_beat_through"])
    if provider.credential_kind == CredentialKind.ENROLMENT and beat.service_account_token:
        _enrol(provider, beat)
    return provider


def _enrol(provider: WorkspaceProvider, beat: Beat) -> None:
    """Store the forwarded credential when it is new; the cluster address must be the registered one."""
    registered = normalise_cluster_address(provider.cluster_address)
    if beat.cluster_address and normalise_cluster_address(beat.cluster_address) != registered:
        raise ValidationError("The beat comes from another cluster address than the registered one.")
    stored = ClusterCredential.objects.filter(provider=provider).first()
    if stored and _is_known(stored, beat):
        return
    followed = _follow_namespace(provider, beat.namespace) if stored is None else {}
    ClusterCredential.objects.update_or_create(
        provider=provider, defaults={"token": beat.service_account_token, "ca_pem": beat.ca_pem}
    )
    WorkspaceProvider.objects.filter(pk=provider.pk).update(next_check_at=timezone.now())
    dispatch.check_providers([provider.pk])
    if stored is None:
        record(actor=SYSTEM, action="provider.enrol", target=provider, after=followed | {"credential": "******"})


def _follow_namespace(provider: WorkspaceProvider, namespace: str) -> dict[str, str]:
    """Where Helm's own context put the release is where the provider is. Raises ValidationError when it is taken."""
    if not namespace or namespace == provider.namespace:
        return {}
    provider.namespace = namespace
    provider.revision += 1
    provider.full_clean()
    provider.save(update_fields=["namespace", "revision"])
    return {"namespace": namespace}


def _is_known(stored: ClusterCredential, beat: Beat) -> bool:
    """A stored token that can't be read any more counts as another one: the beat brings the cure."""
    try:
        return unseal(stored.token) == beat.service_account_token and stored.ca_pem == beat.ca_pem
    except UndecryptableError:
        return False
