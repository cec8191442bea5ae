"""The chart's values for one provider: the same for our own Helm and for an admin's."""

from providers.access_urls import access_url
from providers.helm.package import default_values
from providers.helm.values import Values, make_values
from providers.kube.release_values import cleaned
from providers.models import WorkspaceProvider
from providers.release_diff import Drift, drift_of


def release_values(provider: WorkspaceProvider, *, token: str) -> Values:
    """Secret, for it holds the token. One query."""
    return _values(provider, access_url=access_url(), token=token)


def release_drift(provider: WorkspaceProvider, *, access_url: str) -> Drift:
    """What the provider's release lacks, and what somebody else changed, when the deployment has this access URL."""
    expected = _values(provider, access_url=access_url)
    if provider.release_values == provider.deployed_values == expected:
        return Drift()  # what is usual, and asked for every card of a list
    expected = cleaned(expected) or {}
    return drift_of(provider, expected=expected, defaults=default_values())


def _values(provider: WorkspaceProvider, *, access_url: str, token: str = "") -> Values:
    return make_values(
        access_url=access_url,
        envproxy_access_url=provider.envproxy_access_url,
        hostname=provider.hostname,
        cluster_address=provider.cluster_address,
        token=str(token),  # a plain text: YAML writers refuse Secret
        devurl_host=provider.devurl_host,
        ssh_enabled=provider.ssh_enabled,
        image=provider.effective_envproxy_image,
        replicas=provider.envproxy_replicas,
        storage_class=provider.storage_class,
    )
