"""From an environment's row to what the cluster modules need."""

from environments.models import Environment
from providers.kube.environment_objects import EnvironmentSpec


def spec_of(environment: Environment, *, running: bool = True) -> EnvironmentSpec:
    """No query when owner, organization and provider are loaded."""
    owner, organization, provider = environment.owner, environment.organization, environment.provider
    return EnvironmentSpec(
        environment_id=environment.pk,
        name=environment.name,
        owner_id=owner.pk,
        owner_email=owner.email,
        username=owner.username,
        organization_id=organization.pk,
        organization_name=organization.name,
        provider_name=provider.name,
        image=environment.image,
        tag=environment.tag,
        cpu_cores=environment.cpu_cores,
        memory_gb=environment.memory_gb,
        disk_gb=environment.disk_gb,
        gpus=environment.gpus,
        storage_class=provider.storage_class,
        tolerations=provider.tolerations,
        node_selector=provider.node_selector,
        affinity=provider.affinity,
        service_account_annotations=provider.service_account_annotations,
        running=running,
    )
