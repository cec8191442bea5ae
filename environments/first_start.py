"""The rows that every deployment has from its first start on."""

from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction

from audit.services import SYSTEM
from coderadmin.env import env
from organizations.models import Organization
from providers.choices import CredentialKind
from providers.kube.incluster import incluster_target
from providers.kube.kubeconfig import parse_kubeconfig
from providers.models import AllowlistEntry, WorkspaceProvider
from providers.services import Registration, register_provider
from providers.services.registration import follow_cluster
from providers.target import ClusterTarget

BUILT_IN_NAME = "built-in"


def ensure_default_organization() -> Organization:
    """The default organization, made on the first call."""
    organization, _ = Organization.objects.get_or_create(
        is_default=True, defaults={"name": "Coder", "description": "The organization that everybody starts in."}
    )
    return organization


def ensure_built_in_provider() -> WorkspaceProvider:
    """The deployment's own cluster: default provider and open to the default organization on the first call.

    Later calls only follow a changed cluster address or credential; a new name or default stays.
    """
    target = _own_cluster()
    existing = WorkspaceProvider.objects.filter(built_in=True).first()
    if existing:
        if target:
            follow_cluster(existing, target)
        return existing
    with transaction.atomic():
        provider = register_provider(
            actor=SYSTEM,
            registration=Registration(
                name=BUILT_IN_NAME,
                hostname=settings.ACCESS_URL,
                devurl_host=f"*.{urlsplit(settings.ACCESS_URL).hostname}",
                cluster_address=target.address if target else "https://kubernetes.default.svc",
                namespace=target.namespace if target else "coder",
                credential_kind=CredentialKind.KUBECONFIG if _own_kubeconfig() else CredentialKind.IN_CLUSTER,
            ),
            target=target if _own_kubeconfig() else None,
            built_in=True,
        )
        WorkspaceProvider.objects.filter(pk=provider.pk).update(is_default=True)
        AllowlistEntry.objects.create(provider=provider, organization=ensure_default_organization())
    return provider


def _own_cluster() -> ClusterTarget | None:
    path = _own_kubeconfig()
    if path is None:
        return incluster_target()
    kubeconfig = parse_kubeconfig(path.read_text())
    return kubeconfig.target(kubeconfig.current_context, env.str("CODERADMIN_NAMESPACE", "") or None)


def _own_kubeconfig() -> Path | None:
    """Set by the operator, so that its content is trusted as far as a pasted one."""
    path = env.str("CODERADMIN_KUBECONFIG", "")
    return Path(path) if path else None
