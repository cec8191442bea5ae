"""The main job from end to end: register, deploy, watch, break, repair, delete; on the sandbox and on real clusters.

Waiting times are the promises of the product, as multiples of the check interval or in seconds, not measurements.
"""

import os
import signal
from collections.abc import Callable

from kubernetes import client
from playwright.sync_api import expect

from tests.clusters import Cluster, api_client, eventually
from tests.e2e.conftest import CHECK_INTERVAL, Deployment
from tests.e2e.gate import Gate
from tests.e2e.site import LIST, Site

READY_WITHIN = 30  # seconds after pressing Deploy
SLACK = 4  # seconds for the sweep, the check itself and the page's polling every 10 s is added on top
POLLING = 10


def release_secrets(cluster: Cluster) -> list[client.V1Secret]:
    with api_client(cluster.kubeconfig) as api:
        core = client.CoreV1Api(api)
        return core.list_namespaced_secret(cluster.namespace, label_selector="owner=helm").items


def test_a_cluster_is_registered_deployed_broken_repaired_and_deleted(
    site: Site, cluster: Cluster, gate: Gate, kubeconfig: Callable[[], str]
) -> None:
    provider = site.register(f"p{gate.port}", kubeconfig(), cluster.namespace)

    site.deploy(provider)
    site.expect_status(provider, "ready", READY_WITHIN)
    (secret,) = release_secrets(cluster)
    assert secret.type == "helm.sh/release.v1"
    assert secret.metadata.labels["name"] == "coder-workspace-provider"
    assert secret.metadata.labels["status"] == "deployed"

    gate.close()
    site.expect_status(provider, "error", 2 * CHECK_INTERVAL + SLACK + POLLING)
    site.page.goto(provider)
    expect(site.page.locator(".why")).to_contain_text("The cluster refuses the connection")
    expect(site.page.locator(".why")).to_contain_text("Check that the API server runs")

    gate.open()
    site.expect_status(provider, "ready", CHECK_INTERVAL + SLACK + POLLING)

    site.set_image(provider, "broken/envproxy:9")
    site.deploy(provider)
    site.wait_for_end("Failed")
    expect(site.operation).to_contain_text("broken/envproxy:9")
    site.expect_status(provider, "ready", POLLING)
    assert {secret.metadata.labels["status"] for secret in release_secrets(cluster)} >= {"deployed"}

    site.delete(provider)
    site.wait_for_end("Succeeded")
    assert release_secrets(cluster) == []
    site.page.goto(LIST)
    expect(site.page.get_by_text(f"p{gate.port}", exact=True)).to_have_count(0)


def test_a_worker_killed_in_the_middle_of_a_deploy_leaves_one_truthful_end(
    site: Site, deployment: Deployment, cluster: Cluster, gate: Gate, kubeconfig: Callable[[], str]
) -> None:
    provider = site.register(f"k{gate.port}", kubeconfig(), cluster.namespace)
    site.set_image(provider, "broken/envproxy:9")
    site.deploy(provider)
    assert eventually(lambda: release_secrets(cluster), 20), "Helm never began"
    for worker in deployment.processes("celery.* worker"):
        os.kill(worker, signal.SIGKILL)
    assert eventually(lambda: not deployment.processes("providers.helm.child"), 10), "Helm outlived its worker"

    site.wait_for_end("Failed", seconds=60)
    expect(site.operation).to_contain_text("The worker was lost; another one takes over.")

    site.set_image(provider, "")
    site.deploy(provider)
    site.wait_for_end("Succeeded")
    site.expect_status(provider, "ready", POLLING)
    site.delete(provider)
    site.wait_for_end("Succeeded")
