"""From a provider to what the cluster modules need."""

from providers.choices import CredentialKind
from providers.errors import RefusedError
from providers.kube.incluster import incluster_target
from providers.models import ClusterCredential, WorkspaceProvider
from providers.target import ClusterTarget


def target_of(provider: WorkspaceProvider) -> ClusterTarget | None:
    """How to reach the provider's cluster, or None while we hold no credential. At most one query.

    Raises UndecryptableError when the stored credential can't be read.
    """
    if provider.credential_kind == CredentialKind.IN_CLUSTER:
        return incluster_target()
    try:
        return provider.credential.target()
    except ClusterCredential.DoesNotExist:
        return None


def require_credential(provider: WorkspaceProvider) -> None:
    """Raises RefusedError while we hold no credential. At most one query."""
    if provider.credential_kind == CredentialKind.IN_CLUSTER:
        return
    if not ClusterCredential.objects.filter(provider=provider).exists():
        raise RefusedError(
            f"{provider.name} has not called home yet, so that we hold no credential for its cluster.",
            remedy="Run the printed Helm command, or enter a credential (Edit).",
        )
