"""Short changes: cordon, default, check now."""

from django.db import transaction
from django.utils import timezone

from audit.services import Actor, record
from providers.choices import ACTIVE_STATES, ChangeKind, OperationKind, ProviderStatus
from providers.errors import RefusedError
from providers.models import StatusChange, WorkspaceProvider
from providers.policies import require_help, require_manage
from providers.services import dispatch
from providers.services.locking import locked, locked_providers
from providers.services.targets import require_credential


def cordon_provider(*, actor: Actor, provider: WorkspaceProvider, reason: str) -> WorkspaceProvider:
    """No new environments from now on. Cordoning a cordoned provider changes nothing, whatever the reason."""
    require_manage(actor)
    reason = reason.strip()
    if not reason:
        raise RefusedError("Say why the provider is cordoned: people who can't use it will read it.")
    with transaction.atomic():
        provider = locked(provider)
        if provider.is_cordoned:
            return provider
        provider.cordoned_at, provider.cordoned_by, provider.cordon_reason = timezone.now(), actor.name, reason
        provider.save(update_fields=["cordoned_at", "cordoned_by", "cordon_reason"])
        _note_cordon(actor, provider, "cordoned", reason)
        record(actor=actor, action="provider.cordon", target=provider, after={"reason": reason})
    return provider


def uncordon_provider(*, actor: Actor, provider: WorkspaceProvider) -> WorkspaceProvider:
    """New environments may be placed again. Repeating it changes nothing."""
    require_manage(actor)
    with transaction.atomic():
        provider = locked(provider)
        if not provider.is_cordoned:
            return provider
        before = {"reason": provider.cordon_reason}
        provider.cordoned_at, provider.cordoned_by, provider.cordon_reason = None, "", ""
        provider.save(update_fields=["cordoned_at", "cordoned_by", "cordon_reason"])
        _note_cordon(actor, provider, "uncordoned", "")
        record(actor=actor, action="provider.uncordon", target=provider, before=before)
    return provider


def _note_cordon(actor: Actor, provider: WorkspaceProvider, new: str, reason: str) -> None:
    StatusChange.objects.create(
        provider=provider, kind=ChangeKind.CORDON, new=new, message=reason, actor_name=actor.name
    )


def set_default_provider(*, actor: Actor, provider: WorkspaceProvider) -> WorkspaceProvider:
    """Make it the one preselected for new environments. Raises RefusedError unless Ready and not cordoned."""
    require_manage(actor)
    with transaction.atomic():
        # Everybody queues on the one row that always exists; a lock on the present default would not do,
        # since the default is another row by the time the next one gets it. Both locks in the order of all verbs.
        queue = WorkspaceProvider.objects.filter(built_in=True).values_list("pk", flat=True)
        provider = locked_providers({*queue, provider.pk})[provider.pk]
        if provider.is_default:
            return provider
        require_defaultable(provider)
        present = WorkspaceProvider.objects.filter(is_default=True).first()
        WorkspaceProvider.objects.filter(is_default=True).update(is_default=False)
        provider.is_default = True
        provider.save(update_fields=["is_default"])
        before = {"default": present.name if present else ""}
        record(
            actor=actor, action="provider.set_default", target=provider, before=before, after={"default": provider.name}
        )
    return provider


def require_defaultable(provider: WorkspaceProvider) -> None:
    """Raises RefusedError unless Ready, not cordoned and not on its way out. At most one query."""
    if provider.status != ProviderStatus.READY or provider.is_cordoned:
        state = "cordoned" if provider.is_cordoned else provider.status
        raise RefusedError(
            f"{provider.name} can't be the default: it is {state}.",
            remedy="Choose a provider that is Ready and not cordoned.",
        )
    if provider.operations.filter(kind=OperationKind.DELETE, state__in=ACTIVE_STATES).exists():
        raise RefusedError(f"{provider.name} can't be the default: it is being deleted.")


def request_check(*, actor: Actor, provider: WorkspaceProvider) -> WorkspaceProvider:
    """Check now; the outcome appears with a `last_check_at` after `check_requested_at`.

    Raises RefusedError while we hold no credential.
    """
    require_help(actor)
    with transaction.atomic():
        provider = locked(provider)
        require_credential(provider)
        provider.check_requested_at = timezone.now()
        provider.verbs_checked_at = None
        provider.save(update_fields=["check_requested_at", "verbs_checked_at"])
        record(actor=actor, action="provider.check", target=provider)
        dispatch.check_providers([provider.pk])
    return provider
