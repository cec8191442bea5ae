"""The asynchronous client, with which providers are checked: list, watch and apply."""

import asyncio
from collections.abc import Awaitable, Callable

from kubernetes.aio import client, config, watch

from tests.clusters import Cluster
from tests.contract.manifests import make_config_map


def _run(cluster: Cluster, work: Callable[[client.CoreV1Api], Awaitable[None]]) -> None:
    async def connected() -> None:
        async with await config.new_client_from_config(config_file=str(cluster.kubeconfig)) as api:
            await work(client.CoreV1Api(api))

    asyncio.run(connected())


def test_many_requests_at_once_are_answered(cluster: Cluster) -> None:
    async def work(core: client.CoreV1Api) -> None:
        names = [f"c{number}" for number in range(20)]
        made = [core.create_namespaced_config_map(cluster.namespace, make_config_map(name)) for name in names]
        await asyncio.gather(*made)
        found = (await core.list_namespaced_config_map(cluster.namespace)).items
        assert set(names) <= {one.metadata.name for one in found}

    _run(cluster, work)


def test_a_watch_sees_what_comes_later(cluster: Cluster) -> None:
    async def work(core: client.CoreV1Api) -> None:
        await core.create_namespaced_config_map(cluster.namespace, make_config_map("first"))
        selector = {"field_selector": "metadata.name=late"}
        since = (await core.list_namespaced_config_map(cluster.namespace, **selector)).metadata.resource_version
        await core.create_namespaced_config_map(cluster.namespace, make_config_map("late"))
        stream = watch.Watch().stream(
            core.list_namespaced_config_map, cluster.namespace, resource_version=since, timeout_seconds=20, **selector
        )
        async with stream:
            async for event in stream:
                assert (event["type"], event["object"].metadata.name) == ("ADDED", "late")
                break

    _run(cluster, work)


def test_applying_works(cluster: Cluster) -> None:
    async def work(core: client.CoreV1Api) -> None:
        for value in ("1", "2"):
            applied = await core.patch_namespaced_config_map(
                "one",
                cluster.namespace,
                make_config_map("one", {"a": value}),
                field_manager="us",
                _content_type="application/apply-patch+yaml",
            )
            assert applied.data == {"a": value}

    _run(cluster, work)
