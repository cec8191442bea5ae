"""What an admin gets who runs Helm himself: the command, and the values file that brings the token to the cluster."""

from django.conf import settings
from django.views.decorators.debug import sensitive_variables

from providers.access_urls import access_url
from providers.helm.command import make_command, make_values_file
from providers.helm.package import chart_version
from providers.models import WorkspaceProvider
from providers.services.values import release_values


def values_file_name(provider: WorkspaceProvider) -> str:
    return f"{provider.name}-values.yaml"


@sensitive_variables()
def values_file(provider: WorkspaceProvider, token: str) -> str:
    """Secret, for it holds the token. One query."""
    return make_values_file(release_values(provider, token=token), name=values_file_name(provider))


def helm_command(provider: WorkspaceProvider) -> str:
    """It reads the values file, and holds no secret itself. One query."""
    return make_command(
        repository_url=f"{access_url()}/charts",
        version=chart_version(),
        namespace=provider.namespace,
        values_file=values_file_name(provider),
        timeout_s=int(settings.DEPLOY_TIMEOUT.total_seconds()),
    )
