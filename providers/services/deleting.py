"""Deleting: uninstall the release, then forget the provider."""

from django.conf import settings
from django.db import transaction
from django.db.models import ProtectedError

from providers.choices import LineLevel
from providers.errors import RefusedError
from providers.helm.gateway import uninstall
from providers.helm.release import RELEASE_NAME, HelmError
from providers.models import WorkspaceProvider
from providers.services.locking import locked
from providers.services.operations import lock_organizations_of, require_deletable
from providers.services.run import OperationFailedError, ProviderRun


def delete_provider(run: ProviderRun) -> None:
    """Raises OperationFailedError when a rule forbids it by now, or the cluster does not answer."""
    provider = run.provider
    try:
        require_deletable(provider)
        if run.operation.parameters.get("leave_release"):
            _say_what_stays(run)
        else:
            _uninstall(run)
        _forget(provider)
    except RefusedError as refusal:
        raise OperationFailedError("refused", f"{refusal.message} {refusal.remedy}".strip()) from refusal
    run.log(f"{provider.name} is deleted.", level=LineLevel.OK)


def _uninstall(run: ProviderRun) -> None:
    target = run.target_or_none()
    if target is None:
        run.log("The provider never gave a credential: there is no release of ours to uninstall.")
        return
    try:
        timeout_s = int(settings.DEPLOY_TIMEOUT.total_seconds())
        uninstall(target, timeout_s=timeout_s, on_line=run.log, check=run.cancelled)
    except HelmError as error:
        raise OperationFailedError(
            "uninstall_failed",
            f"The release could not be uninstalled: {error.message} If the cluster is gone for good, "
            "delete the provider once more and confirm that its release stays behind.",
        ) from error


def _say_what_stays(run: ProviderRun) -> None:
    provider = run.provider
    run.log(
        f"Left behind on {provider.cluster_address} in namespace {provider.namespace}: the Helm release {RELEASE_NAME} "
        "with its Deployment, Service, Ingress, Secret, ServiceAccounts, Role and RoleBinding.",
        level=LineLevel.WARNING,
        remedy=f"If the cluster comes back: helm uninstall {RELEASE_NAME} --namespace {provider.namespace}",
    )


def _forget(provider: WorkspaceProvider) -> None:
    with transaction.atomic():
        row = locked(provider)
        lock_organizations_of(row)
        require_deletable(row)
        try:
            row.delete()
        except ProtectedError:
            require_deletable(row)
            raise
