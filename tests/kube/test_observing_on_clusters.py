"""What is seen of environments, on the sandbox and on real clusters."""

import asyncio
import ssl
from dataclasses import replace
from typing import Any

import pytest

from providers.kube.blocking import run
from providers.kube.client import KubeClient, namespaced
from providers.kube.environment_objects import EnvironmentSpec
from providers.kube.environments import observe_environments
from providers.kube.errors import KubeError
from providers.target import ClusterTarget
from tests.clusters import eventually
from tests.kube.authority import Authority
from tests.kube.living import applied, becomes, observed, problems
from tests.kube.servers import ApiServer, serving
from tests.kube.specs import make_new_spec
from tests.kube.things import forbid_pods, put, read, with_client


def test_an_image_that_cannot_be_pulled_is_a_failure(target: ClusterTarget, spec: EnvironmentSpec) -> None:
    broken = replace(spec, image="registry.invalid/broken", tag="7")
    applied(target, broken)
    assert becomes(target, broken, "failed")
    assert "The image registry.invalid/broken:7 cannot be pulled" in problems(target, broken)


def test_an_environment_that_no_node_takes_is_still_being_created(target: ClusterTarget, spec: EnvironmentSpec) -> None:
    applied(target, replace(spec, node_selector={"example.com/no-such": "node"}))
    assert eventually(lambda: "No node takes the pod" in problems(target, spec))
    assert observed(target, spec).state == "creating"


def test_a_quota_that_is_used_up_is_a_failure(target: ClusterTarget, spec: EnvironmentSpec) -> None:
    forbid_pods(target)
    applied(target, spec)
    assert becomes(target, spec, "failed")
    assert "quota of the namespace is used up" in problems(target, spec)


def test_a_claim_without_a_volume_is_told(target: ClusterTarget) -> None:
    spec = make_new_spec(storage_class="no-such-class")
    applied(target, spec)
    assert eventually(lambda: f"The volume claim {spec.object_name} is not bound" in problems(target, spec))
    assert observed(target, spec).state == "creating"


def test_a_deployment_that_somebody_deleted_is_missing(target: ClusterTarget, spec: EnvironmentSpec) -> None:
    applied(target, spec)
    assert becomes(target, spec, "on")
    path = namespaced(target, "apps/v1", "deployments", spec.object_name)
    assert with_client(target, lambda client: client.delete(path))
    assert becomes(target, spec, "missing")
    assert run(observe_environments(target))[spec.environment_id].state == "missing"
    applied(target, spec)
    assert becomes(target, spec, "on")


def test_a_home_that_somebody_deleted_is_told_while_it_is_off(target: ClusterTarget, spec: EnvironmentSpec) -> None:
    applied(target, replace(spec, running=False))
    assert becomes(target, spec, "off")
    path = namespaced(target, "v1", "persistentvolumeclaims", spec.object_name)
    assert with_client(target, lambda client: client.delete(path))
    assert eventually(lambda: "the home is lost" in problems(target, spec))
    assert observed(target, spec).state == "off"


def test_all_environments_are_seen_at_once(target: ClusterTarget, spec: EnvironmentSpec) -> None:
    off, broken = (
        make_new_spec(running=False),
        make_new_spec(name="b", image="broken", storage_class=spec.storage_class),
    )
    for each in (spec, off, broken):
        applied(target, each)
    wanted = {spec.environment_id: "on", off.environment_id: "off", broken.environment_id: "failed"}

    def states() -> dict[Any, str]:
        return {key: seen.state for key, seen in run(observe_environments(target)).items()}

    assert eventually(lambda: states() == wanted), states()
    seen = run(observe_environments(target))
    assert seen[spec.environment_id] == observed(target, spec)
    assert "cannot be pulled" in " ".join(seen[broken.environment_id].problems)


def test_the_number_of_calls_does_not_grow_with_the_environments(
    target: ClusterTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    get = KubeClient.get

    async def counted(client: KubeClient, path: str, **options: Any) -> dict[str, Any]:
        calls.append(path)
        return await get(client, path, **options)

    monkeypatch.setattr(KubeClient, "get", counted)
    applied(target, make_new_spec(running=False, storage_class="none"))
    before = count_of_look(target, calls)
    for _ in range(3):
        applied(target, make_new_spec(running=False, storage_class="none"))
    assert count_of_look(target, calls) == before == 3


def test_environments_beyond_the_first_page_are_seen(target: ClusterTarget, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("providers.kube.listing.PAGE", 2)
    specs = [make_new_spec(running=False, storage_class="none") for _ in range(5)]
    for each in specs:
        applied(target, each)
    assert run(observe_environments(target)).keys() == {each.environment_id for each in specs}


def test_a_copy_under_another_name_is_not_taken_for_it(target: ClusterTarget, spec: EnvironmentSpec) -> None:
    applied(target, replace(spec, running=False))
    copy = read(target, "apps/v1", "deployments", spec.object_name)
    assert copy is not None
    copy["metadata"] = {"name": "copy", "labels": copy["metadata"]["labels"]}
    copy["spec"]["replicas"] = 1
    put(target, "apps/v1", "deployments", copy)
    assert [seen.state for seen in run(observe_environments(target)).values()] == ["off"]


def count_of_look(target: ClusterTarget, calls: list[str]) -> int:
    calls.clear()
    run(observe_environments(target))
    return len(calls)


@pytest.mark.parametrize("items", [7, [None], [{"metadata": 7}], [{"metadata": {"name": [], "labels": 3}}], [{}]])
def test_an_answer_that_no_cluster_would_give_is_said(
    authority: Authority, context: ssl.SSLContext, items: object
) -> None:
    path = "/apis/apps/v1/namespaces/coder/deployments"

    async def scenario() -> None:
        async with serving(ApiServer({path: (200, {"items": items})}), context) as address:
            target = ClusterTarget(address=address, namespace="coder", ca_pem=authority.pem, token="t")
            await observe_environments(target)

    with pytest.raises(KubeError, match="in a form that we do not understand"):
        asyncio.run(scenario())
