"""Registering a provider and editing it."""

from dataclasses import dataclass, field, replace
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from audit.services import Actor, record
from coderadmin.encryption import UndecryptableError
from providers.addresses import default_devurl_host
from providers.choices import ACTIVE_STATES, ChangeKind, CredentialKind, ProviderStatus
from providers.errors import OperationActiveError, RefusedError, StaleRevisionError
from providers.models import ClusterCredential, StatusChange, WorkspaceProvider
from providers.policies import require_manage
from providers.scheduling import SCHEDULING
from providers.services.locking import locked
from providers.target import ClusterTarget

EDITABLE = (
    "name",
    "hostname",
    "devurl_host",
    "ssh_enabled",
    "cluster_address",
    "namespace",
    "storage_class",
    *SCHEDULING,
    "envproxy_image",
    "envproxy_replicas",
    "credential_kind",
)


PLACE = {"cluster_address", "namespace"}


@dataclass(frozen=True, kw_only=True)
class Registration:
    """What a person says about a provider. Addresses are normalised already (providers.addresses)."""

    name: str
    hostname: str
    cluster_address: str
    namespace: str
    credential_kind: CredentialKind
    devurl_host: str = ""
    ssh_enabled: bool = True
    storage_class: str = ""
    tolerations: list[Any] = field(default_factory=list)
    node_selector: dict[str, Any] = field(default_factory=dict)
    affinity: dict[str, Any] = field(default_factory=dict)
    service_account_annotations: dict[str, Any] = field(default_factory=dict)
    envproxy_image: str = ""
    envproxy_replicas: int = 1

    def fields(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in EDITABLE}


def register_provider(
    *, actor: Actor, registration: Registration, target: ClusterTarget | None, built_in: bool = False
) -> WorkspaceProvider:
    """Create a pending provider; `target` carries the credential, None for enrolment and in-cluster.

    Raises ValidationError (a field, or a name or namespace that is taken), PermissionDenied.
    """
    require_manage(actor)
    if not registration.devurl_host:
        registration = replace(registration, devurl_host=default_devurl_host(registration.hostname))
    provider = WorkspaceProvider(
        **registration.fields(),
        built_in=built_in,
    )
    is_reachable = target is not None or provider.credential_kind == CredentialKind.IN_CLUSTER
    provider.reason = "not_deployed" if is_reachable else "waiting_for_enrolment"
    provider.next_check_at = timezone.now() if is_reachable else None
    provider.full_clean()
    with transaction.atomic():
        _save(provider, force_insert=True)
        if target:
            _store_credential(provider, target)
        StatusChange.objects.create(
            provider=provider,
            kind=ChangeKind.STATUS,
            new=ProviderStatus.PENDING,
            reason=provider.reason,
            actor_name=actor.name,
        )
        record(actor=actor, action="provider.register", target=provider, after=registration.fields())
    return provider


def update_provider(
    *,
    actor: Actor,
    provider: WorkspaceProvider,
    revision: int,
    changes: dict[str, Any],
    target: ClusterTarget | None = None,
) -> WorkspaceProvider:
    """Change EDITABLE fields and, with `target`, the credential. Nothing to change writes nothing.

    Raises StaleRevisionError when `revision` is not the stored one, ValidationError, PermissionDenied.
    """
    require_manage(actor)
    with transaction.atomic():
        provider = locked(provider)
        _require_revision(provider, revision)
        before = {name: getattr(provider, name) for name in EDITABLE if name in changes}
        changed = {name: value for name, value in changes.items() if name in EDITABLE and value != before[name]}
        if not changed and target is None:
            return provider
        _refuse_unsafe_move(provider, changed.keys() & PLACE, target)
        for name, value in changed.items():
            setattr(provider, name, value)
        forgotten = _forget_release(provider) if changed.keys() & PLACE else []
        provider.revision += 1
        provider.next_check_at = timezone.now()
        provider.full_clean()
        _save(provider, update_fields=[*changed, *forgotten, "revision", "next_check_at"])
        if target is not None:
            _store_credential(provider, target)
            changed |= {"credential": "******"}
        record(
            actor=actor,
            action="provider.update",
            target=provider,
            before={name: before[name] for name in changed if name in before},
            after=changed,
        )
    return provider


def _forget_release(provider: WorkspaceProvider) -> list[str]:
    """What is known of the release of another place means nothing here. Returns the names of the fields."""
    provider.deployed_values, provider.deployed_revision = {}, None
    provider.release_values, provider.release_values_revision = {}, None
    return ["deployed_values", "deployed_revision", "release_values", "release_values_revision"]


def _require_revision(provider: WorkspaceProvider, revision: int) -> None:
    if provider.revision != revision:
        raise StaleRevisionError(
            f"Somebody changed {provider.name} after you opened this form.",
            remedy="Look at the present values and enter your change again.",
        )


def _refuse_unsafe_move(provider: WorkspaceProvider, moved: set[str], target: ClusterTarget | None) -> None:
    """Raises RefusedError, or ValidationError at the field, when the place or its credential must stay as they are."""
    if provider.built_in and (moved or target):
        raise RefusedError("The built-in provider's cluster is this deployment's own and can't be changed here.")
    if "cluster_address" in moved and target is None and ClusterCredential.objects.filter(provider=provider).exists():
        message = "Give the credential of the new address too: the stored one must not be sent to another server."
        raise ValidationError({"cluster_address": message})
    if moved and provider.operations.filter(state__in=ACTIVE_STATES).exists():
        raise OperationActiveError(
            f"An operation is under way on {provider.name}.", remedy="Wait until it has ended, then move the provider."
        )


def follow_cluster(provider: WorkspaceProvider, target: ClusterTarget) -> None:
    """Take over a changed address or credential of a cluster that the deployment itself knows, and have it checked.

    Three or five queries.
    """
    with transaction.atomic():
        provider = locked(provider)
        stored = ClusterCredential.objects.filter(provider=provider).first()
        is_new = stored is not None and not _holds(stored, replace(target, namespace=provider.namespace))
        if is_new:
            _store_credential(provider, target)
        if is_new or provider.next_check_at is None:
            provider.next_check_at = timezone.now()
        provider.cluster_address = target.address
        provider.save(update_fields=["cluster_address", "next_check_at"])


def _holds(stored: ClusterCredential, target: ClusterTarget) -> bool:
    """Whether it is the same credential; one that can't be read any more is another."""
    try:
        return stored.target() == target
    except UndecryptableError:
        return False


def _save(provider: WorkspaceProvider, **how: Any) -> None:
    """Raises ValidationError also when somebody else took the name or the place since `full_clean`."""
    try:
        with transaction.atomic():
            provider.save(**how)
    except IntegrityError:
        provider.validate_constraints()
        raise


def _store_credential(provider: WorkspaceProvider, target: ClusterTarget) -> None:
    ClusterCredential.objects.update_or_create(
        provider=provider,
        defaults={
            "ca_pem": target.ca_pem,
            "token": target.token,
            "client_certificate_pem": target.client_certificate_pem,
            "client_key_pem": target.client_key_pem,
        },
    )
