"""The life of an environment from end to end, on the sandbox and on real clusters: allow, create, grow, delete."""

import re
from collections.abc import Callable

from kubernetes import client
from playwright.sync_api import Page, expect

from tests.clusters import Cluster, api_client, eventually
from tests.e2e.gate import Gate
from tests.e2e.site import ENDED, Site

ORGANIZATION = "Coder"  # the default organization of the first start
OURS = "app.kubernetes.io/name=environment"
KINDS = ("Deployment", "PersistentVolumeClaim", "Service", "ServiceAccount", "NetworkPolicy")


def objects_of_environments(cluster: Cluster) -> dict[str, list]:
    """By kind, those in the cluster's namespace."""
    with api_client(cluster.kubeconfig) as api:
        core, where = client.CoreV1Api(api), {"namespace": cluster.namespace, "label_selector": OURS}
        return {
            "Deployment": client.AppsV1Api(api).list_namespaced_deployment(**where).items,
            "PersistentVolumeClaim": core.list_namespaced_persistent_volume_claim(**where).items,
            "Service": core.list_namespaced_service(**where).items,
            "ServiceAccount": core.list_namespaced_service_account(**where).items,
            "NetworkPolicy": client.NetworkingV1Api(api).list_namespaced_network_policy(**where).items,
        }


def allow(site: Site, provider: str) -> None:
    """Put ORGANIZATION on the provider's allowlist, in the two steps of the page."""
    site.page.goto(f"{provider}allowlist/")
    site.page.get_by_role("checkbox", name=ORGANIZATION).check()
    site.page.get_by_role("button", name="Review the changes").click()
    expect(site.page.get_by_role("heading", name="What will happen")).to_be_visible()
    site.page.get_by_role("button", name="Save").click()


def is_gone(page: Page, name: str) -> bool:
    page.goto(f"/environments/?q={name}")
    return page.get_by_text("No environment matches").is_visible()


def press(page: Page, button: str, outcome: str) -> None:
    """Press a button of the environment's page and wait for the chip."""
    page.get_by_role("button", name=button, exact=True).click()
    expect(page.locator(".head .chip")).to_have_text(outcome, timeout=30_000)


def test_an_environment_lives_on_every_cluster(
    site: Site, cluster: Cluster, storage: str, gate: Gate, kubeconfig: Callable[[], str]
) -> None:
    name, page = f"e{gate.port}", site.page
    provider = site.register(name, kubeconfig(), cluster.namespace)
    site.set_storage_class(provider, storage)
    site.deploy(provider)
    site.expect_status(provider, "ready", 30)
    allow(site, provider)

    page.goto("/environments/new/")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Image", exact=True).fill("codercom/enterprise-base")
    page.locator("label", has_text=name).click()
    page.get_by_role("button", name="Create environment").click()
    expect(page.locator(".head .chip")).to_have_text("On", timeout=30_000)
    expect(page.locator(".op")).to_contain_text(f"{name} is on.")

    made = objects_of_environments(cluster)
    assert {kind: len(made[kind]) for kind in KINDS} == dict.fromkeys(KINDS, 1)
    container = made["Deployment"][0].spec.template.spec.containers[0]
    seen = {each.name: each.value for each in container.env}
    assert seen == {"CODER_WP_NAME": name, "CODER_ENVIRONMENT_NAME": name, "CODER_USERNAME": "admin"}

    press(page, "Stop", "Off")
    assert objects_of_environments(cluster)["Deployment"][0].spec.replicas == 0
    press(page, "Start", "On")

    page.get_by_role("link", name=re.compile("rebuild", re.IGNORECASE)).click()
    page.get_by_label("CPU cores").fill("1.5")
    page.get_by_role("button", name="Rebuild").click()
    expect(page.locator(".op")).to_contain_text(ENDED, timeout=30_000)
    limits = objects_of_environments(cluster)["Deployment"][0].spec.template.spec.containers[0].resources.limits
    assert limits["cpu"] == "1500m"

    page.goto(f"{provider}delete/")
    expect(page.get_by_text(f"/{name}")).to_be_visible()  # it is in the way, by its owner and name
    delete(page, name)
    assert eventually(lambda: not any(objects_of_environments(cluster).values()), 30)  # a claim takes a moment to end

    site.delete(provider)
    site.wait_for_end("Succeeded")


def delete(page: Page, name: str) -> None:
    page.goto(f"/environments/?q={name}")
    page.get_by_role("link", name=name, exact=True).click()
    page.get_by_role("link", name="Delete", exact=True).click()
    page.get_by_label(f"Type {name} to confirm").fill(name)
    page.get_by_role("button", name=re.compile("^Delete")).click()
    assert eventually(lambda: is_gone(page, name), 30)
