"""From the form to a Ready provider, on the sandbox and on every real cluster."""

import pytest
from django.urls import reverse

from organizations.models import User
from providers.choices import OperationState, ProviderStatus
from providers.models import Operation, WorkspaceProvider
from tests.clusters import Cluster
from tests.people import signed_in
from tests.providers.clusters import done, log_of

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_pasted_kubeconfig_leads_to_a_ready_provider(cluster: Cluster, site_manager: User) -> None:
    client = signed_in(site_manager)
    form = {
        "way": "kubeconfig",
        "name": "sydney",
        "kubeconfig": cluster.kubeconfig.read_text(),
        "namespace": cluster.namespace,
        "envproxy_replicas": "1",
    }
    detail = client.post(reverse("providers:provider_create"), form, follow=True).content.decode()
    preflight = done(Operation.objects.get())
    assert f'id="operation-{preflight.pk}"' in detail
    assert preflight.state == OperationState.SUCCEEDED, log_of(preflight)
    page = client.get(reverse("providers:operation_detail", args=[preflight.pk])).content.decode()
    assert "Passed: " in page
    provider = WorkspaceProvider.objects.get()
    deploy = reverse("providers:provider_deploy", args=[provider.pk])
    assert f'href="{deploy}"' in page

    client.post(deploy)
    deployment = done(Operation.objects.exclude(pk=preflight.pk).get())
    assert deployment.state == OperationState.SUCCEEDED, log_of(deployment)
    provider.refresh_from_db()
    assert provider.status == ProviderStatus.READY

    client.post(reverse("providers:provider_delete", args=[provider.pk]))
    deletion = done(Operation.objects.get(kind="delete"))
    assert deletion.state == OperationState.SUCCEEDED, log_of(deletion)
    assert client.get(reverse("providers:operation_detail", args=[deletion.pk])).status_code == 200
    assert not WorkspaceProvider.objects.exists()
